"""Names of weights in files of text encoders: what is put before them, and other words for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nodes.loaders.models.architecture import Weights

NO_WEIGHT = "tokenizer_json", "spiece_model", "tekken_model"
"""Tensors that hold a tokenizer."""


def without(prefixes: Sequence[str], weights: Weights) -> Weights:
    """Weights without each of the prefixes that stands before most names, and without tokenizers."""
    weights = {name: value for name, value in weights.items() if name.rpartition(".")[2] not in NO_WEIGHT}
    for prefix in prefixes:
        if 2 * sum(name.startswith(prefix) for name in weights) > len(weights):
            weights = {name.removeprefix(prefix): value for name, value in weights.items()}
    return weights


def renamed(rules: Mapping[str, str], weights: Weights) -> Weights:
    """Weights by other names: each by the first pattern that is at its beginning; the rest keep theirs."""
    compiled = [(re.compile(pattern), new) for pattern, new in rules.items()]
    found: Weights = {}
    for name, value in weights.items():
        other = next((pattern.sub(new, name, count=1) for pattern, new in compiled if pattern.match(name)), name)
        found[other] = value
    return found
