"""The start page's shelf of workflows for a person's own models."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QTranslator
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow import resources
from nodeflow.app.start_page import bundled_workflows, model_workflows
from nodeflow.app.start_page.model_workflows import your_models
from nodeflow.app.start_page.start_page import StartPage
from nodeflow.app.window.main_window import MainWindow
from nodeflow.library.rules import rule_book

RULES = [(family.name, one) for family in rule_book().families for one in family.workflows]
ALL = frozenset(
    told
    for own, one in RULES
    for told in (*((kind, name) for kind in one.kinds for name in one.families or (own,)), *one.besides)
)


def test_only_what_the_library_has_the_models_for_stands_there() -> None:
    assert your_models(()) is None
    assert your_models({("vae", "FLUX.1"), ("controlnet", "FLUX.1")}) is None
    shelf = your_models({("transformer", "FLUX.1"), ("controlnet", "FLUX.1"), ("checkpoint", "FLUX.2")})
    assert shelf is not None
    names = [ready.name.removeprefix("models/") for ready in shelf.workflows]
    assert names == ["flux-1", "flux-1-kontext", "flux-1-controlnet", "flux-2"]
    every = your_models(ALL)
    assert every is not None
    assert [ready.name.removeprefix("models/") for ready in every.workflows] == [one.file for _, one in RULES]
    assert all(ready.path.is_file() and ready.about for ready in every.workflows)


def test_its_words_have_their_chinese(qapp: QApplication) -> None:
    translator = QTranslator()
    assert translator.load("nodeflow_zh_CN", str(resources.folder("assets") / "translations"))
    qapp.installTranslator(translator)
    shelf = your_models(ALL)
    qapp.removeTranslator(translator)
    assert shelf is not None
    assert [ready.name for ready in shelf.workflows if not re.search("[\u4e00-\u9fff]", ready.about)] == []
    assert re.search("[\u4e00-\u9fff]", shelf.title)


def test_the_shelf_comes_behind_the_others(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(model_workflows, "in_library", lambda: frozenset({("transformer", "Z-Image")}))
    window.show_start_page()
    page = window.start_page
    assert isinstance(page, StartPage)
    ready_made = sum(len(shelf.workflows) for shelf in bundled_workflows.shelves())
    qtbot.waitUntil(lambda: len(list(page.workflows.cards())) == ready_made + 1)
    *_, (item, ready) = page.workflows.cards()
    assert (item.text(), ready.name) == ("Z-Image Turbo", "models/z-image")
    assert page.chosen == bundled_workflows.shelves()[0].workflows[0].path
    qtbot.waitUntil(lambda: window.background.idle, timeout=10_000)
