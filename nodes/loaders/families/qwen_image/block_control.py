"""Qwen-Image's ControlNets between the blocks (DiffSynth-Studio's): after each of the transformer's blocks one of their
own looks at what that gave, and at the control image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from nodeflow.node import NodeError
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers

SMALL = 1e-6
"""Keeps the norm from dividing by nothing."""
CELLS = 64
"""Numbers of a patch of 2 x 2 cells with 16 channels each."""


class ControlBlock(nn.Module):
    """What is added to the tokens behind one block of the transformer."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.x_rms, self.y_rms = nn.RMSNorm(dim, eps=SMALL), nn.RMSNorm(dim, eps=SMALL)
        self.input_proj, self.output_proj = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, tokens: Tensor, seen: Tensor) -> Tensor:
        """``tokens`` and ``seen`` (B, N, D): what the transformer has, and the control image."""
        found: Tensor = self.output_proj(nn.functional.gelu(self.input_proj(self.x_rms(tokens) + self.y_rms(seen))))
        return found


class BlockControl(nn.Module):
    """One block for each of the transformer's, and the entrance of the control image's latent."""

    def __init__(self, dim: int, num_layers: int) -> None:
        super().__init__()
        self.img_in = nn.Linear(CELLS, dim)
        self.controlnet_blocks = nn.ModuleList(ControlBlock(dim) for _ in range(num_layers))


class Steering(NamedTuple):
    """A control at one step: its network, the image as tokens (B, N, D), and how much it counts."""

    net: BlockControl
    seen: Tensor
    strength: float


@contextmanager
def steered(transformer: Any, steerings: Sequence[Steering]) -> Iterator[None]:
    """Let controls add to what the blocks of a transformer give, to the tokens of what is painted alone.

    Raises NodeError where a control has another number of blocks than the transformer.
    """
    blocks = transformer.transformer_blocks
    for one in steerings:
        if len(one.net.controlnet_blocks) != len(blocks):
            raise NodeError(
                f"this ControlNet has {len(one.net.controlnet_blocks)} blocks, and the model {len(blocks)}; choose one "
                "that was trained beside this model"
            )
    hooks = [block.register_forward_hook(_adding(at, steerings)) for at, block in enumerate(blocks) if steerings]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _adding(at: int, steerings: Sequence[Steering]) -> Any:
    def hook(block: nn.Module, given: Any, output: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        text, tokens = output
        for net, seen, strength in steerings:
            painted = tokens[:, : seen.shape[1]]
            added = strength * net.controlnet_blocks[at](painted, seen)
            tokens = torch.cat([painted + added, tokens[:, seen.shape[1] :]], 1)
        return text, tokens

    return hook


def shape(weights: Weights) -> dict[str, Any]:
    """Of `BlockControl`. Raises NodeError for one of inpainting, which is shown a mask too."""
    dim, cells = weights["img_in.weight"].shape
    if cells != CELLS:
        raise NodeError(
            "this ControlNet between the blocks is of inpainting: it is shown a mask beside its image, which no node "
            "does; take one of edges or depth"
        )
    return {"dim": dim, "num_layers": count_layers(weights, "controlnet_blocks")}


BLOCKS = Architecture(__name__, "BlockControl", shape)
MARK = "controlnet_blocks.0.y_rms.weight"
"""A weight that these alone have."""
