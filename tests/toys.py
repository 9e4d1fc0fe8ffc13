"""A real node pack of toy nodes that record whether they ran, and how to wire them."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.engine.worker.packs import Packs
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.node import (
    Lazy,
    Multiline,
    NamesEmbeddings,
    NodeError,
    Range,
    Reads,
    Seed,
    Slider,
    Step,
    Steps,
    Supplied,
    node,
    warn,
)
from nodeflow.wires import Latent

RAN: list[str] = []
"""Labels of the toy nodes that were called, in order."""


@dataclass(frozen=True)
class Box:
    """A value on a wire."""

    value: int


@dataclass(frozen=True, eq=False)
class Sheet:
    """A tensor on a wire."""

    values: Tensor


@dataclass(frozen=True)
class Note:
    """A text on a wire."""

    text: str


class Halves(NamedTuple):
    low: Box
    high: Box


class Pairs(NamedTuple):
    names: list[str]
    values: list[int]


@node("Source")
def source(value: Annotated[int, Range(-1000, 1000)] = 0, label: str = "source") -> Box:
    """A box with a number in it."""
    RAN.append(label)
    return Box(value)


@node("Dot", through=True)
def dot(value: Any) -> Any:
    """Passes on what it takes."""
    RAN.append("dot")
    return value


@node("Add")
def add(box: Box, other: Box | None = None, amount: int = 1, label: str = "add") -> Box:
    """Adds to a box."""
    RAN.append(label)
    return Box(box.value + amount + (other.value if other else 0))


@node("Total")
def total(*boxes: Box, label: str = "total") -> Box:
    """The sum of all boxes."""
    RAN.append(label)
    return Box(sum(box.value for box in boxes))


@node("Split")
def split(box: Box, label: str = "split") -> Halves:
    """Two halves."""
    RAN.append(label)
    return Halves(Box(box.value // 2), Box(box.value - box.value // 2))


@node("Fail")
def fail(box: Box, kind: Literal["told", "untold"] = "told") -> Box:
    """Fails."""
    RAN.append("fail")
    if kind == "told":
        raise NodeError("the box is too heavy; take something out")
    raise ZeroDivisionError("division by zero")


@node("Clock", pure=False)
def clock(label: str = "clock") -> Box:
    """The time: it runs each time."""
    RAN.append(label)
    return Box(time.monotonic_ns())


@node("Length")
def length(text: Annotated[str, Multiline()] = "", label: str = "length") -> int:
    """How long a text is: a small plain value."""
    RAN.append(label)
    return len(text)


@node("Switch")
def switch(first: Lazy[Box], second: Lazy[Box], second_one: bool = False, label: str = "switch") -> Box:
    """One of two, and only that one is evaluated."""
    box = (second if second_one else first).get()
    RAN.append(label)
    return box


@node("Read file")
def read_file(path: Annotated[Path, Reads("file")] = Path("note.txt"), label: str = "read_file") -> Box:
    """How long a file is."""
    RAN.append(label)
    return Box(len(path.read_bytes()))


@node("Length of file")
def read_length(path: Annotated[Path, Reads("file")] = Path("note.txt")) -> int:
    """How long a file is: a small plain value that may not be had."""
    return len(path.read_bytes())


@node("Count")
def count(steps: Annotated[int, Slider(1, 1000)] = 3, label: str = "count") -> Generator[Step, None, Box]:
    """Counts, step by step."""
    RAN.append(label)
    for index in range(steps):
        yield Step(index + 1, steps)
    return Box(steps)


@dataclass(frozen=True, eq=False)
class Route:
    """How high each step of a climb is; ``guide`` is of no known kind."""

    heights: tuple[int, ...]
    guide: Any = None


class Stranger:
    """A value of which only its node can tell what it is."""

    __slots__ = ()


@node("Route")
def route(heights: str = "1,2,3", stranger: bool = False) -> Route:
    """Heights from a text."""
    return Route(tuple(int(height) for height in heights.split(",")), Stranger() if stranger else None)


@node("Climb")
def climb(
    route: Route,
    start: int = 0,
    stop_at: int = -1,
    steps: Annotated[Steps, Supplied("steps")] = Steps(),
) -> Generator[Step, None, Sheet]:
    """Adds up heights, step by step, and keeps its steps. Fails before step ``stop_at``."""
    total = len(route.heights)
    kept = steps.resume((start, route.guide), route.heights)
    made = list(kept.made)
    x = kept.state[0] if made else torch.tensor(float(start))
    for index in range(len(made), total):
        if index == stop_at:
            raise NodeError("the rock gives way; take another path")
        RAN.append(f"step {index}")
        x = x * 2 + route.heights[index]
        made.append(x)
        steps.keep([x, {"index": index}], x)
        yield Step(index + 1, total)
    return Sheet(torch.stack(made))


@node("Tread")
def tread(sheet: Sheet, steps: Annotated[Steps, Supplied("steps")] = Steps()) -> Generator[Step, None, Sheet]:
    """Breaks the rule in the second of two steps: changes its input in place."""
    for index in range(len(steps.resume(sheet, "ab").made), 2):
        RAN.append(f"step {index}")
        if index == 1:
            sheet.values.add_(1)
        steps.keep(None, sheet.values.clone())
        yield Step(index + 1, 2)
    return Sheet(sheet.values.clone())


@node("Noise")
def sheet(seed: Annotated[int, Seed()] = 0, side: int = 8, seconds: float = 0.0, label: str = "sheet") -> Sheet:
    """A sheet of random numbers."""
    RAN.append(label)
    time.sleep(seconds)
    return Sheet(torch.randn(side, side, generator=torch.Generator().manual_seed(seed)))


@node("Double")
def double(sheet: Sheet, label: str = "double") -> Sheet:
    """Twice a sheet."""
    RAN.append(label)
    return Sheet(sheet.values * 2)


@node("Slow")
def slow(value: float = 1.0, label: str = "slow") -> Latent:
    """A latent that takes its time: dear enough for the disk."""
    RAN.append(label)
    time.sleep(0.05)
    return Latent(torch.full((1, 4, 2, 2), value))


@node("Twice")
def twice(latent: Latent, label: str = "twice") -> Latent:
    """Twice a latent."""
    RAN.append(label)
    return Latent(latent.samples * 2)


@node("Overflow")
def overflow(at: int = 2, worse: Literal["nan", "inf"] = "nan") -> Generator[Step, None, Latent]:
    """Four steps, of which one makes numbers that are none."""
    samples = torch.zeros(1, 4, 2, 2)
    for index in range(1, 5):
        samples = samples + (float(worse) if index == at else 1.0)
        yield Step(index, 4, Latent(samples))
    return Latent(samples)


def _remarks(calls: list[dict[str, Any]]) -> list[Latent]:
    """What `remark` gives, for several texts."""
    RAN.append(f"{len(calls)} remarks")
    for number, call in enumerate(calls):
        if len(call["text"]) > 4:
            warn(f"{call['text']!r} is long", number)
    return [Latent(torch.full((1, 4, 2, 2), float(len(call["text"])))) for call in calls]


@node("Remark", together=_remarks)
def remark(text: str = "") -> Latent:
    """A latent as long as a text, which it warns of when it is long."""
    return _remarks([{"text": text}])[0]


@node("Note seeds")
def note_seeds(*sheets: Sheet, seeds: Annotated[str, Supplied("seeds")] = "") -> Note:
    """The seeds that sheets came from."""
    return Note(seeds)


@node("Spoil")
def spoil(sheet: Sheet) -> Sheet:
    """Breaks the rule: changes its input in place."""
    RAN.append("spoil")
    sheet.values.mul_(2)
    return sheet


@node("Words")
def words(text: Annotated[str, Multiline()] = "", label: str = "words") -> list[str]:
    """The words of a text."""
    RAN.append(label)
    return text.split()


@node("Numbers")
def numbers(text: str = "", label: str = "numbers") -> list[int]:
    """The numbers of a text."""
    RAN.append(label)
    return [int(word) for word in text.split()]


@node("Boxes")
def boxes(values: str = "", box: Box | None = None, label: str = "boxes") -> list[Box]:
    """A box for each number of a text, and as many more as the box says."""
    RAN.append(label)
    return [Box(int(word)) for word in values.split()] + [Box(index) for index in range(box.value if box else 0)]


@node("Weigh")
def weigh(box: Box | None = None, value: Annotated[int, Range(0, 100)] = 0, text: str = "") -> Box:
    """Fails for 13."""
    weight = value + len(text) + (box.value if box else 0)
    RAN.append(f"weigh {weight}")
    if weight == 13:
        raise NodeError("13 is too much; take another number")
    return Box(weight)


def _squares(calls: list[dict[str, Any]]) -> list[Sheet]:
    """All squares at once; none where one of them is 13."""
    RAN.append("together " + " ".join(str(call["value"]) for call in calls))
    if any(call["value"] == 13 for call in calls):
        raise ValueError("13 is too much")
    return [Sheet(row) for row in torch.tensor([[float(call["value"])] for call in calls]).square().split(1)]


@node("Square", together=_squares)
def square(value: int = 0) -> Sheet:
    """A square, which can be computed with others."""
    RAN.append(f"square {value}")
    if value == 13:
        raise NodeError("13 is too much")
    return Sheet(torch.tensor([[float(value)]]).square())


@node("Gather")
def gather(boxes: list[Box], names: list[str] | None = None, label: str = "gather") -> Box:
    """The sum of a list of boxes."""
    RAN.append(label)
    return Box(sum(box.value for box in boxes) + len(names or ()))


@node("Match")
def match(left: list[Box], right: list[Box]) -> str:
    """Two lists side by side."""
    return " ".join(f"{a.value}:{b.value}" for a, b in zip(left, right, strict=True))


@node("Pairs")
def pairs(count: int = 2) -> Pairs:
    """Two lists that go together."""
    RAN.append("pairs")
    return Pairs([str(index) for index in range(count)], [10 * index for index in range(count)])


@node("Learned")
def learned(text: Annotated[str, NamesEmbeddings()] = "") -> int:
    """The length of a text that may name embeddings."""
    RAN.append("learned")
    return len(text)


@node("Said")
def said(text: Annotated[str, Multiline()] = "") -> str:
    """A text as it stands."""
    RAN.append("said")
    return text


@node("Uneven")
def uneven() -> Pairs:
    """Two lists that do not."""
    return Pairs(["a"], [])


PACK = Packs()
PACK.add(sys.modules[__name__], "1.0")


def wire(nodes: dict[str, tuple[Any, ...]]) -> Workflow:
    """A workflow from ``{"id": (type, params, {"input": "node.output" or [...]})}``."""
    workflow = Workflow()
    for name, (kind, *rest) in nodes.items():
        params, inputs = (*rest, {}, {})[:2]
        workflow.nodes[name] = Node(kind if "." in kind else f"{__name__}.{kind}", params=params)
        for port, given in inputs.items():
            for slot, address in enumerate([given] if isinstance(given, str) else given):
                start, _, output = address.partition(".")
                link = Link(start, output or "box", name, port, slot)
                workflow.links[link.socket] = link
    return workflow
