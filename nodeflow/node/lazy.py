"""Inputs that are evaluated only when the node asks for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class NotYet(Exception):  # noqa: N818 (it is no error: the node is called again)
    """Raised by `Lazy.get` for a value that has still to be computed. Let it pass: the node is called again."""


class Lazy(Generic[T]):
    """An input that is evaluated only when the node asks for it."""

    def __init__(self, known: Callable[[], T]) -> None:
        self._known = known

    def get(self) -> T:
        return self._known()
