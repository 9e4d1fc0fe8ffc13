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
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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


class Leaves(tuple[Any, ...]):
    """The leaves of a value, found once for all who look at them; their leaves are themselves."""


_class: Callable[[Any], Any] = type
"""A class, as a cache takes it."""


class _Opener(NamedTuple):
    """How values of a class are opened: what they hold, and the texts that lead there, in the same order."""

    inside: Callable[[Any], list[Any] | None]
    steps: Callable[[Any], Iterable[str]]


def parts(value: Any) -> list[Part] | None:
    """Return what a container or a dataclass holds, in order; None for a leaf. A container that fails is a leaf."""
    opener = _opener(_class(value))
    inside = None if opener is None else opener.inside(value)
    if opener is None or inside is None:
        return None
    with contextlib.suppress(Exception):
        return list(zip(opener.steps(value), inside, strict=True))
    return None


def attributes(value: Any) -> list[Any]:
    """Return what an object holds beside what `parts` finds: its attributes. Nothing for a leaf of the language."""
    names = _slots_of(_class(value))
    if names is None:
        return []
    if isinstance(value, functools.partial):
        return [value.func, value.args, value.keywords]
    held = dict(getattr(value, "__dict__", {}))
    for name in names:
        with contextlib.suppress(AttributeError):
            held[name] = object.__getattribute__(value, name)
    return list(held.values())


def leaves(value: Any, *, deep: bool = False, opens: Callable[[Any], bool] | None = None) -> Sequence[Any]:
    """Return the leaves of a value in order, each object once.

    ``deep``: those in the attributes of objects too, without numbers and short texts, of which a vocabulary holds some
    ten thousands. ``opens`` says what is opened, where that is not everything.
    """
    if type(value) is Leaves:
        return value
    found: list[Any] = []
    seen: dict[int, Any] = {}  # the objects too: an id is free for another once its object is gone
    todo = [value]  # no recursion: values may be nested to any depth, share parts, and lead back to themselves
    while todo:
        part = todo.pop()
        kind = _class(part)
        if kind in _LIGHT:
            found.append(part)
            continue
        if id(part) in seen:
            continue
        seen[id(part)] = part
        opener = _opener(kind)
        inside = opener.inside(part) if opener is not None and (opens is None or opens(part)) else None
        if deep and (more := attributes(part)):
            todo += _heavy(more)
        if inside is None:
            found.append(part)
        else:
            todo += _heavy(inside) if deep else reversed(inside)
    return found


def named_leaves(value: Any) -> Iterator[Part]:
    """Yield the leaves of a value in order, each object once, with the text that leads to it."""
    seen: dict[int, Any] = {}
    todo: list[tuple[_Way | None, Any]] = [(None, value)]
    while todo:
        way, part = todo.pop()
        if not isinstance(part, _NUMBERS):
            if id(part) in seen:
                continue
            seen[id(part)] = part
        inside = parts(part)
        if inside is None:
            yield _text(way), part
        else:
            todo += [((way, step), inner) for step, inner in reversed(inside)]


SHORT = 256
"""From so many characters on, a text is worth a place of its own in memory."""
_NUMBERS = (type(None), bool, int, float)
_LIGHT = frozenset(_NUMBERS)


def _heavy(inside: list[Any]) -> list[Any]:
    """What is more than a number, a short text or a tuple of short texts, the last first."""
    return [part for part in reversed(inside) if not _is_light(part)]


def _is_light(part: Any) -> bool:
    kind = _class(part)
    if kind is str:
        return len(part) < SHORT
    return kind in _LIGHT or (kind is tuple and all(type(piece) is str and len(piece) < SHORT for piece in part))


_Way = tuple["_Way | None", str]
"""How one gets to a part: to what it is in, and on."""


def _text(way: _Way | None) -> str:
    steps = []
    while way is not None:
        way, step = way
        steps.append(step)
    return "".join(reversed(steps))


@functools.cache
def _opener(kind: Any) -> _Opener | None:
    """Return how values of a class are opened; None for leaves."""
    if issubclass(kind, (*LEAVES, type, Tensor)):
        return None
    if issubclass(kind, np.ndarray):
        return _Opener(lambda value: list(value.flat) if value.dtype == object else None, _numbers)
    if dataclasses.is_dataclass(kind):
        return _fields_of(tuple(field.name for field in dataclasses.fields(kind)))
    if issubclass(kind, Mapping):
        return _Opener(_unless_broken(_of_mapping), _keys)
    if issubclass(kind, Collection):
        return _Opener(list if kind in (tuple, list) else _unless_broken(list), _numbers)
    return None


def _fields_of(names: tuple[str, ...]) -> _Opener:
    def inside(value: Any) -> list[Any]:
        return [getattr(value, name) for name in names if hasattr(value, name)]

    return _Opener(inside, lambda value: [f".{name}" for name in names if hasattr(value, name)])


def _of_mapping(value: Any) -> list[Any]:
    return [*value.values(), *(key for key in value if not isinstance(key, LEAVES))]


def _keys(value: Any) -> list[str]:
    return [*(f"[{key}]" for key in value), *(f"[{key}]" for key in value if not isinstance(key, LEAVES))]


def _numbers(value: Any) -> Iterator[str]:
    return (f"[{index}]" for index in range(np.size(value) if isinstance(value, np.ndarray) else len(value)))


def _unless_broken(opened: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any] | None]:
    """The same, with None where it fails: a container may be other people's code."""

    def inside(value: Any) -> list[Any] | None:
        with contextlib.suppress(Exception):
            return opened(value)
        return None

    return inside


@functools.cache
def _slots_of(kind: Any) -> tuple[str, ...] | None:
    """The attributes of a class's objects that stand in slots; None for objects that are not opened."""
    if issubclass(kind, (*LEAVES, type, Tensor, np.ndarray, types.ModuleType, types.FunctionType)):
        return None
    opened = issubclass(kind, (types.SimpleNamespace, functools.partial))
    if kind.__module__.partition(".")[0] in _LIBRARY and not opened:
        return None
    return tuple(name for base in kind.__mro__ for name in _slots(base))


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    names = (slots,) if isinstance(slots, str) else tuple(slots)
    return tuple(name for name in names if not name.startswith("__"))


_LIBRARY = sys.stdlib_module_names
"""The standard library: the attributes of its objects lead into the machinery (loggers, locks, threads)."""
