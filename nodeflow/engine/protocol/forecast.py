"""Forecast of each node in a run to come. Data only, no torch."""

from __future__ import annotations

from typing import Literal

import msgspec

Prospect = Literal["run", "cached", "kept", "skipped", "fails", "unknown"]
"""What would become of a node: computed; taken from the cache; not needed, since what is made from it is there; left
out; stopped by what can be seen already; or one of these, by a value that is not computed yet."""


class NodeForecast(msgspec.Struct, frozen=True):
    """Hold what would become of a node in a run, and why; the seconds and the peak bytes that it may take, where
    earlier runs tell, and what they are judged by: the same node, one alike (another seed or text), one of its kind
    (other numbers, by whose steps, images and sizes the seconds are scaled), or its type. Where so many bytes were too
    few for it, ``short`` of them, it is computed in smaller pieces unless there are more now."""

    node: str
    state: Prospect
    why: str
    seconds: float | None = None
    bytes: int | None = None
    basis: Literal["same", "alike", "kind", "type", ""] = ""
    short: int = 0
