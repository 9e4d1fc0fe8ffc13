"""Share of one worker in a run that several work on. Data only, no torch."""

from __future__ import annotations

import msgspec


class Share(msgspec.Struct, frozen=True):
    """The items that a worker computes before all others: each ``of``-th, from number ``place`` on.

    The worker with place 0 runs the whole: it takes what others computed from the disk, writes the files, and tells
    what happens. The others only compute what it will find there.
    """

    place: int = 0
    of: int = 1

    @property
    def helps(self) -> bool:
        """Whether it is the share of a worker that another one's run is helped by."""
        return self.place > 0


WHOLE = Share()
