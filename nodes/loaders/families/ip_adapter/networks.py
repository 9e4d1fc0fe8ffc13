"""The two halves of an IP-Adapter: what brings an image's embedding to tokens, and what attention makes of these.

The first is the library's own for each kind of file; the second are keys and values, a pair for each layer that attends
to the text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

PROJECTIONS = "image_proj.", "ip_adapter_proj_model."
"""What the names of the first half begin with, in the layout of its authors and in that of XLabs."""
LAYERS = "ip_adapter.", "double_blocks.", "adapter_modules."
XLABS = {
    "processor.ip_adapter_double_stream_k_proj": "to_k_ip",
    "processor.ip_adapter_double_stream_v_proj": "to_v_ip",
}
"""XLabs' names and the authors'."""

IN_FILES = (
    (re.compile(r"^image_embeds\."), "proj."),
    (re.compile(r"^ff\.net\.0\.proj\."), "proj.0."),
    (re.compile(r"^ff\.net\.2\."), "proj.2."),
    (re.compile(r"\.ln0\."), ".0.norm1."),
    (re.compile(r"\.ln1\."), ".0.norm2."),
    (re.compile(r"\.attn\.to_[kv]\."), ".0.to_kv."),
    (re.compile(r"\.attn\.to_out\.0\."), ".0.to_out."),
    (re.compile(r"\.attn\."), ".0."),
    (re.compile(r"\.ff\.0\."), ".1.0."),
    (re.compile(r"\.ff\.1\.net\.0\.proj\."), ".1.1."),
    (re.compile(r"\.ff\.1\.net\.2\."), ".1.3."),
)
"""diffusers' names of the first half's weights, and those of files."""
FACES = re.compile(r"^norm\.")
"""Of these the one that stands for another in files of whole faces."""
TOLD = re.compile(r'(?<=")[\w.]+(?=")|(?<=size mismatch for )[\w.]+')
"""Names of weights in what torch says of those that do not fit."""

Halves = tuple[dict[str, Any], dict[str, Any]]


def halves(weights: Mapping[str, Any]) -> Halves:
    """Both halves of a file by the authors' names, without what these begin with."""
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    for name, value in weights.items():
        begin = next((one for one in (*PROJECTIONS, *LAYERS) if name.startswith(one)), "")
        inner = name.removeprefix(begin)
        for old, new in XLABS.items():
            inner = inner.replace(old, new)
        if begin:
            (first if begin in PROJECTIONS else second)[inner] = value
    return first, second


class KeysAndValues(torch.nn.Module):
    """What one layer attends to of an image's tokens."""

    def __init__(self, key: Tensor, value: Tensor, biases: tuple[Tensor, Tensor] | None) -> None:
        super().__init__()
        if key.shape != value.shape:
            raise ValueError("keys and values of different widths")
        self.to_k, self.to_v = (_linear(weight) for weight in (key, value))
        if biases is not None:
            self.to_k.bias, self.to_v.bias = (torch.nn.Parameter(bias) for bias in biases)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L, D) to keys and values (B, L, D')."""
        return self.to_k(tokens), self.to_v(tokens)

    @property
    def widths(self) -> tuple[int, int]:
        """Numbers of an output and of a token."""
        return self.to_k.out_features, self.to_k.in_features


def _linear(weight: Tensor) -> torch.nn.Linear:
    rows, columns = weight.shape
    layer = torch.nn.Linear(columns, rows, bias=False, device="meta")
    layer.weight = torch.nn.Parameter(weight)
    return layer


class ImageAdapter(torch.nn.Module):
    """Both halves."""

    def __init__(self, projection: torch.nn.Module, layers: Iterable[KeysAndValues]) -> None:
        super().__init__()
        self.projection = projection
        self.layers = torch.nn.ModuleList(layers)


def layers_of(weights: Mapping[str, Any]) -> list[KeysAndValues]:
    """The layers of the second half in the order of their numbers. Raises KeyError where a part of one is missing."""
    numbers = sorted({int(name.split(".")[0]) for name in weights if name.split(".")[0].isdigit()})
    step = min((after - before for before, after in itertools.pairwise(numbers)), default=1)
    lost = next((at for at in range(numbers[0] % 2, numbers[-1], step) if at not in numbers), None) if numbers else None
    if lost is not None:  # the others would take the places of those before them
        raise KeyError(f"{lost}.to_k_ip.weight")
    found = []
    for number in numbers:
        key, value = weights[f"{number}.to_k_ip.weight"], weights[f"{number}.to_v_ip.weight"]
        biased = f"{number}.to_k_ip.bias" in weights
        biases = (weights[f"{number}.to_k_ip.bias"], weights[f"{number}.to_v_ip.bias"]) if biased else None
        found.append(KeysAndValues(key, value, biases))
    return found


def projection_of(weights: Mapping[str, Any], flux: bool) -> Any:
    """The first half as diffusers makes it of a file's weights. Raises what odd shapes raise, KeyError among them, by
    the names that the weights have in files."""
    from diffusers.loaders.transformer_flux import FluxTransformer2DLoadersMixin
    from diffusers.loaders.unet import UNet2DConditionLoadersMixin

    maker: Any = FluxTransformer2DLoadersMixin() if flux else UNet2DConditionLoadersMixin()
    faces = "proj.3.weight" in weights

    def own(told: re.Match[str]) -> str:
        name = FACES.sub("proj.3.", told[0]) if faces else told[0]
        for pattern, new in IN_FILES:
            name = pattern.sub(new, name)
        return f"{PROJECTIONS[flux]}{name}"

    try:
        return maker._convert_ip_adapter_image_proj_to_diffusers(dict(weights), low_cpu_mem_usage=False)
    except RuntimeError as error:
        raise RuntimeError(TOLD.sub(own, str(error))) from None
