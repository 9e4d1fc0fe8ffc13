"""Formulas that make two predictions a guided one, and two texts one batch. No nodes here."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from nodeflow.wires import Conditioning


def guide(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Ho & Salimans 2022 (arXiv:2207.12598), eq. 6, with w = scale - 1: u + scale (c - u), each (B, C, h, w)."""
    return unconditional + scale * (conditional - unconditional)


def rescale_guided(guided: Tensor, conditional: Tensor, phi: float) -> Tensor:
    """Lin et al. 2023 (arXiv:2305.08891), eq. 14 to 16: guided towards the conditional's deviation, by a share phi."""
    axes = list(range(1, guided.ndim))
    rescaled = guided * (conditional.std(dim=axes, keepdim=True) / guided.std(dim=axes, keepdim=True))
    return phi * rescaled + (1 - phi) * guided


def in_two(output: Tensor, x: Tensor) -> tuple[Tensor, Tensor | None]:
    """The prediction, which guidance is for, and the learned variance, where there is one."""
    channels = x.shape[1]
    return (output, None) if output.shape[1] == channels else (output[:, :channels], output[:, channels:])


def joined(one: Conditioning, other: Conditioning, batch: int) -> Conditioning:
    """Two conditions as one, each for a batch."""

    def both(first: Tensor | None, second: Tensor | None) -> Tensor | None:
        return None if first is None or second is None else torch.cat([_rows(first, batch), _rows(second, batch)])

    return Conditioning(
        both(one.tokens, other.tokens),
        both(one.pooled, other.pooled),
        labels=both(one.labels, other.labels),
        mask=both(one.mask, other.mask),
        score=both(one.score, other.score),
        sizes=both(one.sizes, other.sizes),
        away=_away(one, other, batch),
        token_ids=both(one.token_ids, other.token_ids),
        read_for=one.read_for,
    )


def led_away(conditioning: Conditioning) -> Conditioning:
    """A text, and those beside it, as what a prediction is led away from."""
    beside = tuple(led_away(one) for one in conditioning.beside)
    if (read := conditioning.otherwise) is not None:
        conditioning = replace(conditioning, tokens=read.tokens, mask=read.mask, words=read.words, otherwise=None)
    return replace(conditioning, away=torch.ones(1), beside=beside)


def _away(one: Conditioning, other: Conditioning, batch: int) -> Tensor | None:
    """Which rows of two conditions for a batch each are led away from."""
    if one.away is None and other.away is None:
        return None
    sides = (torch.zeros(1) if part.away is None else part.away.cpu() for part in (one, other))
    return torch.cat([_rows(side, batch) for side in sides])


def _rows(values: Tensor, batch: int) -> Tensor:
    return values if len(values) == batch else values.expand(batch, *values.shape[1:])
