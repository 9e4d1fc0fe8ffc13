"""A panel over the whole window: by a key or its button, and back by Esc; large workflows open where they begin."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.items import style
from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.window.docks import Dock, PerTab
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.model.workflow import Node, Placement, Workflow

Key = Qt.Key


@pytest.mark.parametrize("size", [(1366, 768), (683, 384)])
def test_the_inspector_fills_the_window_and_esc_brings_it_back(
    window: MainWindow, qtbot: QtBot, size: tuple[int, int]
) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=3000)
    window.resize(*size)
    assert window.panels is not None
    large, view = window.panels.large, window.canvas.view
    view.setFocus()
    QTest.keyClick(view, Key.Key_F11)
    assert large.isVisible() and large.dock is window.findChild(Dock, "inspector")
    assert large.width() == window.width()
    assert large.height() > 0.7 * (window.height() - window.menuBar().height() - window.statusBar().height())
    focus = QApplication.focusWidget()
    assert focus is not None and large.isAncestorOf(focus)
    window.session.jobs.append(1)
    window.session.run_changed.emit()  # Esc cancels runs elsewhere, and leaves the large panel here
    QTest.keyClick(focus, Key.Key_Escape)
    window.session.jobs.clear()
    assert large.isHidden() and large.dock is None
    dock = window.findChild(Dock, "inspector")
    assert dock is not None and isinstance(dock.widget(), PerTab)


def test_its_button_turns_it_too_and_the_window_ends_from_there(window: MainWindow, qtbot: QtBot) -> None:
    assert window.panels is not None
    pages = window.panels.bring("inspector")
    assert isinstance(pages, PerTab)
    panel = pages.currentWidget()
    assert isinstance(panel, InspectorPanel)
    QTest.mouseClick(panel.large_button, Qt.MouseButton.LeftButton)
    assert window.panels.large.isVisible() and panel.isVisible()
    QTest.mouseClick(panel.large_button, Qt.MouseButton.LeftButton)
    assert window.panels.large.isHidden()
    QTest.mouseClick(panel.large_button, Qt.MouseButton.LeftButton)
    assert window.panels.bring("inspector") is pages and window.panels.large.isVisible()
    window.close()
    assert window.panels.large.dock is None


def test_a_large_workflow_opens_with_titles_that_can_be_read(window: MainWindow, qtbot: QtBot) -> None:
    nodes = {f"n{at}": Node("nodes.float_value", 1) for at in range(600)}
    layout = {f"n{at}": Placement(300.0 * (at % 60), 200.0 * (at // 60)) for at in range(600)}
    window.session._show(Workflow(nodes, layout=layout), None, window.session.base, "large")
    window.canvas.items.complete()
    view = window.canvas.view
    qtbot.waitUntil(lambda: view.camera.zoom >= style.TITLED, timeout=3000)
    first = window.canvas.nodes["n0"]
    assert view.viewport().rect().contains(view.mapFromScene(first.sceneBoundingRect().center()))
    QTest.keyClick(view, Key.Key_A)
    assert view.camera.zoom < style.TITLED  # all is still all


def test_a_node_that_is_brought_near_can_be_edited_in_a_small_window_too(window: MainWindow) -> None:
    view, card = window.canvas.view, window.canvas.nodes["sampler"]
    card.ask_size(3 * view.viewport().width(), card.body.height())
    window.canvas.selection.choose(["sampler"])
    window.gestures.frame_selection()
    assert view.camera.zoom >= style.PLAIN
    record = card.pos() + card.rows[[row.name for row in card.face.rows].index("record")].center()
    assert view.viewport().rect().contains(view.mapFromScene(record))
    window.gestures.frame_all()
    window.gestures.edit_values()
    assert view.rows.editor is not None
