"""Steps as cache entries: what each step of a streaming node left behind, so that a later run goes on from there.

Keys chain: a step's key is the digest of the step before and of what is in force at it. Runs that agree up to a step
share all entries up to it. In memory every step is kept, within a budget: the runs used longest ago lose their last
steps first. On disk, steps that follow each other lie together in one file, a piece, found by the key of its first
step; a piece is written when its steps took so long that the writing does not count.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.value_size import MemoryLedger, blocks
from nodeflow.engine.planning.value_identity import Identities, Unidentified
from nodeflow.node import KeptSteps, Steps

SECONDS_PER_WRITE = 200
"""A piece goes to disk when its steps took so many times longer than writing does."""
LAST_SECONDS_PER_WRITE = 10
"""The same for the last piece of a run: nothing waits for it in the loop."""
STEP_SECONDS_SHARE = 0.25
"""What a step's seconds count on disk beside those of a result: it is asked for less often."""


class StepEntry:
    """A step: the state after it, what it made, what it cost, and the key of the first step of its piece."""

    __slots__ = ("held", "made", "piece", "seconds", "state")

    def __init__(self, state: Any, made: Any, seconds: float, piece: bytes) -> None:
        self.state, self.made, self.seconds, self.piece = state, made, seconds, piece
        self.held = blocks((state, made))


