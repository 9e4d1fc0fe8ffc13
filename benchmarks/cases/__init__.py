"""Questions to the ready-made systems, and what their images must show: one file for each way of asking.

A file's ``SYSTEMS`` are found by themselves; the names are those of the workflows.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, NamedTuple

from training.data.scenes import Picture
from training.evaluation.claims import Claims

SEED = 50260
"""Of the cases that are reported; settings are chosen on those of another seed."""
COUNT = 10_000
"""Cases of a seed at most."""


class Case(NamedTuple):
    """Parameters by ``node.parameter``, what the image must show, the image that it should equal, if any, and the
    image whose edges it should have, if any."""

    settings: dict[str, Any]
    claims: Claims
    original: Path | None = None
    edges: Path | None = None


class System(NamedTuple):
    """The image that counts, of a node that saves one or at an output (``node.output``), and `COUNT` cases; they get a
    folder to put images into and the seed that they are drawn by.

    ``workflow`` is the file's name where it is not the system's, ``settings`` what is set in it in every case. The
    judge sees what ``seen`` makes of the image; ``also`` measures, on so many cases, what no image tells. Of what
    ``looks`` measures in each image, at its own size, the median is told.
    """

    picture: str
    cases: Callable[[Path, int], Iterator[Case]]
    workflow: str = ""
    settings: dict[str, Any] = {}
    seen: Callable[[Picture], Picture] | None = None
    also: Callable[[int], str] | None = None
    looks: Mapping[str, Callable[[Picture], float]] = {}


def numbers(seed: int) -> range:
    """The numbers of a seed's cases, which noise is drawn by: from 0 on for those that are reported."""
    first = (seed - SEED) % 1000 * COUNT
    return range(first, first + COUNT)


def systems() -> dict[str, System]:
    """By the name in the table: the workflow's, and what is set in it."""
    found = dict[str, System]()
    for module in iter_modules(__path__):
        found |= import_module(f"{__name__}.{module.name}").SYSTEMS
    return found
