"""Texts that were encoded before, out of a file."""

from __future__ import annotations

from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Reads, node
from nodeflow.wires import Conditioning
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.right_kind import find_for

TOKENS, POOLED, MASK = "conditioning", "pooled_output", "attention_mask"
"""What ComfyUI calls the parts of a text in such a file."""


@node("Load conditioning")
def load_conditioning(model: Annotated[str, Reads("model", needed=True)] = "") -> Conditioning:
    """Loads a text that was encoded before, for models that are always told the same.

    ``model`` is a .safetensors file as ComfyUI's *Load Conditioning* reads it, by path or by its name in your model
    library: ``conditioning`` (B, L, D) are the tokens, ``pooled_output`` (B, P) the text as a whole and
    ``attention_mask`` (B, L) which tokens count, where the file has them. So no text encoder is needed: Marigold 2's
    files are such.

    Fails with one sentence when there is no such file, when it is damaged, or holds no text.
    """
    path = find_for("Load conditioning", model, "", [])
    if path.is_dir():
        raise NodeError(f"{path.name} is a folder; name the .safetensors file of an encoded text")
    held = WeightsFile(path).alone()
    if TOKENS not in held:
        raise NodeError(f"{path.name} holds no encoded text (nothing called {TOKENS}); choose another file")
    tokens = _of(held[TOKENS], 3, path.name)
    mask = _of(held[MASK], 2, path.name).to(torch.int64) if MASK in held else None
    pooled = _of(held[POOLED], 2, path.name) if POOLED in held else None
    if mask is not None and mask.shape != tokens.shape[:2]:
        raise NodeError(f"{path.name} says of {mask.shape[-1]} tokens which count, and has {tokens.shape[1]}")
    if mask is None:
        mask = torch.ones(tokens.shape[:2], dtype=torch.int64)
    return Conditioning(tokens, pooled, mask=mask)


def _of(weight: Tensor, axes: int, name: str) -> Tensor:
    """A part of the file with as many axes as it must have. Raises NodeError for another."""
    found = torch.as_tensor(weight)
    if found.ndim != axes or not found.numel():
        raise NodeError(f"{name} holds a text of another form, {tuple(found.shape)}; choose another file")
    return found.float()
