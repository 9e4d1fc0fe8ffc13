"""Seeds before a run is queued: they stay, are drawn anew, or count on. By edits that can be undone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtCore import QObject

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.graph.edits.edits import Edit, EditBatch, SetParam
from nodeflow.graph.edits.subgraph_edits import at, levels
from nodeflow.graph.model.catalogue import NodeSpec, Param
from nodeflow.graph.model.workflow import SeedMode, Socket
from nodeflow.graph.subgraphs.instances import with_subgraphs

_AFTER: dict[SeedMode | None, SeedMode | None] = {None: "random", "random": "increment", "increment": None}
_MOST = 2**32
"""Seeds that are drawn lie below this, since people read them and other programs take no larger ones."""


def another(param: Param) -> int:
    """A seed drawn by chance."""
    low, high = int(param.minimum or 0), int(param.maximum if param.maximum is not None else _MOST)
    return random.randrange(low, min(high, low + _MOST - 1) + 1)


def following(param: Param, value: Any, mode: SeedMode, taken: int = 1) -> int:
    """The seed after a run that took so many seeds in a row."""
    if mode == "random" or not isinstance(value, int):
        return another(param)
    low, high = int(param.minimum or 0), param.maximum
    return low if high is not None and value + taken > high else value + taken


def mode_after(mode: SeedMode | None) -> SeedMode | None:
    """Fixed, random, increment, and around again."""
    return _AFTER[mode]


class Seeds(QObject):
    """Moves the seeds of a session's document on before each run, so that a node shows the seed of its last image.

    A seed that no run had yet, such as one that was just typed, is taken as it is.
    """

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._used: dict[tuple[str, str, str], Any] = {}
        """The seeds that the last run had, by subgraph, node and parameter."""
        session.starting.connect(self.move_on)
        session.queued.connect(self._note)
        session.opened.connect(self._used.clear)

    def move_on(self) -> None:
        """Give each seed that is not fixed, and that a run had, its next value; inside subgraphs too."""
        edits: dict[tuple[str, str, str], Edit] = {
            (where, name, param.name): at(where, SetParam(name, param.name, following(param, value, mode, taken)))
            for where, name, param, mode, value, taken in self._moving()
            if self._used.get((where, name, param.name)) == value
        }
        if edits:
            batch = EditBatch(tuple(edits.values()))
            self._session.do(self.tr("Next Seed"), batch, gesture=("next seed", *edits))

    def _note(self) -> None:
        self._used = {(where, name, param.name): value for where, name, param, _, value, _ in self._moving()}

    def _moving(self) -> Iterator[tuple[str, str, Param, SeedMode, Any, int]]:
        """Yield the seeds that move: subgraph, node, parameter, mode, value, and how many a run takes in a row."""
        workflow = self._session.workflow
        catalogue = with_subgraphs(self._session.catalogue, workflow)
        for where, body in levels(workflow):
            for name, place in body.layout.items():
                spec = catalogue.nodes.get(body.nodes[name].type) if name in body.nodes else None
                for key, mode in place.seeds.items():
                    param = spec.param(key) if spec is not None else None
                    if spec is not None and param is not None and Socket(name, key) not in body.links:
                        given = body.nodes[name].params
                        yield where, name, param, mode, given.get(key, param.default), seeds_taken(spec, param, given)


def seeds_taken(spec: NodeSpec, param: Param, given: Mapping[str, Any]) -> int:
    """Return how many seeds in a row a node takes from a seed on, by what is given to it."""
    several = spec.param(param.several) if param.several else None
    count = given.get(several.name, several.default) if several is not None else 1
    return count if isinstance(count, int) and count > 0 else 1
