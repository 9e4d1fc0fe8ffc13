"""What the ready-made systems are asked, and what their pictures must show: one file for each way of asking.

A file's ``SYSTEMS`` are found by themselves; the names are those of the workflows.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple

from training.claims import Claims

SEED = 50260


class Case(NamedTuple):
    """Parameters by ``node.parameter``, what the picture must show, the picture that it should equal, if any, and the
    picture whose edges it should have, if any."""

    settings: dict[str, Any]
    claims: Claims
    original: Path | None = None
    edges: Path | None = None


class System(NamedTuple):
    """The node whose picture counts, and cases without end; they get a folder to put pictures into."""

    node: str
    cases: Callable[[Path], Iterator[Case]]


def systems() -> dict[str, System]:
    """By the workflow's name."""
    found = dict[str, System]()
    for module in iter_modules(__path__):
        found |= import_module(f"{__name__}.{module.name}").SYSTEMS
    return found
