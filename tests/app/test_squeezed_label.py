"""A line of text that gives way: no window is wider for it."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from nodeflow.app.qt.squeezed_label import SqueezedLabel
from nodeflow.app.window.main_window import MainWindow

LONG = "Running · a node with a long name of many words · 12 minutes and 40 seconds left"


def test_its_end_is_cut_where_it_has_no_room(qtbot: QtBot) -> None:
    label = SqueezedLabel(LONG)
    qtbot.addWidget(label)
    wide = label.sizeHint().width()
    label.resize(wide, 24)
    assert not label.is_cut() and label.minimumSizeHint().width() < wide / 3
    label.resize(wide // 3, 24)
    cut = label.grab().toImage()
    assert label.is_cut()
    plain = QLabel(LONG)
    qtbot.addWidget(plain)
    plain.resize(label.size())
    assert plain.grab().toImage() != cut, "it does not say that more follows"


def test_what_a_run_says_makes_no_window_wider(window: MainWindow) -> None:
    before = window.status.minimumSizeHint().width()
    for label in (window.status.words, window.status.device):
        label.setText(LONG)
    assert window.status.minimumSizeHint().width() <= max(before, 416)
