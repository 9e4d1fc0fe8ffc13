"""The workflow: nodes, the links between them, and where each node stands on the canvas."""

from __future__ import annotations

import copy
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec.structs import force_setattr

from nodeflow.graph.model.annotation import FARTHEST, Annotation, within
from nodeflow.graph.model.form import Form
from nodeflow.graph.model.plain_values import readable

Mode = Literal["run", "mute", "bypass"]
SeedMode = Literal["random", "increment"]

LONGEST_SIDE = 4000.0
"""Scene units that a node can be made wide or high."""

NODE_ID = re.compile(r"[^\W\d][\w-]*")
"""A node's id: a letter, then letters, digits, ``_`` and ``-`` (any script). It never changes on load or save."""


class Problem(msgspec.Struct, frozen=True, order=True):
    """One thing that is wrong: on which node, at which port or parameter (empty: the whole), and why."""

    node: str
    port: str
    reason: str

    def __str__(self) -> str:
        place = ".".join(part for part in (self.node, self.port) if part)
        return readable(f"{place}: {self.reason}" if place else self.reason)


class WorkflowError(Exception):
    """A workflow cannot be read, changed or run as asked. Holds every problem found, each a full sentence."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


class Node(msgspec.Struct, frozen=True):
    """One node: which function of which pack (``pack.function``), its version, and the parameters that were set.

    ``extra`` keeps fields that this version of nodeflow does not know, as the JSON text they were read from.
    """

    type: str
    version: int | None = None
    params: dict[str, Any] = {}
    mode: Mode = "run"
    extra: dict[str, bytes] = {}


class Socket(NamedTuple):
    """Hold where a link ends: a node's input by name; ``slot`` counts the links of an input that takes several."""

    node: str
    input: str
    slot: int = 0


class Link(msgspec.Struct, frozen=True, order=True):
    """A wire from an output of one node to a socket of another."""

    source: str
    output: str
    target: str
    input: str
    slot: int = 0

    @property
    def socket(self) -> Socket:
        return Socket(self.target, self.input, self.slot)


class Placement(msgspec.Struct, frozen=True):
    """Hold how a node is shown: position in scene units, and a title where the person gave one. Never part of a key.

    Where the position is beyond the canvas it is brought within.
    ``seeds``: what the app does with a seed parameter once a run is queued; one that is not named stays as it is.
    ``width`` and ``height`` in scene units, the height without problems and images; 0: as much as it needs.
    ``collapsed``: only its title is shown. ``pinned``: it stays where it is. ``colour`` names that of its title.
    """

    x: float
    y: float
    title: str = ""
    seeds: dict[str, SeedMode] = {}
    width: float = 0.0
    height: float = 0.0
    collapsed: bool = False
    pinned: bool = False
    colour: str = ""
    extra: dict[str, bytes] = {}

    def __post_init__(self) -> None:
        if self.width or self.height:
            for name in ("width", "height"):
                force_setattr(self, name, within(getattr(self, name), 0.0, LONGEST_SIDE))
        if abs(self.x) <= FARTHEST and abs(self.y) <= FARTHEST:
            return
        for name in ("x", "y"):
            force_setattr(self, name, within(getattr(self, name), -FARTHEST, FARTHEST))


class Source(msgspec.Struct, frozen=True):
    """The text that a node was read from, and what it said: an untouched node is written back as it was."""

    text: bytes
    node: Node
    links: tuple[Link, ...]


INPUTS, OUTPUTS = "@inputs", "@outputs"
"""The two terminals inside a subgraph: nodes by whose wires it is tied to the outside. No file names them as nodes."""
TERMINALS = (INPUTS, OUTPUTS)


