"""For which family of models a text encoder reads: one that was loaded for another says other things than a network was
trained to hear."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch

from nodeflow.wires import Conditioning, TextEncoder

_READ_FOR: WeakKeyDictionary[torch.nn.Module, str] = WeakKeyDictionary()


def reads_for(text_encoder: TextEncoder, family: str) -> None:
    """Remember for which family the networks of a text encoder were loaded."""
    for module in _modules(text_encoder):
        _READ_FOR[module] = family


def read_for(text_encoder: TextEncoder) -> str:
    """The family that a text encoder reads for; empty where nobody knows."""
    return next((found for module in _modules(text_encoder) if (found := _READ_FOR.get(module))), "")


def signed(text_encoder: TextEncoder, text: Conditioning) -> Conditioning:
    """A text, with the family that its encoder reads for."""
    family = read_for(text_encoder)
    return replace(text, read_for=family) if family else text


def _modules(part: Any) -> Iterator[torch.nn.Module]:
    if isinstance(part, torch.nn.Module):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from _modules(one)
    elif is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from _modules(getattr(part, field.name))
