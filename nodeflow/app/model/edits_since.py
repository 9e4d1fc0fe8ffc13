"""Nodes that were edited after a run was handed to the engine: what it gives is that of an older workflow. No Qt."""

from __future__ import annotations

from collections.abc import Collection


class EditsSinceHandedOver:
    """Holds, for each run that is handed over and not finished, the paths of nodes that are edited meanwhile."""

    def __init__(self) -> None:
        self._edited: dict[int, set[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._edited)

    def begin(self, job: int) -> None:
        """A run is handed over as the workflow stands."""
        self._edited[job] = set()

    def note(self, names: Collection[str]) -> None:
        """Results of these nodes are changed by an edit."""
        for edited in self._edited.values():
            edited.update(names)

    def note_of(self, job: int, names: Collection[str]) -> None:
        """In one run, results of these nodes are old."""
        self._edited[job].update(names)

    def of(self, job: int) -> Collection[str]:
        """Return the nodes whose results from a run are old already."""
        return self._edited.get(job, ())

    def end(self, job: int) -> None:
        """A run is over."""
        self._edited.pop(job, None)
