"""Files that take long to make, made once for all processes that run the tests."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that a function fills, of this name. Nobody changes it: others read it too."""
    base = factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "made-once" / name
    if not place.is_dir():
        place.parent.mkdir(exist_ok=True)
        make(made := factory.mktemp("making") / name)
        with contextlib.suppress(OSError):  # another process was sooner
            made.rename(place)
    return place
