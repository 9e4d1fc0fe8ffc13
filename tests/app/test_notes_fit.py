"""Ready-made workflows as they are laid out: notes show their whole text, in every language, and nodes stand apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import pytest
from PySide6.QtWidgets import QApplication

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.items.note_item import NoteItem
from nodeflow.app.i18n import language
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.graph.io import files
from nodeflow.resources import folder

SLACK = 1.1
"""Fonts differ from machine to machine."""


@pytest.fixture(params=language.languages())
def spoken(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    yield language.install(qapp, request.param)
    language.install(qapp, "en")


def test_every_note_has_room_for_its_text(spoken: str) -> None:
    notes = [
        (path.stem, name, annotation)
        for path in sorted(folder("workflows").glob("*.json"))
        for name, annotation in files.load(path).annotations.items()
        if annotation.kind == "note"
    ]
    assert len(notes) > 50
    cut = [
        (stem, name, spoken)
        for stem, name, annotation in notes
        if NoteItem(name, annotation).fitting() > SLACK * annotation.height
    ]
    assert cut == []


def test_nodes_of_ready_made_workflows_cover_no_other(qapp: QApplication) -> None:
    session = DocumentSession(shipped_catalogue())
    canvas, covered = Canvas(session), list[tuple[str, str, str]]()
    for path in sorted(folder("workflows").rglob("*.json")):
        session.open(path)
        canvas.items.complete()
        areas = [(name, card.body.translated(card.pos())) for name, card in canvas.nodes.items()]
        covered += [
            (path.stem, one, other)
            for (one, area), (other, below) in combinations(areas, 2)
            if min((shared := area.intersected(below)).width(), shared.height()) > 1
        ]
    assert covered == []
