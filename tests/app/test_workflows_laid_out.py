"""Ready-made workflows on the canvas: no node lies over another one or over a note, with all the rows that it has."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot

from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Workflow
from nodeflow.resources import folder

WORKFLOWS = sorted(folder("workflows").glob("*.json"))


SIX = [WORKFLOWS[part::6] for part in range(6)]


def _is_shown(window: MainWindow, workflow: Workflow) -> bool:
    """Whether the canvas has the nodes of a workflow where it has them: others may have nodes of the same names."""
    places = {name: (card.pos().x(), card.pos().y()) for name, card in window.canvas.nodes.items()}
    return places == {name: (place.x, place.y) for name, place in workflow.layout.items()}


@pytest.mark.parametrize("paths", SIX, ids=lambda paths: paths[0].stem)
def test_nothing_lies_over_anything(window: MainWindow, qtbot: QtBot, paths: list[Path]) -> None:
    for path in paths:
        workflow = files.load(path)
        window.documents.show_file(path)
        qtbot.waitUntil(lambda shown=workflow: _is_shown(window, shown), timeout=10_000)
        nodes = {name: card.body.translated(card.pos()) for name, card in window.canvas.nodes.items()}
        notes = {
            name: QRectF(note.x, note.y, note.width, note.height)
            for name, note in workflow.annotations.items()
            if note.kind == "note"
        }
        pairs = itertools.chain(itertools.combinations(nodes, 2), itertools.product(nodes, notes))
        areas = {**notes, **nodes}
        assert [(path.stem, *pair) for pair in pairs if areas[pair[0]].intersects(areas[pair[1]])] == []
