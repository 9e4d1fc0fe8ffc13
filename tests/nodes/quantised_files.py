"""Writing weights as quantised files have them, beside what they stand for."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

Weights = dict[str, Tensor]
Coded = tuple[Weights, Tensor]
"""The parts of a layer by what they are called behind its name, and the weight that they stand for."""


def float8_scaled(weight: Tensor) -> Coded:
    """As older files have it."""
    scale = weight.abs().max() / 448
    codes = (weight / scale).to(torch.float8_e4m3fn)
    return {"weight": codes, "scale_weight": scale.reshape(1)}, codes.float() * scale


def float8_marked(weight: Tensor) -> Coded:
    """ComfyUI's float8_e4m3fn, with a scale of what comes in beside that of the weight."""
    scale = weight.abs().max() / 448
    codes = (weight / scale).to(torch.float8_e4m3fn)
    mark = torch.tensor(list(json.dumps({"format": "float8_e4m3fn"}).encode()), dtype=torch.uint8)
    parts = {"weight": codes, "weight_scale": scale, "input_scale": torch.tensor(0.5), "comfy_quant": mark}
    return parts, codes.float() * scale


def float8_plain(weight: Tensor) -> Coded:
    codes = weight.to(torch.float8_e4m3fn)
    return {"weight": codes}, codes.float()


def int8_rows(weight: Tensor) -> Coded:
    """ComfyUI's int8_tensorwise, a scale a row."""
    flat = weight.flatten(1)
    scale = flat.abs().amax(1, keepdim=True) / 127
    codes = (flat / scale).round().to(torch.int8)
    mark = torch.tensor(list(json.dumps({"format": "int8_tensorwise"}).encode()), dtype=torch.uint8)
    parts = {"weight": codes.reshape(weight.shape), "weight_scale": scale, "comfy_quant": mark}
    return parts, (codes * scale).reshape(weight.shape)


def llm_int8(weight: Tensor) -> Coded:
    """bitsandbytes' own."""
    largest = weight.abs().amax(1, keepdim=True)
    codes = (weight / largest * 127).round().to(torch.int8)
    return {"weight": codes, "SCB": largest[:, 0]}, codes * largest / 127


def coded(weights: Weights, code: Callable[[Tensor], Coded], least: int = 2, most: int = 2) -> tuple[Weights, Weights]:
    """A file's weights with those of so many axes quantised, and the plain weights that they stand for."""
    stored, plain = {}, dict(weights)
    for name, weight in weights.items():
        if not name.endswith(".weight") or not least <= weight.ndim <= most:
            stored[name] = weight
            continue
        parts, plain[name] = code(weight)
        stored |= {f"{name.removesuffix('weight')}{part}": value for part, value in parts.items()}
    return stored, plain


def save(weights: Weights, path: Path) -> Path:
    save_file({name: weight.contiguous() for name, weight in weights.items()}, path)
    return path
