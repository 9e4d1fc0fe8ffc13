"""Handle of a value between app and worker, and what is told of it at first sight. Data only, no torch."""

from __future__ import annotations

import msgspec

from nodeflow.views import TensorFacts, View, ViewInfo


class ValueHandle(msgspec.Struct, frozen=True):
    """Names a value, also when its node has another one by now.

    ``key`` is that of the result that it is part of, in hexadecimal, ``place`` its place among the outputs of that
    result, and ``type`` its wire type.
    """

    key: str
    place: int
    type: str


class Overview(msgspec.Struct, frozen=True, tag=True):
    """A value at first sight; ``handle`` names it for later looks."""

    handle: ValueHandle
    facts: tuple[TensorFacts, ...] = ()
    forms: tuple[ViewInfo, ...] = ()
    more: int = 0
    """Tensors beyond those in ``facts``."""
    items: int = 1
    """How many values its node gave: several where it ran for each item of a list."""

    @property
    def wire(self) -> str:
        """Its wire type."""
        return self.handle.type


Seen = View | Overview
"""What an answer to a look may be."""