class StepStore:
    """The steps of all runs."""

    def __init__(
        self,
        budget: dict[str, int],
        disk: DiskStore | None = None,
        pace: float = SECONDS_PER_WRITE,
        last_pace: float = LAST_SECONDS_PER_WRITE,
    ) -> None:
        """``budget``: bytes of memory by device class; what has no room there is not written to disk either."""
        self.identities = Identities()
        self.disk, self.pace, self.last_pace = disk, pace, last_pace
        self.ledger = MemoryLedger(budget)
        self.write_seconds = 0.005
        """What writing a piece takes, from the last ones."""
        self._entries: dict[bytes, StepEntry] = {}
        self._used: dict[bytes, tuple[int, int]] = {}
        self._heap: list[tuple[tuple[int, int], bytes]] = []
        self._runs = 0

    def __len__(self) -> int:
        return len(self._entries)

    def begin(self, node: str) -> StepRun:
        """Steps for one run of a node, which is named with its version."""
        self._runs += 1
        return StepRun(self, node)

    def find(self, keys: Sequence[bytes]) -> list[StepEntry]:
        """The longest prefix of steps that is there, in memory or on disk; from now on all of it is in memory."""
        found: list[StepEntry] = []
        loaded: dict[bytes, StepEntry] = {}
        tried: set[bytes] = set()
        for key in keys:
            entry = self._entries.get(key) or loaded.get(key)
            for first in (key, *(last.piece for last in found[-1:])):
                if entry is None and first not in tried:
                    tried.add(first)
                    loaded |= self._load(first)
                    entry = loaded.get(key)
            if entry is None:
                break
            found.append(entry)
        for depth, (key, entry) in enumerate(zip(keys, found, strict=False)):
            if key in self._entries:
                self._use(key, depth)
            elif not self.add(key, entry, depth):
                break
        return found

    def add(self, key: bytes, entry: StepEntry, depth: int) -> bool:
        """Hold a step, whose ``depth`` predecessors are held, in memory. False where the budget has no room."""
        self._forget(key)
        self._entries[key] = entry
        self.ledger.add(entry.held)
        self._use(key, depth)
        self._make_room()
        self.ledger.settle()
        return key in self._entries

    def drop(self, keys: Sequence[bytes]) -> None:
        """Forget steps, wherever they are."""
        for key in keys:
            self._forget(key)
            if self.disk:
                self.disk.drop(_address(key))
        self.ledger.settle()

    def clear(self, device: str = "") -> None:
        """Forget what is in memory: all of it, or what lies on one class of device."""
        for key, entry in list(self._entries.items()):
            if not device or any(block[0] == device for block in entry.held):
                self._forget(key)
        self.ledger.settle()

    def rest(self) -> None:
        """Let go of steps that the disk has too."""
        if self.disk is not None:
            pieces = {piece: _address(piece) in self.disk for piece in {one.piece for one in self._entries.values()}}
            for key in [key for key, entry in self._entries.items() if pieces[entry.piece]]:
                self._forget(key)
            self.ledger.settle()

    def write(self, steps: list[tuple[bytes, StepEntry]]) -> None:
        """Write a piece to disk."""
        if self.disk is None:
            return
        begin = time.perf_counter()
        first, entries = steps[0][0], [entry for _, entry in steps]
        rows = tuple((key.hex(), entry.state, entry.made, entry.seconds) for key, entry in steps)
        self.disk.put(_address(first), rows, STEP_SECONDS_SHARE * sum(entry.seconds for entry in entries))
        self.write_seconds = (self.write_seconds + time.perf_counter() - begin) / 2

    def _load(self, first: bytes) -> dict[bytes, StepEntry]:
        found = self.disk.get(_address(first)) if self.disk else None
        rows = found[0] if found else ()
        return {bytes.fromhex(key): StepEntry(state, made, seconds, first) for key, state, made, seconds in rows}

    def _use(self, key: bytes, depth: int) -> None:
        self._used[key] = (self._runs, -depth)
        heapq.heappush(self._heap, (self._used[key], key))
        if len(self._heap) > 64 + 4 * len(self._entries):
            self._heap = [(used, name) for name, used in self._used.items()]
            heapq.heapify(self._heap)

    def _make_room(self) -> None:
        while self.ledger.is_over() and self._heap:
            used, key = heapq.heappop(self._heap)
            if self._used.get(key) == used:
                self._forget(key)

    def _forget(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            del self._used[key]
            self.ledger.remove(entry.held)


class StepRun(Steps):
    """The steps of one run of a node. Use it as a context: at its end what is not on disk yet may go there."""

    def __init__(self, store: StepStore, node: str) -> None:
        self._store, self._node = store, node
        self._keys: list[bytes] = []
        self._piece: list[tuple[bytes, StepEntry]] = []
        self._count = 0
        self._clock = 0.0
        self.total = 0
        """How many steps the whole run has."""
        self.resumed = 0
        """How many of them an earlier run had made."""
        self.saved = 0.0
        """The seconds that those had taken."""

    def __enter__(self) -> StepRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._flush(self._store.last_pace)

    @property
    def keeps(self) -> bool:
        return self._count < len(self._keys)

    def resume(self, start: object, steps: Sequence[object]) -> KeptSteps:
        self.total = len(steps)
        try:
            self._keys = self._store.identities.chain((self._node, start), steps)
        except Unidentified:
            return KeptSteps()
        found = self._store.find(self._keys)
        self.resumed = self._count = len(found)
        self.saved = sum(entry.seconds for entry in found)
        self._clock = time.perf_counter()
        return KeptSteps(tuple(entry.made for entry in found), found[-1].state if found else None)

    def keep(self, state: object, made: object) -> None:
        if not self.keeps:
            return
        key = self._keys[self._count]
        seconds = time.perf_counter() - self._clock
        entry = StepEntry(state, made, seconds, self._piece[0][0] if self._piece else key)
        if self._store.add(key, entry, self._count):
            self._count += 1
            self._piece.append((key, entry))
            self._flush(self._store.pace)
        else:
            self._keys = []  # a step is worth nothing without those before it
        self._clock = time.perf_counter()

    def discard(self) -> None:
        """Forget the steps that this run has kept."""
        self._store.drop(self._keys[self.resumed : self._count])

    def _flush(self, pace: float) -> None:
        """Write the steps since the last piece, where they took ``pace`` times longer than writing does."""
        if self._piece and sum(entry.seconds for _, entry in self._piece) >= pace * self._store.write_seconds:
            self._store.write(self._piece)
            self._piece = []


def _address(first: bytes) -> bytes:
    return b"steps " + first
