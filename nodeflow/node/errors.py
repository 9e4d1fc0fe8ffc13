"""What a node raises when it cannot do what is asked."""

from __future__ import annotations


class NodeError(Exception):
    """Hold what a node raises when it cannot do what is asked: one sentence, what is wrong and what to do about it."""


class NumbersError(NodeError):
    """Raised where numbers are none (NaN) or infinite. What led to them is not kept, and the app shows the node."""
