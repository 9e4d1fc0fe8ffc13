"""The one walk over a value's parts, for all who measure, identify, describe or search values.

Containers of any kind (lists, sets, mappings, deques, arrays of objects) and dataclasses are opened. What is none of
these is a leaf; who counts memory opens it too, by its attributes.
"""

from __future__ import annotations

import array
import contextlib
import dataclasses
import enum
import functools
import sys
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

Part = tuple[str, Any]
"""Something inside a value, and the text that leads to it: ``.samples``, ``[3]``."""

LEAVES = (
    *(type(None), bool, int, float, complex, str, range, enum.Enum),
    *(bytes, bytearray, memoryview, array.array, torch.nn.Module),
)
"""What is never opened, though some of it could be."""


def parts(value: Any) -> list[Part] | None:
    """Return what a container or a dataclass holds, in order; None for a leaf. A container that fails is a leaf."""
    if isinstance(value, (*LEAVES, type, Tensor)):
        return None
    if isinstance(value, np.ndarray):
        return _numbered(value.flat) if value.dtype == object else None
    kind = type(value)
    if dataclasses.is_dataclass(kind):
        return [(f".{name}", getattr(value, name)) for name in _fields(kind) if hasattr(value, name)]
    if isinstance(value, Collection):
        with contextlib.suppress(Exception):  # a container may be other people's code
            if isinstance(value, Mapping):
                keys = [(f"[{key}]", key) for key in value if not isinstance(key, LEAVES)]
                return [*((f"[{key}]", part) for key, part in value.items()), *keys]
            return _numbered(value)
    return None


def attributes(value: Any) -> list[Part]:
    """Return what an object holds beside what `parts` finds: its attributes. Nothing for a leaf of the language."""
    kind = type(value)
    if isinstance(value, (*LEAVES, type, Tensor, np.ndarray, types.ModuleType, types.FunctionType)):
        return []
    if isinstance(value, functools.partial):
        return [(".func", value.func), (".args", value.args), (".keywords", value.keywords)]
    if kind.__module__.partition(".")[0] in _LIBRARY and not isinstance(value, types.SimpleNamespace):
        return []
    held = dict(getattr(value, "__dict__", {}))
    for name in (name for base in kind.__mro__ for name in _slots(base)):
        with contextlib.suppress(AttributeError):
            held[name] = object.__getattribute__(value, name)
    return [(f".{name}", part) for name, part in held.items()]


def leaves(value: Any, *, deep: bool = False, opens: Callable[[Any], bool] | None = None) -> Iterator[Any]:
    """Yield the leaves of a value in order, each object once.

    ``deep``: those in the attributes of objects too. ``opens`` says what is opened, where that is not everything.
    """
    return (part for _, part in _walk(value, deep, opens))


def named_leaves(value: Any) -> Iterator[Part]:
    """Yield the leaves of a value in order, each object once, with the text that leads to it."""
    for way, part in _walk(value, False, None):
        steps = []
        while way is not None:
            way, step = way
            steps.append(step)
        yield "".join(reversed(steps)), part


_Way = tuple["_Way | None", str]
"""How one gets to a part: to what it is in, and on."""


def _walk(value: Any, deep: bool, opens: Callable[[Any], bool] | None) -> Iterator[tuple[_Way | None, Any]]:
    """Walk without recursion: values may be nested to any depth, share parts, and lead back to themselves."""
    seen: dict[int, Any] = {}  # the objects too: an id is free for another once its object is gone
    todo: list[tuple[_Way | None, Any]] = [(None, value)]
    while todo:
        way, part = todo.pop()
        if isinstance(part, (type(None), bool, int, float)):
            yield way, part
            continue
        if id(part) in seen:
            continue
        seen[id(part)] = part
        inside = parts(part) if opens is None or opens(part) else None
        if inside is None:
            yield way, part
        more = attributes(part) if deep else ()
        todo += [((way, step), inner) for step, inner in reversed([*(inside or ()), *more])]


def _numbered(items: Iterable[Any]) -> list[Part]:
    return [(f"[{index}]", item) for index, item in enumerate(items)]


@functools.cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@functools.cache
def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if not name.startswith("__"))


_LIBRARY = sys.stdlib_module_names
"""The standard library: the attributes of its objects lead into the machinery (loggers, locks, threads)."""
