"""Undo while something is being written: the document goes back, and what was written is not written into it."""

from __future__ import annotations

import pytest
from app.seen import add, agrees, text
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow.app.model.undo import EditCommand
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode
from nodeflow.graph.model.document import Document
from nodeflow.graph.model.workflow import Node


@pytest.mark.parametrize("what", ["add_note", "add_frame"])
def test_undo_takes_away_what_is_being_named(window: MainWindow, what: str) -> None:
    before, view = text(window), window.canvas.view
    window.activateWindow()
    getattr(window.canvas.annotation_commands, what)()
    QTest.keyClicks(QApplication.focusWidget() or view.rows.editor, "words")
    window.session.stack.undo()
    QApplication.processEvents()
    assert text(window) == before
    assert agrees(window)
    assert view.rows.editor is None
    window.session.stack.redo()
    assert len(window.session.workflow.annotations) == 1


def test_undo_takes_away_the_node_that_is_being_edited(window: MainWindow) -> None:
    before, view = text(window), window.canvas.view
    add(window, "more", "nodes.clip_text_encode")
    window.activateWindow()
    view.rows.edit(window.canvas.nodes["more"], 0)
    QTest.keyClicks(QApplication.focusWidget() or view.rows.editor, "words")
    window.session.stack.undo()
    QApplication.processEvents()
    assert text(window) == before
    assert agrees(window)


def test_opening_another_row_keeps_what_was_written(window: MainWindow) -> None:
    view = window.canvas.view
    view.rows.edit(window.canvas.nodes["prompt"], 0)
    view.rows.editor.setPlainText("a blue cup")
    view.rows.edit(window.canvas.nodes["negative"], 0)
    assert window.session.workflow.nodes["prompt"].params["text"] == "a blue cup"


def test_a_fault_while_a_step_is_taken_back_is_told_and_ends_nothing(qtbot: QtBot) -> None:
    document, stack = Document(), QUndoStack()
    stack.push(EditCommand(document, AddNode("a", Node("toy.number")), "Add"))
    document.subscribe(lambda edit: {}[type(edit)])  # type: ignore[index]
    with qtbot.capture_exceptions() as told:
        stack.undo()
        stack.redo()
        stack.setIndex(0)
    assert [kind for kind, *_ in told] == [KeyError] * 3
    assert document.workflow.nodes == {} and not stack.canUndo()
