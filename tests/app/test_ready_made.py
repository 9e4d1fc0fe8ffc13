"""Tests of the start page's ready-made workflows: each on a shelf, in both languages, with a small image."""

from __future__ import annotations

import re

from PySide6.QtCore import QTranslator
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from nodeflow import resources
from nodeflow.app.start_page import bundled_workflows


def test_every_workflow_stands_on_a_shelf_once_with_a_sentence() -> None:
    found = [ready for shelf in bundled_workflows.shelves() for ready in shelf.workflows]
    files = {path.stem for path in resources.folder("workflows").glob("*.json")}
    assert sorted(ready.name for ready in found) == sorted(files)
    assert found[0].name == bundled_workflows.STARTER
    assert [ready.name for ready in found if not ready.about] == [], "name them in nodeflow/app/ready_made.py"


def test_every_sentence_has_its_chinese(qapp: QApplication) -> None:
    english = bundled_workflows.shelves()
    translator = QTranslator()
    assert translator.load("nodeflow_zh_CN", str(resources.folder("assets") / "translations"))
    qapp.installTranslator(translator)
    chinese = bundled_workflows.shelves()
    qapp.removeTranslator(translator)
    assert [shelf.title for shelf in chinese] != [shelf.title for shelf in english]
    for shelf in chinese:
        assert [ready.name for ready in shelf.workflows if not re.search("[\u4e00-\u9fff]", ready.about)] == []


def test_pictures_are_small() -> None:
    kept = [ready for shelf in bundled_workflows.shelves() for ready in shelf.workflows if ready.picture.is_file()]
    assert len(kept) > 6
    for ready in kept:
        assert ready.picture.stat().st_size <= 12_000 and QImage(str(ready.picture)).height() == 192, ready.name
