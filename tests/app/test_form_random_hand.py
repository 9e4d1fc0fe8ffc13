"""A hand that does anything at random with a form: nothing raises, the file can be read, undo leads back to it."""

from __future__ import annotations

import os
import random

import pytest
from app.seen import text
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QPushButton, QToolButton, QWidget

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.panels.form.form_page import FormPage
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.io.files import dumps, loads

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton
NONE, CTRL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
LETTERS = 'abc19.-+e_ "\\{}'
KEYS = [
    (Key.Key_Up, ALT), (Key.Key_Down, ALT), (Key.Key_Up, NONE), (Key.Key_Down, NONE), (Key.Key_Delete, NONE),
    (Key.Key_Backspace, NONE), (Key.Key_A, CTRL), (Key.Key_Return, NONE), (Key.Key_Plus, CTRL), (Key.Key_Minus, CTRL),
    (Key.Key_0, CTRL), (Key.Key_Space, NONE), (Key.Key_Tab, NONE),
]  # fmt: skip


class FormHand:
    """Does one thing after another."""

    def __init__(self, window: MainWindow, dice: random.Random) -> None:
        self.window, self.dice = window, dice

    @property
    def page(self) -> FormPage:
        return self.window.forms.page(self.window.tabs.front)

    def seen(self, *kinds: type[QWidget]) -> list[QWidget]:
        """The widgets of the form that can be used now."""
        found = [one for kind in kinds for one in self.page.left.findChildren(kind)]
        return [one for one in found if one.isVisible() and one.isEnabled()]

    def act(self) -> None:
        """Do one thing."""
        what = self.dice.choice((self.type, self.type, self.strike, self.strike, self.add, self.press, self.change))
        what()
        QApplication.processEvents()

    def type(self) -> None:
        lines = self.seen(QLineEdit, QPlainTextEdit)
        if lines:
            line = self.dice.choice(lines)
            line.setFocus()
            QTest.keyClicks(line, "".join(self.dice.choices(LETTERS, k=self.dice.randrange(1, 5))))

    def strike(self) -> None:
        key, held = self.dice.choice(KEYS)
        places = self.seen(QLineEdit, QPlainTextEdit, QComboBox, type(self.page.editor.list))
        if places:
            place = self.dice.choice(places)
            place.setFocus()
            QTest.keyPress(place, key, held)

    def add(self) -> None:
        self.page.arrange.setChecked(True)
        self.page.editor.choose()
        picker = self.page.editor.picker
        assert picker is not None
        QTest.keyClicks(picker.field, self.dice.choice(("", "s", "pro", "image", "zzz")))
        QTest.keyPress(picker.field, self.dice.choice((Key.Key_Return, Key.Key_Return, Key.Key_Escape)))
        picker.leave()

    def press(self) -> None:
        buttons = [*self.seen(QPushButton), *self.seen(QToolButton)]
        mine = [one for one in buttons if one.text() in ("Remove", "↑", "↓", "⚄")] + [self.page.arrange]
        QTest.mouseClick(self.dice.choice(mine), LEFT)

    def change(self) -> None:
        """Change the graph below the form, or take something back."""
        gestures, canvas, stack = self.window.gestures, self.window.canvas, self.window.session.stack
        names = [name for name in canvas.nodes if not name.startswith("@")]
        canvas.selection.choose(self.dice.sample(names, min(len(names), self.dice.randrange(1, 4))))
        deeds = (gestures.groups.group, gestures.groups.ungroup, gestures.delete, stack.undo, stack.undo, stack.redo)
        self.dice.choice(deeds)()


@pytest.mark.parametrize(
    "seed",
    [1, *(pytest.param(int(seed), marks=pytest.mark.nightly) for seed in os.environ.get("HANDS", "2").split(","))],
)
def test_whatever_is_done_to_a_form_undo_leads_back(
    window: MainWindow, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DocumentSession, "run", lambda session: None)  # what runs compute is tested elsewhere
    random.seed(seed)  # the app draws seeds
    before = text(window)
    window.forms.turn()
    hand = FormHand(window, random.Random(seed))
    for _ in range(int(os.environ.get("DEEDS", "120"))):
        hand.act()
        assert dumps(loads(text(window))) == text(window)
        fields = [shown.field for shown in hand.page.model.fields]
        assert fields == list((window.session.workflow.form or hand.page.model.form).fields)
    while window.session.stack.canUndo():
        window.session.stack.undo()
    QApplication.processEvents()
    assert text(window) == before
