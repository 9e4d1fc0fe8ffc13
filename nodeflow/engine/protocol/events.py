"""Events of a run, one small message a change. Data only, no torch."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ran", "cached", "skipped", "failed"]


class RunStarted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A run begins; ``nodes`` are those it may have to evaluate, in order; ``environment`` is what computes.

    ``expected`` are the seconds that those will take which will run, as far as earlier runs tell.
    """

    nodes: tuple[str, ...]
    environment: dict[str, str] = {}
    expected: dict[str, float] = {}


Item = tuple[int, ...]
"""One run of a node that lists or sweeps run several times: its place along each of the node's axes, from 0.

An axis is a list, named by the node that gives it, or a sweep, named ``node.parameter``. Empty for a node that runs
once.
"""


class ListKnown(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The items along an axis: numbers and texts as they are, of anything else its number, from 1.

    ``item`` is that of the node that gives the list, where that node runs several times itself.
    """

    axis: str
    values: tuple[str | int | float | bool, ...]
    item: Item = ()


class NodeMapped(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A node runs once for each of ``count`` items, along these axes. Comes before the events of its items."""

    node: str
    axes: tuple[str, ...]
    count: int


class NodeStarted(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A node is being computed, and why it was not taken from the cache."""

    node: str
    why: str
    item: Item = ()


class NodeProgress(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A streaming node finished step ``index`` of ``total``; ``preview`` is a small PNG, empty where there is none."""

    node: str
    index: int
    total: int
    seconds_left: float
    preview: bytes = b""
    item: Item = ()


class Summary(msgspec.Struct, frozen=True):
    """One output of a finished node: its wire type, a line about it, and whether it can be seen as images."""

    output: str
    type: str
    text: str
    pictures: int = 0


class NodeFinished(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A node's result is there: computed just now (``ran``) or known (``cached``). ``files`` are paths it wrote.

    ``bytes`` is the memory that it took at its peak, beyond what was held before; 0 where that was not measured. Where
    memory was short and it was computed in smaller pieces, ``short`` are the bytes that there were. ``modes`` say how
    networks lay there that were not whole (``blocks``, ``leaves``), and ``tiled`` for such pieces.
    Of the ``steps`` of a node that keeps its steps, ``resumed`` came from an earlier run. By its ``key`` the result
    can be looked at later, also when the node has another. ``notes`` are sentences on what a person should know of the
    result; a cached one has them too.
    """

    node: str
    state: Literal["ran", "cached"]
    seconds: float = 0.0
    why: str = ""
    values: tuple[Summary, ...] = ()
    files: tuple[str, ...] = ()
    bytes: int = 0
    short: int = 0
    resumed: int = 0
    steps: int = 0
    item: Item = ()
    key: str = ""
    notes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()

    @property
    def reuse(self) -> str:
        """Return how many steps were taken from the cache, in words; empty where none was."""
        return f"{self.resumed} of {self.steps} steps from the cache" if self.resumed else ""


class NodeFailed(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A node could not be computed: one sentence; ``detail`` holds the traceback for the log.

    ``look``: what the node takes and gives says more than the sentence can, so that it is worth looking at.
    """

    node: str
    error: str
    seconds: float = 0.0
    detail: str = ""
    item: Item = ()
    look: bool = False


class NodeSkipped(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """A node was not computed because of what it depends on, or because it is muted."""

    node: str
    why: str
    item: Item = ()


class NodesKept(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Nodes that were not looked at, since what is made from them came from the cache; of some perhaps only items.

    ``keys`` are those of their results, in the same order; empty for a node that ran for each item of a list.
    ``notes`` are those of the results, by node, where there are any.
    """

    nodes: tuple[str, ...]
    keys: tuple[str, ...] = ()
    notes: dict[str, tuple[str, ...]] = {}


class RunFinished(msgspec.Struct, frozen=True, tag=True):
    """The run is over. ``seeds`` were in force, by ``node.parameter``."""

    state: Literal["done", "failed", "cancelled"]
    seconds: float
    seeds: dict[str, int] = {}


Event = (
    RunStarted
    | ListKnown
    | NodeMapped
    | NodeStarted
    | NodeProgress
    | NodeFinished
    | NodeFailed
    | NodeSkipped
    | NodesKept
    | RunFinished
)
