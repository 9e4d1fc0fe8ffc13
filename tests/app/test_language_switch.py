"""Another language while the app runs: a window in it, over the same documents and the same engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from nodeflow.app.i18n import language
from nodeflow.app.window.language_switch import LanguageSwitch
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.model.workflow import Node, Workflow


@pytest.fixture
def shown(window: MainWindow) -> Iterator[LanguageSwitch]:
    app = QApplication.instance()
    assert app is not None
    language.install(app, "en")
    switch = LanguageSwitch(app, window)
    yield switch
    if switch.window is not window:
        for tab in switch.window.tabs:
            tab.session.stack.setClean()
        switch.window.close()
        switch.window.deleteLater()
    language.install(app, "en")


def choose(shown: LanguageSwitch, name: str, qtbot: QtBot) -> MainWindow:
    """Choose a language as the dialog does, and wait for the window."""
    with qtbot.waitSignal(shown.switched, timeout=30_000):
        shown.window.settings.language = name
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return shown.window


def test_the_window_speaks_another_language_over_the_same_documents(
    window: MainWindow, shown: LanguageSwitch, qtbot: QtBot
) -> None:
    session, hub, engine = window.session, window.hub, window.hub.engine
    session.do("Set seed", SetParam("noise", "seed", 7))
    window.canvas.selection.choose(["sampler"])
    window.tabs.add()
    window.tabs.setCurrentIndex(0)
    new = choose(shown, "zh_CN", qtbot)
    assert new is not window and not isValid(window)
    assert new.hub is hub and hub.engine is engine and new.tabs.count() == 2
    assert new.session is session and session.dirty
    assert new.menuBar().actions()[0].text() == "文件(&F)"
    assert new.hub.catalogue.nodes["nodes.vae_decode"].title == "VAE 解码"
    assert new.canvas.nodes["decode"].face.title == "VAE 解码"
    assert new.canvas.selection.chosen() == ["sampler"]
    session.stack.undo()
    assert session.workflow.nodes["noise"].params["seed"] != 7
    assert new.canvas.nodes["noise"].node.params["seed"] != 7, "the new canvas hears the document"
    again = choose(shown, "en", qtbot)
    assert again.menuBar().actions()[0].text() == "&File"
    assert again.canvas.nodes["decode"].face.title == "VAE decode"
    assert again.session is session and again.session.stack.count() == 1


def test_a_run_that_was_going_on_is_shown_in_the_new_window(shown: LanguageSwitch, qtbot: QtBot) -> None:
    session = shown.window.session
    assert session.source is not None
    session.show_workflow(Workflow(nodes={"n": Node("nodes.number", params={"value": 2.5})}), session.source)
    job = session.run()
    new = choose(shown, "zh_CN", qtbot)
    qtbot.waitUntil(lambda: job not in session.jobs, timeout=120_000)
    assert session.state("n").phase == "ran"
    assert new.canvas.nodes["n"].state.phase == "ran"
    assert new.tabs.front.history.runs, "the history goes on too"


def test_a_language_that_is_spoken_already_changes_nothing(shown: LanguageSwitch, qtbot: QtBot) -> None:
    window = shown.window
    window.settings.language = "en"
    QApplication.processEvents()
    assert shown.window is window


def test_the_image_that_was_seen_is_seen_in_the_new_window(shown: LanguageSwitch, qtbot: QtBot) -> None:
    session = shown.window.session
    assert session.source is not None
    size = {"width": 24, "height": 16}
    session.show_workflow(Workflow(nodes={"red": Node("nodes.plain_image", params=size)}), session.source)
    job = session.run()
    qtbot.waitUntil(lambda: job not in session.jobs, timeout=120_000)
    new = choose(shown, "zh_CN", qtbot)
    qtbot.waitUntil(lambda: bool(new.preview.view.images), timeout=120_000)
    assert (new.preview.node, new.preview.output) == ("red", "image")
