"""Results as bytes and back: tensors as safetensors, all else as JSON beside them. What is read cannot run code.

Images whose values are 8-bit ones are PNGs in it.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from nodeflow import wires
from nodeflow.engine.cache.png_codec import as_png, from_png

KNOWN: dict[str, Any] = {
    name: kind
    for name, kind in vars(wires).items()
    if inspect.isclass(kind) and dataclasses.is_dataclass(kind) and kind.__module__.startswith(f"{wires.__name__}.")
}
"""The classes that reading may make: the wires' own dataclasses, by name."""


class NotStorable(Exception):  # noqa: N818 (it is no error: the result stays in memory)
    """A value that does not go to disk, such as a network."""


class Damaged(Exception):  # noqa: N818
    """Bytes that are no stored result."""


def encode(outputs: tuple[Any, ...]) -> bytes:
    """A result as the bytes of a safetensors file. Raises NotStorable."""
    tensors: dict[Any, tuple[str, Tensor]] = {}
    form = [_form(value, tensors) for value in outputs]
    apart = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.values()
    }
    return save(apart, {"nodeflow": json.dumps(form)})


def decode(data: bytes) -> tuple[Any, ...]:
    """The result that `encode` was given; tensors go back to the class of device they came from. Raises Damaged."""
    try:
        size = int.from_bytes(data[:8], "little")
        form = json.loads(json.loads(data[8 : 8 + size])["__metadata__"]["nodeflow"])
        tensors = load(data)
        return tuple(_value(part, tensors) for part in form)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise Damaged(str(error)) from None


def _form(value: Any, tensors: dict[Any, tuple[str, Tensor]]) -> Any:
    """Return what JSON says about a value: itself, or one field that names what it is. Gathers its tensors, each
    once."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, Tensor):
        name, _ = tensors.setdefault(id(value), (str(len(tensors)), value))
        return {"tensor": name, "device": value.device.type}
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return {"tuple": [_form(part, tensors) for part in value]}
    if type(value) is list:
        return {"list": [_form(part, tensors) for part in value]}
    if type(value) is dict and all(isinstance(name, str) for name in value):
        return {"dict": {name: _form(part, tensors) for name, part in value.items()}}
    if isinstance(value, Path):
        return {"path": str(value)}
    if isinstance(value, wires.Image) and (picture := as_png(value.pixels)) is not None:
        name, _ = tensors.setdefault(("png", id(value.pixels)), (str(len(tensors)), picture))
        return {"png": name, "batch": len(value.pixels), "device": value.pixels.device.type}
    kind = KNOWN.get(type(value).__name__)
    if kind is not None and type(value) is kind:
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
        return {"wire": type(value).__name__, "fields": {name: _form(part, tensors) for name, part in fields.items()}}
    raise NotStorable(type(value).__name__)


def _value(form: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(form, dict):
        return form
    readers: Mapping[str, Callable[[], Any]] = {
        "tensor": lambda: tensors[form["tensor"]].to(form["device"]),
        "png": lambda: wires.Image(from_png(tensors[form["png"]], form["batch"]).to(form["device"])),
        "tuple": lambda: tuple(_value(part, tensors) for part in form["tuple"]),
        "list": lambda: [_value(part, tensors) for part in form["list"]],
        "dict": lambda: {name: _value(part, tensors) for name, part in form["dict"].items()},
        "float": lambda: float(form["float"]),
        "path": lambda: Path(form["path"]),
        "wire": lambda: KNOWN[form["wire"]](**{k: _value(part, tensors) for k, part in form["fields"].items()}),
    }
    return readers[next(iter(form))]()
