"""Dots on wires."""

from __future__ import annotations

from typing import Any

from nodeflow.node import node


@node("Reroute", through=True)
def reroute(value: Any) -> Any:
    """A dot that a wire passes: it leads the wire around other nodes, and lets it part.

    Gives what it takes, of whatever type. It is never run and counts for no result.
    """
    return value
