"""Circles of wires: nodes that wait for one another for ever."""

from __future__ import annotations

from collections.abc import Iterator

from nodeflow.graph.model.workflow import Link


class Circles:
    """Finds circles one after the other, taking each out of the way of the next. Linear in nodes and links."""

    def __init__(self, incoming: dict[str, list[Link]], names: set[str]) -> None:
        self._sources = {name: sorted({link.source for link in incoming.get(name, ())} & names) for name in names}
        self._followers: dict[str, list[str]] = {name: [] for name in names}
        for name, sources in self._sources.items():
            for source in sources:
                self._followers[source].append(name)
        self._waits = {name: len(sources) for name, sources in self._sources.items()}
        """How many sources a node still waits for; a node that waits for none is gone (Kahn's algorithm)."""
        self._release([name for name, count in self._waits.items() if not count])

    def found(self) -> Iterator[list[str]]:
        """Each circle, in the order in which values would flow."""
        at = dict.fromkeys(self._waits, 0)
        for start in sorted(self._waits):
            path, place = [start], {start: 0}
            while path:  # back along the wires until a node comes twice
                name = path[-1]
                if name not in self._waits:
                    del place[path.pop()]
                    continue
                while self._sources[name][at[name]] not in self._waits:
                    at[name] += 1
                source = self._sources[name][at[name]]
                if source not in place:
                    place[source] = len(path)
                    path.append(source)
                    continue
                circle = path[place[source] :][::-1]
                yield circle
                self._release(circle)

    def _release(self, names: list[str]) -> None:
        """Take nodes out, and all that then wait for nothing."""
        todo = list(names)
        while todo:
            name = todo.pop()
            if self._waits.pop(name, None) is None:
                continue
            for follower in self._followers[name]:
                if follower in self._waits:
                    self._waits[follower] -= 1
                    if not self._waits[follower]:
                        todo.append(follower)
