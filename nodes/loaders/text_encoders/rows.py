"""Texts of unequal length as one condition. No nodes here."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from nodeflow.wires import Conditioning


def together(rows: Sequence[tuple[Tensor, tuple[str, ...]]]) -> Conditioning:
    """Hidden states (1, L, D) and the words that they are of, for each text: filled up to those of the longest, and
    which of them are more than filling."""
    longest = max(row.shape[1] for row, _ in rows)
    tokens = torch.cat([pad(row, (0, 0, 0, longest - row.shape[1])) for row, _ in rows])
    mask = torch.arange(longest)[None] < torch.tensor([[row.shape[1]] for row, _ in rows])
    words = rows[0][1]
    return Conditioning(tokens, words=words + ("",) * (longest - len(words)), mask=mask.to(tokens.device))
