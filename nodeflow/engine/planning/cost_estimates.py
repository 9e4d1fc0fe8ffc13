"""Costs of nodes in earlier runs: seconds and peak bytes, kept in SQLite for every process of this user.

A cost is looked up by the node's key first (the very same result was computed before), then by its likeness (the same
work, but for seeds and texts), then by its kind (the same but for steps, images at once and sizes, by which the seconds
are scaled), then by its type.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

import msgspec

from nodeflow.damaged_files import is_damaged, open_database, set_aside
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.plan import Plan, Task
from nodeflow.engine.planning.work import Work, is_measure, works
from nodeflow.graph.model.catalogue import NodeSpec, Param
from nodeflow.resources import cache_folder

MIN_SECONDS = 0.001
"""What is computed faster than this is not worth a note."""

MAX_COSTS = 20_000
"""How many costs are kept; the oldest go."""

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS cost (
    key BLOB PRIMARY KEY, seconds REAL NOT NULL, bytes INTEGER NOT NULL, short INTEGER NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kind (
    key BLOB PRIMARY KEY, seconds REAL NOT NULL, count REAL NOT NULL, area REAL NOT NULL, native REAL NOT NULL,
    at REAL NOT NULL
) WITHOUT ROWID;
"""

Basis = Literal["same", "alike", "kind", "type"]


class Cost(NamedTuple):
    """Hold what computing a node took: seconds, and bytes at its peak beyond what was there before (0: not known).

    Where memory was short, it is the cost of computing in smaller pieces, and ``short`` the bytes that were too few.
    """

    seconds: float
    bytes: int = 0
    short: int = 0


NO_COST = Cost(0.0)
NO_COSTS: Mapping[str, Cost] = MappingProxyType({})


class CostKind(NamedTuple):
    """A node's kind and how much it has to do beside others of it."""

    key: bytes
    work: Work


class KindCost(NamedTuple):
    """Hold what one of a kind took, and for how much work. ``native``: pixels of the model's own size, 0 if unknown."""

    seconds: float
    work: Work
    native: float = 0.0


class Estimate(NamedTuple):
    """Hold what computing a node may take, and what that is judged by: the same node, one alike, its kind or type."""

    cost: Cost
    basis: Basis


