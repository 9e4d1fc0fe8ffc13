"""What a person should know of a result that is right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_notes: ContextVar[list[tuple[int, str]] | None] = ContextVar("notes", default=None)


def warn(sentence: str, call: int = 0) -> None:
    """Say what a person should know of a result that is right, such as that a text was too long to be read whole.

    The run shows it on the node, in the terminal and in the report, and keeps it with the result. ``call`` is the
    number of the call that it is about, in a companion that computes several. A node called as a plain function says
    nothing.
    """
    said = _notes.get()
    if said is not None:
        said.append((call, sentence))


@contextmanager
def noting() -> Iterator[list[tuple[int, str]]]:
    """Within this, what nodes warn of is gathered: the number of the call, and the sentence."""
    before, said = _notes.get(), list[tuple[int, str]]()
    _notes.set(said)
    try:
        yield said
    finally:
        _notes.set(before)
