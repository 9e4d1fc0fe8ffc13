"""Tests of keys of other programs."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from nodeflow.app.commands.key_presets import PRESETS
from nodeflow.app.commands.shortcut_editor import KeysPage
from nodeflow.app.model.settings import Settings
from nodeflow.app.window.main_window import MainWindow


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_names_what_there_is_and_no_key_calls_two(window: MainWindow, preset: str) -> None:
    actions = window.actions_
    assert set(PRESETS[preset]) <= set(actions.entries)
    actions.take_preset(preset)
    counted = Counter(key for entry in actions.entries.values() for key in entry.keys)
    assert [key for key, count in counted.items() if count > 1] == []
    for id, keys in PRESETS[preset].items():
        assert all(not QKeySequence(key).isEmpty() for key in keys)
        assert actions.entries[id].keys == list(keys)
    actions.reset_keys()
    assert Settings().shortcuts == {}


def test_keys_of_comfyui_work_as_there_and_back_again(window: MainWindow) -> None:
    page, view = KeysPage(window.actions_), window.canvas.view
    page.show()
    page.presets.setCurrentText("Keys of ComfyUI")
    page.presets.activated.emit(page.presets.currentIndex())
    window.canvas.selection.choose(["prompt"])
    QTest.keyClick(view, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.session.workflow.nodes["prompt"].mode == "mute"
    QTest.keyClick(view, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert window.session.workflow.nodes["prompt"].mode == "bypass"
    page.presets.setCurrentIndex(0)
    page.presets.activated.emit(0)
    QTest.keyClick(view, Qt.Key.Key_B)
    assert window.session.workflow.nodes["prompt"].mode == "run"
    page.deleteLater()