class Estimates:
    """Costs by key. Reading is a look into memory; what is noted reaches the file when `save` is called."""

    def __init__(self, file: Path | None = None) -> None:
        """``file``: where costs are kept; None forgets them with this object. Raises OSError and sqlite3.Error."""
        self._lock = threading.Lock()
        self._file = open_database(file or ":memory:", timeout=2)
        self._file.executescript(SCHEMA)
        rows = self._file.execute("SELECT key, seconds, bytes, short FROM cost ORDER BY at DESC LIMIT ?", (MAX_COSTS,))
        self._known = {key: Cost(*cost) for key, *cost in reversed(rows.fetchall())}
        self._new: dict[bytes, Cost] = {}
        kinds = self._file.execute(
            "SELECT key, seconds, count, area, native FROM kind ORDER BY at DESC LIMIT ?", (MAX_COSTS,)
        )
        self._kinds = {
            key: KindCost(seconds, Work(count, area), native) for key, seconds, count, area, native in kinds.fetchall()
        }
        self._new_kinds: dict[bytes, KindCost] = {}

    @classmethod
    def of_user(cls) -> Estimates:
        """Those in the user's cache folder; where there can be none, those of this session alone."""
        try:
            folder = cache_folder()
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / "costs.sqlite"
            try:
                return cls(file)
            except sqlite3.Error as error:
                if is_damaged(error):
                    set_aside(file).unlink()
                    return cls(file)
                raise
        except (OSError, sqlite3.Error):
            return cls()

    def note(self, spec: NodeSpec, device: str, key: bytes, likeness: bytes, cost: Cost) -> None:
        """Take down what a node took just now."""
        found = dict.fromkeys((key, likeness, _type_key(spec, device)), cost)
        with self._lock:
            for name in found:
                self._known.pop(name, None)
            self._known |= found
            self._new |= found
            while len(self._known) > MAX_COSTS:
                del self._known[next(iter(self._known))]

    def note_kind(self, kind: CostKind, seconds: float, native: float) -> None:
        """Take down what one of a kind took; ``native``: pixels of the images that it made of the model's own size."""
        with self._lock:
            self._kinds[kind.key] = self._new_kinds[kind.key] = KindCost(seconds, kind.work.known(native), native)
            while len(self._kinds) > MAX_COSTS:
                del self._kinds[next(iter(self._kinds))]

    def of(
        self, spec: NodeSpec, device: str, key: bytes | None, likeness: bytes, kind: CostKind | None = None
    ) -> Estimate | None:
        """Return what a node may take; ``key`` is None where it is not known yet."""
        if key is not None and (same := self._known.get(key)):
            return Estimate(same, "same")
        if alike := self._known.get(likeness):
            return Estimate(alike, "alike")
        if kind is not None and (known := self._kinds.get(kind.key)):
            return Estimate(Cost(known.seconds * kind.work.known(known.native).beside(known.work)), "kind")
        found = self._known.get(_type_key(spec, device))
        return Estimate(found, "type") if found else None

    def know(self, plan: Plan, device: str) -> bool:
        """Return whether there is an estimate for any node of a plan."""
        specs = {task.spec.type: task.spec for task in plan.tasks.values()}
        return any(_type_key(spec, device) in self._known for spec in specs.values())

    def save(self) -> None:
        """Write what is new, all in one. A file that cannot be written costs the estimates of later sessions only."""
        with self._lock:
            rows = [(key, *cost, time.time()) for key, cost in self._new.items()]
            kinds = [(key, one.seconds, *one.work, one.native, time.time()) for key, one in self._new_kinds.items()]
            self._new.clear()
            self._new_kinds.clear()
            if not rows:
                return
            with contextlib.suppress(sqlite3.Error), self._file:
                self._file.execute("BEGIN IMMEDIATE")
                self._file.executemany("INSERT OR REPLACE INTO cost VALUES (?, ?, ?, ?, ?)", rows)
                self._file.executemany("INSERT OR REPLACE INTO kind VALUES (?, ?, ?, ?, ?, ?)", kinds)
                for table in ("cost", "kind"):
                    oldest = f"SELECT key FROM {table} ORDER BY at DESC LIMIT -1 OFFSET ?"
                    self._file.execute(f"DELETE FROM {table} WHERE key IN ({oldest})", (MAX_COSTS,))

    def close(self) -> None:
        """Write what is new, and let go of the file."""
        self.save()
        self._file.close()


def _type_key(spec: NodeSpec, device: str) -> bytes:
    return f"{spec.type} on {device}".encode()


def likenesses(
    plan: Plan, settings: RunContext, leaves_out: Callable[[Param], bool] = lambda param: False
) -> dict[str, bytes]:
    """For each task what its cost depends on, as 16 bytes: a Merkle hash like the key, blind to seeds and texts.

    Paths count, what lies there does not, and parameters that ``leaves_out`` names do not. Linear in tasks
    and links.
    """
    found: dict[str, bytes] = {}
    for name, task in plan.tasks.items():
        wires = [
            (port, [(found[origin.node], origin.output) for origin in origins if origin.node in found])
            for port, origins in sorted(task.inputs.items())
        ]
        what = (task.spec.type, task.spec.version, settings.device, settings.dtype, _weighty(task, leaves_out), wires)
        found[name] = hashlib.blake2b(msgspec.msgpack.encode(what), digest_size=16).digest()
    return found


def kinds(plan: Plan, settings: RunContext) -> dict[str, CostKind]:
    """Each task's kind: its likeness but for its numbers; and how much of these there is."""
    keys, found = likenesses(plan, settings, is_measure), works(plan)
    return {name: CostKind(key, found[name]) for name, key in keys.items()}


def _weighty(task: Task, leaves_out: Callable[[Param], bool]) -> list[tuple[str, object]]:
    """The parameters that may change what a node costs."""
    return [
        (param.name, task.node.params.get(param.name, param.default))
        for param in task.spec.params
        if param.name not in task.inputs and not _light(param) and not leaves_out(param)
    ]


def _light(param: Param) -> bool:
    return param.widget == "seed" or param.writes or (param.kind == "str" and not param.reads)
