"""ControlNet-LLLite (Kohya 2023): small networks that add what they see of an image to what layers are given.

Each stands before one layer of a U-Net's attention: the image, brought to the size of that layer's tokens, and the
tokens, brought to few channels, are joined, and what comes of both is added to the tokens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from nodeflow.node import NodeError
from nodes.loaders.adapters.families import network_family
from nodes.loaders.adapters.names.layer_names import LayerNames
from nodes.loaders.adapters.names.tables import network_names
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import FileWeights, refuse_unused
from nodes.loaders.read.made_of import made_of
from nodes.loaders.read.parts import ready
from nodes.loaders.read.weights import fill
from nodes.networks.layer_call import weight_shape

INSIDE = "lllite_unet_"
IMAGE = "conditioning1"
PARTS = f"{IMAGE}.", "down.", "mid.", "up."
"""How the names of what stands before one layer begin."""
COLOURS = 3
CELL = 8
"""Pixels of the control image on a side of a latent cell."""


class LayerSteering(nn.Module):
    """What stands before one layer, under the names of Kohya's files: convolutions of the image, each as wide as its
    stride, and linear layers of the tokens."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        """Each layer takes what the one before it gives. Raises KeyError where weights are missing."""
        super().__init__()
        count = len([name for name in weights if name.startswith(IMAGE) and name.endswith(".weight")])
        seen = [weights[f"{IMAGE}.{2 * number}.weight"] for number in range(count)]
        channels = [COLOURS, *map(len, seen)]
        narrow, width = weights["down.0.weight"].shape
        inner = len(weights["mid.0.weight"])
        with torch.device("meta"):
            steps = [_convolution(one, weight) for one, weight in zip(channels, seen, strict=False)]
            self.conditioning1 = nn.Sequential(*[one for step in steps for one in (step, nn.ReLU())][:-1])
            self.down = nn.Sequential(nn.Linear(width, narrow), nn.ReLU())
            self.mid = nn.Sequential(nn.Linear(channels[-1] + narrow, inner), nn.ReLU())
            self.up = nn.Sequential(nn.Linear(inner, width))

    @property
    def width(self) -> int:
        """Channels of the tokens."""
        layer: Any = self.down[0]
        return int(layer.in_features)

    def forward(self, tokens: Tensor, picture: Tensor) -> Tensor:
        """What is added to tokens (B, L, D), of images (B, 3, H, W) from -1 to 1."""
        seen = self.conditioning1(picture).flatten(2).transpose(1, 2)
        added: Tensor = self.up(self.mid(torch.cat([seen, self.down(tokens)], 2)))
        return added


def _convolution(channels: int, weight: Tensor) -> nn.Conv2d:
    wide = weight.shape[-1]
    return nn.Conv2d(channels, len(weight), wide, wide)


@dataclass(frozen=True, eq=False)
class LLLite:
    """The networks of one file; ``layers`` are the names of the layers that they stand before: the file's, or those of
    the U-Net where it was put before one."""

    module: nn.ModuleList
    layers: tuple[str, ...]
    name: str

    @property
    def downscale(self) -> int:
        return CELL

    @property
    def covered(self) -> float | None:
        return None

    def of_unet(self, unet: Any, kind: str) -> Self:
        """The same before the layers of a U-Net. Raises NodeError for one that has not these layers."""
        names = network_names(unet)
        pairs = zip(self.layers, self.module, strict=True)
        return replace(self, layers=tuple(self._place(unet, names, layer, network) for layer, network in pairs))

    def _place(self, unet: Any, names: LayerNames, layer: str, network: Any) -> str:
        targets = names.find(layer) or ()
        if len(targets) == 1 and weight_shape(unet.get_submodule(targets[0].layer))[1] == network.width:
            return targets[0].layer
        family = network_family(unet)
        raise NodeError(
            f"{self.name} is a ControlNet-LLLite of another model: its layer {layer} does not fit this network "
            f"({family}); choose one for {family}"
        )

    @contextlib.contextmanager
    def steering(self, unet: Any, picture: Tensor, strength: float) -> Iterator[None]:
        """Within this the layers of a U-Net are given what is added for images (B, 3, H, W) from 0 to 1."""
        seen = 2 * picture - 1
        hooks = [
            unet.get_submodule(layer).register_forward_pre_hook(_adding(network, seen, strength))
            for layer, network in zip(self.layers, self.module, strict=True)
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


def _adding(network: nn.Module, seen: Tensor, strength: float) -> Any:
    def hook(_: Any, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        tokens, *more = given
        return tokens + strength * network(tokens, seen), *more

    return hook


def load_lllite(path: Path, dtype: torch.dtype) -> LLLite:
    """Raises NodeError for damaged files, and for weights that have no place in one."""
    weights = open_weights(path)
    layers: dict[str, dict[str, Any]] = {}
    strange: list[str] = []
    for name, value in weights.items():
        layer, _, part = name.removeprefix(INSIDE).partition(".")
        if not (name.startswith(INSIDE) and part.startswith(PARTS)):
            strange.append(name)
        layers.setdefault(layer, {})[part] = value
    refuse_unused(path.name, strange, (), weights)
    with made_of(path, "ControlNet-LLLite"):
        networks = nn.ModuleList(LayerSteering(parts) for parts in layers.values())
    read = FileWeights(weights)
    named = {f"{number}.{part}": value for number, parts in enumerate(layers.values()) for part, value in parts.items()}
    fill(path, networks, read.given(networks, named), dtype, "ControlNet-LLLite")
    read.close(path, ())
    return LLLite(cast(nn.ModuleList, ready(networks)), tuple(layers), path.name)
