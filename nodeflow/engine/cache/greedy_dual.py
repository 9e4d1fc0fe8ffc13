"""The order in which things leave a cache: what costs least to have again for the bytes it holds, and is not used."""

from __future__ import annotations

import heapq


class GreedyDual:
    """Keys ranked by worth (seconds a byte) and use: GreedyDual-Size, Cao & Irani 1997."""

    def __init__(self) -> None:
        self._clock = 0.0
        self._ranks: dict[bytes, float] = {}
        self._heap: list[tuple[float, bytes]] = []

    def __len__(self) -> int:
        return len(self._ranks)

    def touch(self, key: bytes, worth: float) -> None:
        """Take a key in, or note that it was used: what was not used since then goes before it at equal worth."""
        rank = self._ranks[key] = self._clock + worth
        heapq.heappush(self._heap, (rank, key))
        if len(self._heap) > 64 + 4 * len(self._ranks):
            self._heap = [(known, name) for name, known in self._ranks.items()]
            heapq.heapify(self._heap)

    def forget(self, key: bytes) -> None:
        """Rank a key no more."""
        self._ranks.pop(key, None)

    def pop(self) -> bytes:
        """The key that goes first, ranked no more. Raises IndexError where there is none."""
        while True:
            rank, key = heapq.heappop(self._heap)
            if self._ranks.get(key) == rank:
                del self._ranks[key]
                self._clock = max(self._clock, rank)
                return key
