"""Weights under their original names, brought to diffusers' by the tables that adapters are read by too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

import torch

from nodes.loaders.adapters.names.renamed import RenamedRow
from nodes.loaders.models.architecture import Weights


def original_names(rows: Sequence[RenamedRow], first: str) -> Callable[[Weights], Weights]:
    """Return what gives weights diffusers' names, from those or from original ones.

    Of the original ones ``first`` is there, the weight of the layer that the image comes to first: it has as many rows
    as the network is wide, by which others are split.
    """

    def names(weights: Weights) -> Weights:
        return by_table(rows, weights, len(weights[first])) if first in weights else weights

    return names


def by_table(rows: Iterable[RenamedRow], weights: Weights, *widths: int) -> Weights:
    """Return weights under diffusers' names; those that stand in no row keep theirs.

    A weight that stands for several layers is split into ``widths[0]`` rows for the first, ``widths[1]`` for the
    second (the last of them for all further ones), and what is left for the last layer.
    """
    patterns = [(re.compile(re.escape(one.original).replace(r"\#", r"(\d+)") + r"\.(\w+)"), one) for one in rows]
    found: Weights = {}
    for name, weight in weights.items():
        row = next(((match, one) for pattern, one in patterns if (match := pattern.fullmatch(name))), None)
        if row is None:
            found[name] = weight
            continue
        match, one = row
        number, end = match[1], "weight" if match[match.lastindex or 1] == "scale" else match[match.lastindex or 1]
        layers = [f"{layer.replace('#', number)}.{end}".lstrip(".") for layer in one.layers]
        sizes = [*widths, *[widths[-1]] * len(layers)][: len(layers) - 1]
        pieces = weight.split([*sizes, len(weight) - sum(sizes)]) if len(layers) > 1 else [weight]
        if one.exchanged:
            pieces = [torch.cat(tuple(weight.chunk(2)[::-1]))]
        found |= zip(layers, pieces, strict=True)
    return found
