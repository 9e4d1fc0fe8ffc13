"""The cache: results by content key, in memory within a budget of bytes for each device class, behind it on disk."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.cache.greedy_dual import GreedyDual
from nodeflow.engine.cache.value_parts import Leaves, leaves
from nodeflow.engine.cache.value_size import OVERHEAD, Block, MemoryLedger, blocks, has_module

RESULTS_SHARE = 0.25
"""The share of the budget that results keep when models want more than the rest."""
NOTE_SECONDS = 1.0
"""What a note counts as having cost, so that it is kept for as long as the result may be."""


class CacheEntry:
    """A result: the outputs of a node, what computing them cost, and the memory they hold."""

    __slots__ = ("blocks", "model", "outputs", "seconds")

    def __init__(self, outputs: tuple[Any, ...], seconds: float) -> None:
        self.outputs = outputs
        self.seconds = seconds
        held = Leaves(leaves(outputs, deep=True))
        self.blocks: dict[Block, int] = blocks(held)
        self.model = has_module(held)

    @property
    def worth(self) -> float:
        """Seconds that having it again costs, for each byte that it holds."""
        return self.seconds / (OVERHEAD + sum(self.blocks.values()))


class ResultCache:
    """Keeps results while they fit. What costs least to have again against its bytes, aged by use, goes first.

    Results leave before models until they hold no more than their share: most of them are on disk too, or are looked at
    once, while every run wants its models. Beyond that, models leave, by the time that loading them took. What entries
    share is counted once.
    """

    def __init__(self, budget: dict[str, int], disk: DiskStore | None = None) -> None:
        """``budget``: bytes by device class (``cpu``, ``cuda``); a class that is not named keeps nothing."""
        self.budget = budget
        self.disk = disk
        self._ledger = MemoryLedger(budget)
        self._entries: dict[bytes, CacheEntry] = {}
        self._results, self._models = GreedyDual(), GreedyDual()
        self._share = MemoryLedger({device: int(size * RESULTS_SHARE) for device, size in budget.items()})
        """What the results among the entries hold."""
        self._lock = threading.RLock()  # a peek looks while a node computes

    @property
    def used(self) -> dict[str, int]:
        """Bytes held, by device class."""
        return self._ledger.used

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: bytes) -> bool:
        return key in self._entries

    def get(self, key: bytes) -> tuple[Any, ...] | None:
        """The outputs stored under a key, which makes them the most recently used; None where there are none."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None:
                self._touch(key, entry)
                return entry.outputs
            found = self.disk.get(key) if self.disk else None
            if found is None:
                return None
            self._keep(key, *found)
            return found[0]

    def peek(self, key: bytes) -> tuple[Any, ...] | None:
        """The outputs stored under a key, for a look that counts as no use."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is not None:
            return entry.outputs
        found = self.disk.get(key) if self.disk else None
        return found[0] if found else None

    def notes(self, key: bytes) -> tuple[str, ...]:
        """The notes on the outputs stored under a key."""
        return self.peek(_note_key(key)) or ()

    def where(self, key: bytes) -> str:
        """Return which tier holds a key: ``memory``, ``disk``, or none (empty)."""
        if key in self._entries:
            return "memory"
        return "disk" if self.disk and key in self.disk else ""

    def put(self, key: bytes, outputs: tuple[Any, ...], seconds: float, notes: tuple[str, ...] = ()) -> None:
        """Store outputs that took ``seconds`` to compute, and let go of others where the budget is exceeded.

        ``notes`` are kept beside them, longer than they are where they have to go.
        """
        if notes:
            self.put(_note_key(key), notes, max(seconds, NOTE_SECONDS))
        with self._lock:
            self._keep(key, outputs, seconds)
        if self.disk:
            self.disk.put(key, outputs, seconds)

    def _keep(self, key: bytes, outputs: tuple[Any, ...], seconds: float) -> None:
        self._forget(key)
        entry = CacheEntry(outputs, seconds)
        if any(size > self.budget.get(device, 0) for device, size in _by_device(entry.blocks).items()):
            self._ledger.settle()
            return
        self._entries[key] = entry
        self._ledger.add(entry.blocks)
        if not entry.model:
            self._share.add(entry.blocks)
        self._touch(key, entry)
        self._make_room()
        self._ledger.settle()

    def drop(self, key: bytes) -> None:
        """Forget one result, wherever it is."""
        with self._lock:
            self._forget(key)
            self._ledger.settle()
        if self.disk:
            self.disk.drop(key)

    def _forget(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._ledger.remove(entry.blocks)
            self._order(entry).forget(key)
            if not entry.model:
                self._share.remove(entry.blocks)

    def clear(self, device: str = "") -> None:
        """Forget what is in memory: all of it, or what lies on one class of device."""
        with self._lock:
            for key, entry in list(self._entries.items()):
                if not device or any(block[0] == device for block in entry.blocks):
                    self._forget(key)
            self._ledger.settle()

    def rest(self) -> None:
        """Let go of results that the disk has too: who asks for one finds it there. Models stay."""
        if self.disk is None:
            return
        with self._lock:
            for key in [key for key, entry in self._entries.items() if not entry.model and key in self.disk]:
                self._forget(key)
            self._ledger.settle()

    def _touch(self, key: bytes, entry: CacheEntry) -> None:
        self._order(entry).touch(key, entry.worth)

    def _order(self, entry: CacheEntry) -> GreedyDual:
        return self._models if entry.model else self._results

    def _make_room(self) -> None:
        while self._ledger.is_over():
            order = self._results if self._share.is_over() or not self._models else self._models
            self._forget(order.pop())


def _note_key(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=16, person=b"notes").digest()


def _by_device(found: dict[Block, int]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for (device, _), size in found.items():
        sizes[device] = sizes.get(device, 0) + size
    return sizes
