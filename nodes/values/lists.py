"""Lists: what comes after one runs once for each of its items, and each item is a result of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

from nodeflow.node import Multiline, NodeError, Range, Reads, Rule, Seed, node
from nodes.latents.noise import SEEDS
from nodes.written import FILE_PATTERN

MAX_ITEMS = 10_000
"""How many items a list may have."""


class FoundFiles(NamedTuple):
    """Files of a folder: where they lie, and their names without the ending. The two go together item by item."""

    paths: list[str]
    names: list[str]


class Paired(NamedTuple):
    """Two lists that go together item by item."""

    first: list[Any]
    second: list[Any]


@node("Texts")
def texts(text: Annotated[str, Multiline()] = "") -> list[str]:
    """A list of texts, one a line.

    Wire it to the ``text`` of a text encoder, and everything behind that runs once for each line. A line that is
    added, changed or moved costs only what that line needs. Blank lines are left out.
    """
    return [line.strip() for line in text.splitlines() if line.strip()]


@node("Seeds")
def seeds(start: Annotated[int, Seed("count")] = 0, count: Annotated[int, Range(1, MAX_ITEMS)] = 4) -> list[int]:
    """A list of seeds: ``start``, ``start + 1``, ...

    Wire it to the ``seed`` of a noise: one image a seed, each kept by itself. The same images come from a batch;
    a list can be made longer later without making the first ones again. After the last seed there is (2**53 - 1)
    comes 0.
    """
    return [(start + offset) % SEEDS for offset in range(count)]


NEAR = Rule(
    "abs((stop - start) * max(count - 1, 1)) <= 1.7e308",
    "{start} and {stop} lie too far apart to count between them; take smaller numbers",
    at="stop",
)
COUNT = Rule(
    "abs(stop - start) // step < 10_000",
    "{start} to {stop} in steps of {step} are more than the 10,000 numbers that a list may have; take fewer",
)


@node("Numbers", rules=(NEAR,))
def numbers(start: float = 0.0, stop: float = 1.0, count: Annotated[int, Range(1, MAX_ITEMS)] = 5) -> list[float]:
    """A list of numbers, evenly from ``start`` to ``stop``, both among them.

    0 to 1 with a ``count`` of 5 gives 0, 0.25, 0.5, 0.75, 1. A ``count`` of 1 gives ``start`` alone. Wire it to a
    guidance scale, a strength, or any other number. Fails where they lie further apart than a number can be.
    """
    steps = max(count - 1, 1)
    return [round(start + (stop - start) * index / steps, 10) for index in range(count)]


@node("Whole numbers", rules=(COUNT,))
def whole_numbers(start: int = 1, stop: int = 4, step: Annotated[int, Range(1)] = 1) -> list[int]:
    """A list of whole numbers from ``start`` to ``stop``, both among them where ``step`` allows.

    1 to 4 gives 1, 2, 3, 4. It counts down where ``stop`` is the smaller one. Fails when there are more than 10,000.
    """
    count = abs(stop - start) // step + 1
    return [start + (step if stop >= start else -step) * index for index in range(count)]


@node("Files of a folder")
def files(
    folder: Annotated[Path, Reads("folder", needed=True)] = Path(), pattern: Annotated[str, FILE_PATTERN] = "*.png"
) -> FoundFiles:
    """The files of a folder whose names match a pattern, in order of their names.

    In a ``pattern`` * stands for any letters and ? for one: ``*.png``, ``cat-??.jpg``; ``**/*.png`` looks into the
    folders inside too. Wire ``paths`` to the path of a node that loads a file; ``names`` are the file names without
    their ending, for labels. When a file comes, goes or changes, the list is made again, and what is behind an
    unchanged file stays.

    Fails when there is no such folder, when nothing matches, or when more than 10,000 files do.
    """
    if folder == Path():
        raise NodeError("choose a folder")
    if not folder.is_dir():
        raise NodeError(f"{folder}: there is no such folder; choose another one")
    if not pattern.strip() or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise NodeError(f"{pattern!r} is no pattern for files of this folder; write one such as *.png")
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not found:
        raise NodeError(f"no file in {folder} matches {pattern!r}; choose another folder or pattern")
    if len(found) > MAX_ITEMS:
        raise NodeError(f"{len(found):,} files in {folder} match {pattern!r}, and {MAX_ITEMS:,} is the most; narrow it")
    return FoundFiles([str(path) for path in found], [path.stem for path in found])


@node("Pair lists")
def pair(first: list[Any], second: list[Any]) -> Paired:
    """Two lists as one: the first item with the first, the second with the second, and so on.

    Two lists that are wired to different inputs run every combination of their items. Paired they go together item
    by item: texts, each with a seed of its own. Fails when one is longer than the other.
    """
    if len(first) != len(second):
        raise NodeError(f"the first list has {len(first)} items and the second {len(second)}; make them equally long")
    return Paired(first, second)


@node("Pick item")
def pick(items: list[Any], number: Annotated[int, Range(1, MAX_ITEMS)] = 1) -> Any:
    """One item of a list, by its number from 1. What comes after it runs once again.

    Fails when the list is shorter.
    """
    if number > len(items):
        raise NodeError(f"there is no item {number}; the list has {len(items)}")
    return items[number - 1]
