"""What a value is, in plain data: equal data mean equal values, in every process and after a restart.

Plain values and tensors are what they hold; a frozen dataclass is its class and its fields. Anything else (a network, a
tokenizer) is known by the node result that it came out of, which is remembered here for as long as it lives.
"""

from __future__ import annotations

import dataclasses
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

PLAIN = (type(None), bool, int, float, str, bytes)


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
        """What a value is, as data that msgpack takes. Raises Unidentified."""
        if isinstance(value, PLAIN):
            return value
        if isinstance(value, (tuple, list)):
            return [type(value).__qualname__, [self.of(part) for part in value]]
        if isinstance(value, Mapping):
            return ["mapping", sorted([str(name), self.of(part)] for name, part in value.items())]
        if isinstance(value, Tensor):
            return ["tensor", str(value.dtype), list(value.shape), value.device.type, _content(value)]
        if isinstance(value, np.ndarray):
            return ["array", str(value.dtype), list(value.shape), _bytes(np.ascontiguousarray(value))]
        if _is_frozen(value):
            kind = type(value)
            fields = [[field.name, self.of(getattr(value, field.name))] for field in dataclasses.fields(value)]
            return [f"{kind.__module__}.{kind.__qualname__}", _source(kind.__module__), fields]
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
    """What a value holds that is neither plain, nor a tensor, nor made of such parts; in a fixed order."""
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, (*PLAIN, Tensor, np.ndarray)):
            continue
        if isinstance(part, (tuple, list)):
            todo.extend(part)
        elif isinstance(part, Mapping):
            todo.extend(part.values())
        elif _is_frozen(part):
            todo.extend(getattr(part, field.name) for field in dataclasses.fields(part))
        else:
            yield part


def _is_frozen(value: Any) -> bool:
    parameters = getattr(type(value), "__dataclass_params__", None)
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
