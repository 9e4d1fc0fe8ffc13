"""Notes of ready-made workflows: each shows its whole text, in every language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from nodeflow.app.canvas.items.note_item import NoteItem
from nodeflow.app.i18n import language
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
