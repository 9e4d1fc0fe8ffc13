"""Identity of a value in plain data: equal data mean equal values, in every process and after a restart.

Plain values and tensors are what they hold; a frozen dataclass is its class and its fields. Anything else (a network, a
tokenizer) is known by the node result that it came out of, which is remembered here for as long as it lives.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import torch
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from nodeflow.engine.cache.value_parts import leaves, parts

PLAIN = (type(None), bool, int, float, str, bytes)
_KNOWN = (*PLAIN, Tensor, np.ndarray)
"""What says itself what it is."""


class Unidentified(Exception):  # noqa: N818 (it is no error: what depends on the value is not kept)
    """A value of which nobody can say whether another one equals it."""


class Identities:
    """Says what values are."""

    def __init__(self) -> None:
        self._origins: Any = WeakIdKeyDictionary()  # type: ignore[no-untyped-call]

    def learn(self, key: bytes, outputs: tuple[Any, ...]) -> None:
        """Take note of what came out of a node under its key."""
        for place, part in enumerate(_opaque(outputs)):
            try:
                self._origins.setdefault(part, (key, place))
            except TypeError:  # it takes no weak references, and stays unknown
                continue

    def chain(self, start: object, steps: Sequence[object]) -> list[bytes]:
        """A key for each step: of the start, of what is in force at the step, and of all steps before it.

        Raises Unidentified.
        """
        known: dict[int, bytes] = {}
        key, keys = self._digest(self.of(start)), []
        for step in steps:
            if id(step) not in known:
                known[id(step)] = self._digest(self.of(step))
            key = self._digest([key, known[id(step)]])
            keys.append(key)
        return keys

    def of(self, value: Any) -> Any:
        """Return what a value is, as data that msgpack takes. Raises Unidentified."""
        try:
            return self._of(value, {})
        except RecursionError:
            raise Unidentified("it is nested too deeply") from None

    def _of(self, value: Any, known: dict[int, tuple[Any, Any]]) -> Any:
        """``known``: what was found out already about containers inside the same value, which are kept alive by it."""
        if isinstance(value, PLAIN):
            return value
        if id(value) not in known:
            known[id(value)] = (value, self._look(value, known))
        return known[id(value)][1]

    def _look(self, value: Any, known: dict[int, tuple[Any, Any]]) -> Any:
        if isinstance(value, Tensor):
            return ["tensor", str(value.dtype), list(value.shape), value.device.type, _content(value)]
        if isinstance(value, np.ndarray) and value.dtype != object:
            return ["array", str(value.dtype), list(value.shape), _bytes(np.ascontiguousarray(value))]
        if _is_its_parts(value):
            inside = [[step, self._of(part, known)] for step, part in parts(value) or ()]
            if isinstance(value, Mapping):
                inside.sort(key=lambda pair: str(pair[0]))
            return [
                *_kind(value),
                self._digest(inside),
            ]  # a digest: what is shared would be written out again and again
        try:
            return ["from", *self._origins[value]]
        except (KeyError, TypeError):  # TypeError: it takes no weak references
            raise Unidentified(type(value).__qualname__) from None

    @staticmethod
    def _digest(data: Any) -> bytes:
        try:
            return hashlib.blake2b(msgspec.msgpack.encode(data), digest_size=16).digest()
        except (TypeError, OverflowError) as error:
            raise Unidentified(str(error)) from None


def _opaque(value: Any) -> Iterator[Any]:
    """Yield what a value holds that is neither plain, nor a tensor, nor made of such parts; in a fixed order."""
    return (part for part in leaves(value, opens=_is_its_parts) if not isinstance(part, _KNOWN))


def _is_its_parts(value: Any) -> bool:
    """Return whether a value is the same whenever its parts are."""
    kind: Any = type(value)
    return _are_their_parts(kind)


@functools.cache
def _are_their_parts(kind: Any) -> bool:
    return issubclass(kind, (tuple, list, Mapping)) or _is_frozen(kind)


def _kind(value: Any) -> list[Any]:
    """Return what names the kind of a value that is its parts. Raises Unidentified."""
    if isinstance(value, Mapping):
        return ["mapping"]
    kind = type(value)
    if _is_frozen(kind):
        return [f"{kind.__module__}.{kind.__qualname__}", _source(kind.__module__)]
    return [kind.__qualname__]


def _is_frozen(kind: type) -> bool:
    parameters = getattr(kind, "__dataclass_params__", None)
    return parameters is not None and bool(parameters.frozen)


def _content(tensor: Tensor) -> bytes:
    try:
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        return _bytes(flat.view(torch.uint8).numpy())
    except (RuntimeError, TypeError) as error:  # a layout of its own, such as a sparse one
        raise Unidentified(str(error)) from None


def _bytes(array: Any) -> bytes:
    return hashlib.blake2b(array, digest_size=16).digest()


@functools.cache
def _source(module: str) -> bytes:
    """A digest of the code that a class stands in: with other code its objects do other things. Raises Unidentified."""
    try:
        return hashlib.blake2b(inspect.getsource(importlib.import_module(module)).encode(), digest_size=16).digest()
    except (OSError, TypeError, ImportError) as error:
        raise Unidentified(str(error)) from None
