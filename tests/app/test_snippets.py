"""Tests of snippets: pieces of workflows that are kept under a name and put into others."""

from __future__ import annotations

from pathlib import Path

import pytest
from app.seen import agrees, text
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot

from nodeflow.app.model.snippets import Snippets
from nodeflow.app.window.main_window import MainWindow


@pytest.fixture
def snippets(window: MainWindow, tmp_path: Path) -> Snippets:
    window.snippets.snippets = Snippets(tmp_path / "kept")
    return window.snippets.snippets


def keep(window: MainWindow, qtbot: QtBot, name: str) -> None:
    window.actions_["edit.keep_snippet"].trigger()
    dialog = window.findChild(QInputDialog)
    assert dialog is not None
    field = dialog.findChild(QLineEdit)
    QTest.keyClicks(field, name)
    ok = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    with qtbot.waitSignal(dialog.finished, timeout=5000):
        QTest.mouseClick(ok, Qt.MouseButton.LeftButton)


def test_what_is_selected_is_kept_and_put_into_another_document(
    window: MainWindow, snippets: Snippets, qtbot: QtBot
) -> None:
    window.canvas.selection.choose(["prompt", "negative", "guidance"])
    keep(window, qtbot, "two texts")
    assert snippets.names() == ["two texts"]
    window.session.new()
    before = text(window)
    QTest.keyClick(
        window.canvas.view, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    picker = window.snippets.picker
    assert picker is not None and picker.isVisible()
    QTest.keyClicks(picker.field, "texts")
    QTest.keyClick(picker.field, Qt.Key.Key_Return)
    assert set(window.session.workflow.nodes) == {"prompt", "negative", "guidance"}
    assert {link.target for link in window.session.workflow.links.values()} == {"guidance"}
    assert window.canvas.selection.chosen() and agrees(window)
    window.session.stack.undo()
    assert text(window) == before


def test_what_cannot_be_is_said(window: MainWindow, snippets: Snippets, qtbot: QtBot) -> None:
    toast = window.canvas.view.toast
    window.canvas.selection.choose(())
    assert "Select something" in window.actions_.entries["edit.keep_snippet"].why_grey
    window.canvas.selection.choose(["prompt"])
    keep(window, qtbot, "a/b")
    assert "cannot be the name of a file" in toast.text() and snippets.names() == []
    snippets.save("broken", "no workflow")
    window.actions_["edit.insert_snippet"].trigger()
    assert window.snippets.picker is not None
    QTest.keyClick(window.snippets.picker.field, Qt.Key.Key_Return)
    assert "is no snippet" in toast.text()


def test_a_ready_made_workflow_is_put_into_an_empty_document(window: MainWindow, snippets: Snippets) -> None:
    nodes = set(window.session.workflow.nodes)
    window.session.new()
    view, held = window.canvas.view, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(view, Qt.Key.Key_I, held)
    assert window.snippets.picker is not None
    QTest.keyClicks(window.snippets.picker.field, "latent diffusion")
    QTest.keyClick(window.snippets.picker.field, Qt.Key.Key_Return)
    assert set(window.session.workflow.nodes) == nodes and agrees(window)
    window.session.stack.undo()
    assert not window.session.workflow.nodes


@pytest.mark.parametrize("name", ["", ".hidden", "a:b", "what?", "end ", "x" * 101])
def test_names_that_no_system_takes(name: str) -> None:
    assert not Snippets.can_be(name)
    assert Snippets.can_be("two texts, 中文")


def test_a_second_graph_is_put_beside_the_first_and_covers_nothing(window: MainWindow, snippets: Snippets) -> None:
    window.session.new()
    view, held = window.canvas.view, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    pieces = []
    for _ in range(2):
        before = {*window.canvas.nodes, *window.canvas.annotations.items}
        view.setFocus()
        QTest.keyClick(view, Qt.Key.Key_I, held)
        assert window.snippets.picker is not None
        QTest.keyClicks(window.snippets.picker.field, "inpainting")
        QTest.keyClick(window.snippets.picker.field, Qt.Key.Key_Return)
        items = {**window.canvas.nodes, **window.canvas.annotations.items}
        new = [item.body.translated(item.pos()) for name, item in items.items() if name not in before]
        assert new
        pieces.append(new)
    first, second = pieces
    assert window.canvas.annotations.items, "there are frames among them"
    assert not any(one.intersects(other) for one in first for other in second)
    window.session.stack.undo()
    window.session.stack.undo()
    assert not window.session.workflow.nodes and not window.session.workflow.annotations
