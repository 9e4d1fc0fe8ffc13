"""T2I-Adapters: small networks that add what they see of an image to a U-Net's way down, the same at every step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.adapters.families import network_family
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.parts import ready

KIND = "T2IAdapter"
XL = "Stable Diffusion XL"
INSIDE = "adapter."
GREY = (0.299, 0.587, 0.114)
"""Shares of the colours in brightness (ITU-R BT.601), as Pillow makes images grey."""
XL_UNSHUFFLE, UNSHUFFLE = 16, 8
"""Pixels along a side of the squares that become channels."""


@dataclass(frozen=True, eq=False)
class FeatureAdapter:
    """diffusers' `T2IAdapter`."""

    module: torch.nn.Module

    @property
    def downscale(self) -> int:
        """Pixels per latent cell; the first level of XL's stands behind a halving."""
        module: Any = self.module
        return int(module.config.downscale_factor) // (2 if self.large else 1)

    @property
    def large(self) -> bool:
        """Return whether it is one for Stable Diffusion XL."""
        module: Any = self.module
        return bool(module.config.adapter_type == "full_adapter_xl")

    @property
    def covered(self) -> float | None:
        return None

    def of_unet(self, unet: Any, kind: str) -> Self:
        """Itself. Raises NodeError for a U-Net of another kind than it was trained beside."""
        module: Any = self.module
        family = network_family(unet)
        widths = list(unet.config.block_out_channels)
        own = [int(one) for one in module.config.channels][: len(widths)]
        if self.large != (family == XL) or own != widths[: len(own)]:
            mine = XL if self.large else "Stable Diffusion 1"
            raise NodeError(f"this T2I-Adapter leads {mine}, and this network is {family}; choose one for {family}")
        return self

    def features(self, picture: Tensor, strength: float) -> list[Tensor]:
        """What it adds within each level of a U-Net, of images (B, 3, H, W) from 0 to 1."""
        module: Any = self.module
        if module.config.in_channels == 1:
            picture = (picture * picture.new_tensor(GREY)[:, None, None]).sum(1, keepdim=True)
        return [strength * level for level in module(picture)]


def names(weights: Weights) -> Weights:
    """diffusers' names, from those or the authors'."""
    if any(name.startswith(INSIDE) for name in weights):
        return weights
    light = any(".out_conv." in name for name in weights)
    per_level = 1 if light else 2
    found: Weights = {}
    for name, value in weights.items():
        match = re.fullmatch(r"body\.(\d+)\.(.*)", name)
        if match is None:
            found[INSIDE + name] = value
            continue
        level, place = divmod(int(match[1]), per_level)
        inner = match[2].replace("body.", "resnets.", 1) if light else match[2]
        if not light and inner.startswith("block"):
            inner = f"resnets.{place}.{inner}"
        found[f"{INSIDE}body.{level}.{inner}"] = value
    return found


def shape(weights: Weights) -> dict[str, Any]:
    """Of `T2IAdapter`. Raises KeyError and ValueError where parts are missing."""
    inside = {name.removeprefix(INSIDE): value for name, value in weights.items()}
    levels = range(count_layers(inside, "body"))
    resnets = count_layers((name.removeprefix("body.0.") for name in inside), "resnets")
    if "body.0.out_conv.weight" in inside:
        channels = [len(inside[f"body.{level}.out_conv.weight"]) for level in levels][:-1]
        cells, kind = inside["body.0.in_conv.weight"].shape[1], "light_adapter"
        unshuffle = UNSHUFFLE
    else:
        channels = [len(inside[f"body.{level}.resnets.0.block1.weight"]) for level in levels]
        cells = inside["conv_in.weight"].shape[1]
        unshuffle = XL_UNSHUFFLE if cells in (XL_UNSHUFFLE**2, 3 * XL_UNSHUFFLE**2) else UNSHUFFLE
        kind = "full_adapter_xl" if unshuffle == XL_UNSHUFFLE else "full_adapter"
    return {
        "in_channels": cells // unshuffle**2,
        "channels": channels,
        "num_res_blocks": resnets,
        "downscale_factor": unshuffle,
        "adapter_type": kind,
    }


ADAPTER = Architecture("diffusers", KIND, shape, names)


def load_t2i_adapter(path: Path, dtype: torch.dtype) -> FeatureAdapter:
    """Of a folder or file. Raises NodeError for damaged and missing weights."""
    if path.is_dir():
        return FeatureAdapter(ready(ADAPTER.from_folder(path, dtype)))
    file = WeightsFile(path)
    module = ADAPTER.from_file(path, file.alone(), "T2I-Adapter", dtype)
    file.close()
    return FeatureAdapter(ready(module))
