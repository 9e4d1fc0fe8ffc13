"""Seeds once a run is queued: they stay, are drawn anew, or count on. By edits that can be undone."""

from __future__ import annotations

import random
from typing import Any

from PySide6.QtCore import QObject

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.graph.edits.edits import Edit, EditBatch, SetParam
from nodeflow.graph.edits.subgraph_edits import at, levels
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.workflow import SeedMode, Socket
from nodeflow.graph.subgraphs.instances import with_subgraphs

_AFTER: dict[SeedMode | None, SeedMode | None] = {None: "random", "random": "increment", "increment": None}
_MOST = 2**32
"""Seeds that are drawn lie below this, since people read them and other programs take no larger ones."""


def another(param: Param) -> int:
    """A seed drawn by chance."""
    low, high = int(param.minimum or 0), int(param.maximum if param.maximum is not None else _MOST)
    return random.randrange(low, min(high, low + _MOST - 1) + 1)


def following(param: Param, value: Any, mode: SeedMode) -> int:
    """The seed after a run."""
    if mode == "random" or not isinstance(value, int):
        return another(param)
    low, high = int(param.minimum or 0), param.maximum
    return low if high is not None and value >= high else value + 1


def mode_after(mode: SeedMode | None) -> SeedMode | None:
    """Fixed, random, increment, and around again."""
    return _AFTER[mode]


class Seeds(QObject):
    """Moves the seeds of a session's document on after each run that is queued."""

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        session.queued.connect(self.move_on)

    def move_on(self) -> None:
        """Give each seed that is not fixed its next value, inside subgraphs too."""
        workflow = self._session.workflow
        catalogue = with_subgraphs(self._session.catalogue, workflow)
        edits: list[Edit] = []
        for where, body in levels(workflow):
            for name, place in body.layout.items():
                spec = catalogue.nodes.get(body.nodes[name].type) if name in body.nodes else None
                for key, mode in place.seeds.items():
                    param = spec.param(key) if spec is not None else None
                    if param is not None and Socket(name, key) not in body.links:
                        value = body.nodes[name].params.get(key, param.default)
                        edits.append(at(where, SetParam(name, key, following(param, value, mode))))
        if edits:
            self._session.do(self.tr("Next Seed"), EditBatch(tuple(edits)))
