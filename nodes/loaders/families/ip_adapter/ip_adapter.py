"""IP-Adapters behind the interface that denoisers know, and how their files are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.loaders.families.ip_adapter.clip_vision import load_sight, prepared
from nodes.loaders.families.ip_adapter.networks import ImageAdapter, halves, layers_of, projection_of
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.quantised.finite import is_finite
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.made_of import made_of
from nodes.loaders.read.parts import ready

PATTERNS = ["*.safetensors", "image_encoder/*.json", "image_encoder/*.safetensors"]
"""What is fetched from the hub."""
"""The folder beside a file that its authors keep the network in by which it sees."""
FLUX = "FLUX.1"
WIDTHS = {768: "Stable Diffusion 1", 1024: "Stable Diffusion 2", 2048: "Stable Diffusion XL"}
"""Models by the width of the tokens that they attend to."""
EMBEDDINGS = {1024: "CLIP ViT-H", 1280: "CLIP ViT-bigG", 768: "CLIP ViT-L"}
HIDDEN = {1280: "CLIP ViT-H", 1664: "CLIP ViT-bigG", 1024: "CLIP ViT-L"}
"""Image encoders by the width of what they say of an image, as a whole and patch by patch."""
TOKENS = 65536
"""Rows of the projection of XLabs' second version, which makes 16 tokens; the first makes 4."""


@dataclass(frozen=True, eq=False)
class LoadedIPAdapter:
    """An IP-Adapter and the image encoder that it was trained with."""

    module: torch.nn.Module
    sight: torch.nn.Module
    family: str

    @property
    def layers(self) -> Sequence[torch.nn.Module]:
        module: Any = self.module
        return list(module.layers)

    @property
    def whole(self) -> bool:
        """Return whether it looks at an image as a whole rather than patch by patch."""
        module: Any = self.module
        return type(module.projection).__name__ == "ImageProjection"

    def tokens(self, image: Image, averaged: bool = False) -> Tensor:
        """One image after the other, so that each is to the last bit what it is alone."""
        with torch.no_grad():
            seen = [self._seen(one) for one in prepared(image, self.sight).split(1)]
            if averaged:
                seen = [torch.cat(seen).mean(0, keepdim=True)]
            return torch.cat([self._projected(one) for one in seen])

    def nothing(self) -> Tensor:
        """FLUX.1's see a black image; others an embedding of zeros, or an image of the mean colour, as diffusers'
        pipelines have it."""
        sight: Any = self.sight
        side = int(sight.config.image_size)
        with torch.no_grad():
            black = prepared(Image(torch.zeros(1, 3, side, side)), sight)
            if self.family == FLUX:
                return self._projected(self._seen(black))
            seen = self._seen(torch.zeros_like(black))
            return self._projected(torch.zeros_like(seen) if self.whole else seen)

    def _seen(self, pixels: Tensor) -> Tensor:
        sight: Any = self.sight
        if self.whole:
            found: Tensor = sight(pixels).image_embeds
            return found
        patches: Tensor = sight(pixels, output_hidden_states=True).hidden_states[-2]
        return patches

    def _projected(self, seen: Tensor) -> Tensor:
        module: Any = self.module
        found: Tensor = module.projection(seen)
        return found


def load_ip_adapter_parts(path: Path, image_encoder: Path, dtype: torch.dtype) -> LoadedIPAdapter:
    """Of a file, and of the image encoder's file or folder. Raises NodeError for a damaged file, another kind of one,
    and another image encoder."""
    file = WeightsFile(path)
    weights = file.alone()
    _check_numbers(path, weights)
    with made_of(path, "IP-Adapter"):
        with weights.followed:
            first, second = halves({name: value.to(dtype) for name, value in weights.items()})
            layers = layers_of(second)
        xlabs = layers[0].to_k.bias is not None
        width = layers[0].widths[1]
        module = ImageAdapter(projection_of(first, xlabs), layers)
    weights.understood(*(name for name in weights if name.startswith(("image_proj.", "ip_adapter_proj_model."))))
    weights.given(module, {f"layers.{name}": value for name, value in _numbered(second).items()})
    weights.close(path, ())
    file.close()
    family = FLUX if xlabs else WIDTHS.get(width, f"a model whose tokens have {width} numbers")
    sight = load_sight(image_encoder, dtype)
    found = LoadedIPAdapter(ready(module), ready(sight), family)
    _check_sight(path, found, first)
    return found


def _check_numbers(path: Path, weights: Mapping[str, Any]) -> None:
    """Raise NodeError for weights that are quantised, whole numbers, or no numbers at all."""
    for name, value in weights.items():
        if not isinstance(value, Tensor) or not value.is_floating_point():
            raise NodeError(f"{named(path)} is quantised ({name}), which IP-Adapters are not read as; take it in full")
        if not is_finite(value):
            raise NodeError(
                f"{named(path)} holds {name} with numbers that are none (NaN) or infinite; take another file"
            )


def _numbered(second: dict[str, Any]) -> dict[str, Any]:
    """The second half's weights by the names that the layers have here."""
    numbers = sorted({int(name.split(".")[0]) for name in second if name.split(".")[0].isdigit()})
    places = {str(number): str(place) for place, number in enumerate(numbers)}
    found = {}
    for name, value in second.items():
        number, _, rest = name.partition(".")
        found[f"{places.get(number, number)}.{rest.replace('_ip.', '.')}"] = value
    return found


def _check_sight(path: Path, adapter: LoadedIPAdapter, first: dict[str, Any]) -> None:
    """Raise NodeError for an image encoder that says something of another width than the adapter was trained on."""
    sight: Any = adapter.sight
    config = sight.config
    names = EMBEDDINGS if adapter.whole else HIDDEN
    has = int(config.projection_dim if adapter.whole else config.hidden_size)
    wants = _wanted(first)
    if wants != has:
        told = [f"{names[width]} ({width} numbers)" if width in names else f"{width} numbers" for width in (wants, has)]
        raise NodeError(
            f"{named(path)} was trained to see by {told[0]}, and this image encoder is {told[1]}; name the other one "
            "at image_encoder"
        )


def _wanted(first: dict[str, Any]) -> int:
    """The width of what the first half of a file takes."""
    name = next(one for one in ("proj.weight", "proj.0.weight", "proj_in.weight") if one in first)
    return int(first[name].shape[1])