class Interface(msgspec.Struct, frozen=True):
    """Hold how a subgraph looks from outside: its ports in order, and what its instances are called and explained with.

    An input that only feeds parameters inside is a parameter of the instances.
    """

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    title: str = ""
    doc: str = ""

    def faults(self) -> list[Problem]:
        """Return what is wrong with the names of the ports."""
        found: list[Problem] = []
        for side, names in (("inputs", self.inputs), ("outputs", self.outputs)):
            counts = Counter(names)
            for name in names:
                if not NODE_ID.fullmatch(name):
                    found.append(
                        Problem(side, name, "a port's name starts with a letter, then letters, digits, _ or -")
                    )
                elif counts[name] > 1:
                    found.append(Problem(side, name, "this name stands twice; rename one of them"))
        return found


class Subgraph(msgspec.Struct, frozen=True):
    """A definition that nodes of the type ``subgraph.NAME`` are instances of.

    ``body`` has the nodes inside and the two terminals; wires from and to these are what is exposed.
    """

    interface: Interface
    body: Workflow
    extra: dict[str, bytes] = {}

    def copy(self) -> Subgraph:
        """The same definition with a body of its own."""
        return Subgraph(self.interface, self.body.copy(), self.extra)


class Workflow(msgspec.Struct):
    """The document. Change it through :mod:`nodeflow.graph.edits.edits`, so that every change can be undone.

    All definitions of subgraphs stand at the root, so that ``subgraphs`` of a body is empty; so does the ``form``.
    """

    nodes: dict[str, Node] = {}
    links: dict[Socket, Link] = {}
    layout: dict[str, Placement] = {}
    packs: dict[str, str] = {}
    extra: dict[str, bytes] = {}
    layout_extra: dict[str, bytes] = {}
    sources: dict[str, Source] = {}
    annotations: dict[str, Annotation] = {}
    annotations_extra: dict[str, bytes] = {}
    subgraphs: dict[str, Subgraph] = {}
    form: Form | None = None

    def incoming(self) -> dict[str, list[Link]]:
        """Links by the node they end at, ordered by input and slot. Linear in nodes and links."""
        found: dict[str, list[Link]] = {name: [] for name in self.nodes}
        for link in self.links.values():
            found.setdefault(link.target, []).append(link)
        for links in found.values():
            links.sort(key=lambda link: (link.input, link.slot))
        return found

    def outgoing(self) -> dict[str, list[Link]]:
        """Links by the node they start from. Linear in nodes and links."""
        found: dict[str, list[Link]] = {name: [] for name in self.nodes}
        for link in self.links.values():
            found.setdefault(link.source, []).append(link)
        return found

    def copy(self) -> Workflow:
        """A workflow of its own with the same content; nodes and links are immutable and shared."""
        found = Workflow(**{name: copy.copy(getattr(self, name)) for name in self.__struct_fields__})
        found.subgraphs = {name: subgraph.copy() for name, subgraph in self.subgraphs.items()}
        return found


def upstream(incoming: dict[str, list[Link]], targets: list[str]) -> set[str]:
    """The targets and everything they are made from."""
    return _reached(targets, lambda name: [link.source for link in incoming.get(name, ())])


def downstream(outgoing: dict[str, list[Link]], starts: list[str]) -> set[str]:
    """The starts and everything that is made from them."""
    return _reached(starts, lambda name: [link.target for link in outgoing.get(name, ())])


def ordered(incoming: dict[str, list[Link]], needed: Iterable[str]) -> list[str]:
    """The needed nodes, each after all it comes from; the same workflow always in the same order."""
    waits = dict.fromkeys(sorted(needed), 0)
    followers: dict[str, list[str]] = {name: [] for name in waits}
    for name in waits:
        for link in incoming[name]:
            waits[name] += 1
            followers[link.source].append(name)
    ready = deque(name for name, count in waits.items() if not count)
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for follower in followers[name]:
            waits[follower] -= 1
            if not waits[follower]:
                ready.append(follower)
    return order


def _reached(starts: list[str], following: Callable[[str], list[str]]) -> set[str]:
    """All nodes that can be reached; each is looked at once."""
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo.extend(following(name))
    return seen
