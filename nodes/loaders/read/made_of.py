"""Networks made of what their weights tell: one sentence where some are missing, or of shapes that none has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from nodeflow.node import NodeError
from nodes.loaders.read.accounting import check_scales
from nodes.loaders.read.folder_files import named

ODD = ArithmeticError, LookupError, RuntimeError, TypeError, ValueError
"""What arithmetic with odd shapes raises, in our code and in the libraries' networks."""


@contextmanager
def made_of(path: Path, what: str, names: Collection[str] = ()) -> Iterator[None]:
    """Within this, shapes are told from a file's weights, and a network is made with them. Raises NodeError, which
    says what the file was read as and what it lacks, or which of its ``names`` is a scale that nobody reads."""
    try:
        yield
    except KeyError as error:
        check_scales(named(path), names, names)
        lost = error.args[0] if error.args else "a weight"
        raise NodeError(f"{named(path)} ({what}) lacks {lost}; it was saved in part, or is of another kind") from None
    except MemoryError:
        raise
    except ODD:
        check_scales(named(path), names, names)
        raise NodeError(
            f"{named(path)} ({what}) has weights of shapes that none has; they are broken, or it is of another kind"
        ) from None
