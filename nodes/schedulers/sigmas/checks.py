"""Checks of noise levels before a step is taken. No nodes here."""

from __future__ import annotations

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Sigmas


def checked(sigmas: Sigmas, backward: bool = False) -> list[float]:
    """The levels as numbers. Raises NodeError for none, negative, infinite or rising ones.

    ``backward``: all of them may rise too, from the image to noise.
    """
    found: list[float] = sigmas.values.tolist()
    if not found:
        raise NodeError("there are no sigmas; give at least the level to begin and to end at")
    for index, sigma in enumerate(found):
        if not 0 <= sigma < float("inf"):
            raise NodeError(f"sigma {index} is {sigma:g}; noise levels are numbers from 0 up")
    changes = sigmas.values.diff()
    if backward and len(found) > 1 and bool((changes > 0).all()):
        if found[0] == 0:
            raise NodeError("these sigmas begin at 0, where there is no noise to go by; begin a little above it")
        return found
    if bool((changes >= 0).any()):
        place = int((changes >= 0).nonzero()[0])
        raise NodeError(
            f"sigma {place + 1} is {found[place + 1]:g}, not below the {found[place]:g} before it; noise levels fall "
            "from step to step"
        )
    return found


def parsed(text: str) -> Tensor:
    """Numbers from a text, apart by commas, blanks or lines. Raises NodeError for anything else."""
    words = text.replace(",", " ").replace(";", " ").split()
    try:
        return torch.tensor([float(word) for word in words], dtype=torch.float32)
    except ValueError:
        wrong = next(word for word in words if not _is_number(word))
        raise NodeError(f"{wrong[:40]!r} is no number; write sigmas such as 14.6, 3.5, 0.7, 0") from None


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
