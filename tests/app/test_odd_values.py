"""Whatever is typed or pasted into an editor: the window goes on, and what was there comes back."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QTextOption
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.editors.editor_host import Desk
from nodeflow.app.canvas.editors.param_editors import LineEditor
from nodeflow.app.canvas.editors.text_editor import TextEditor
from nodeflow.graph.model.catalogue import Param

Key = Qt.Key


@pytest.mark.parametrize("words", ["1e308", "-1e308", "2**1023", "9" * 199, "10**308", "0.5", "2**63"])
@pytest.mark.parametrize("key", [Key.Key_Up, Key.Key_Down])
@pytest.mark.parametrize(
    "param",
    [
        *(Param("n", "float", 0.5, 0, 1, 0.01, widget="slider"), Param("n", "float", 0.0), Param("n", "int", 0)),
        *(Param("n", "int", 0, 0, 2**53 - 1, widget="seed"), Param("n", "float", 1.0, minimum=0.001)),
    ],
)
def test_a_key_leads_on_from_any_number(qtbot: QtBot, param: Param, key: Key, words: str) -> None:
    parent, taken = QWidget(), list[float]()
    qtbot.addWidget(parent)
    editor = LineEditor(param, param.default, Desk(taken.append, lambda: None), parent)
    editor.setText(words)
    QTest.keyClick(editor, key)
    assert math.isfinite(float(editor.text()))
    editor.setText(words)
    editor.keep()
    assert len(taken) == 1 and math.isfinite(float(taken[0]))


@pytest.mark.parametrize("start", ["~nobody/x.png", "a\0b", "", "x" * 10_000])
def test_a_dialog_for_a_file_opens_from_any_text(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, start: str) -> None:
    parent, begun = QWidget(), list[str]()
    qtbot.addWidget(parent)

    def chosen(_: object, __: str, where: str) -> tuple[str, str]:
        begun.append(where)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", chosen)
    editor = LineEditor(Param("p", "path", "", widget="file"), start, Desk(print, lambda: None), parent)
    (choose,) = editor.actions()
    choose.trigger()
    assert len(begun) == 1


def test_a_word_without_end_is_broken_anywhere_and_can_be_undone(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    taken: list[str] = []
    editor = TextEditor(Param("t", "str", "", widget="multiline"), "a fox", Desk(taken.append, lambda: None), parent)
    before, pasted = editor.wordWrapMode(), QMimeData()
    pasted.setText(" of many words" * 1_000)
    editor.insertFromMimeData(pasted)
    assert editor.wordWrapMode() == before
    editor.undo()
    pasted.setText("x" * 1_000_000)
    editor.insertFromMimeData(pasted)
    assert editor.wordWrapMode() == QTextOption.WrapMode.WrapAnywhere and len(editor.toPlainText()) == 1_000_005
    editor.undo()
    editor.keep()
    assert taken == ["a fox"]
