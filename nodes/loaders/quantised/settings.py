"""A file's own words on its quantised layers: in tensors that hold JSON beside them, or in its header."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError

BESIDE = ".comfy_quant"
HEADER = "_quantization_metadata"
HINT = "full_precision_matrix_mult"
"""How to multiply, which changes no weight."""
DROPPED = ".comfy_attention.config"
"""A preference for speed."""

Settings = Mapping[str, Mapping[str, Any]]
"""By the names of layers."""


def settings_in_header(metadata: Mapping[str, str], names: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return the settings of layers that the header names, which may leave out the prefix of the file's names."""
    if HEADER not in metadata:
        return {}
    layers = _json(metadata[HEADER], HEADER).get("layers")
    if not isinstance(layers, dict):
        raise NodeError(f"{HEADER} names no layers")
    weights = {name.removesuffix(".weight") for name in names if name.endswith(".weight")}
    prefix = _prefix(layers, weights)
    return {
        name if name in weights else prefix + name: _settings(found, name)
        for name, found in layers.items()
        if isinstance(name, str)
    }


def _prefix(layers: Mapping[str, Any], weights: set[str]) -> str:
    """Return what stands before the layer's names in the file: found by one layer, and the same for all."""
    for layer in layers:
        if layer in weights:
            return ""
        whole = next((name for name in weights if name.endswith(f".{layer}")), None)
        if whole is not None:
            return whole.removesuffix(layer)
    return ""


def agreed(header: Settings, beside: Settings) -> dict[str, Mapping[str, Any]]:
    """Return the settings of all layers. Raises NodeError for one of which the header says other than what stands
    beside it: by which of the two its numbers were made, nobody can tell."""
    for name in sorted(header.keys() & beside.keys()):
        one, other = ({key: said[key] for key in said if key != HINT} for said in (header[name], beside[name]))
        if one != other:
            raise NodeError(f"{HEADER} says other than {name}{BESIDE} how {name} is quantised; take another file")
    return {**header, **beside}


def settings_beside(name: str, raw: Tensor) -> Mapping[str, Any]:
    """Return the settings in a tensor of bytes. Raises NodeError where it holds others."""
    text = bytes(raw.flatten().tolist()) if raw.dtype == torch.uint8 else b""
    return _settings(_json(text, name), name)


def _settings(found: Any, name: str) -> Mapping[str, Any]:
    """Some tools write the bare name of the format."""
    settings = {"format": found} if isinstance(found, str) else found
    if not isinstance(settings, dict) or not isinstance(settings.get("format"), str):
        raise NodeError(f"{name} does not say how its weight is quantised")
    return settings


def _json(text: str | bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NodeError(f"{name} is no JSON that can be read")
    return found
