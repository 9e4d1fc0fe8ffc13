"""Everything is reached with keys alone, and every control says what it is."""

from __future__ import annotations

import pytest
from app.test_tabs import press
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollBar, QWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.settings_dialog import SettingsDialog
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow

PANELS = ("library", "history", "gallery", "queue", "log", "properties")


def controls(root: QWidget) -> list[QWidget]:
    """What can be seen and takes the keys by Tab."""
    return [
        widget
        for widget in (root, *root.findChildren(QWidget))
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
        and not isinstance(widget, QScrollBar)
    ]  # fmt: skip


def says(widget: QWidget) -> str:
    """What a screen reader says of a widget."""
    if widget.accessibleName():
        return widget.accessibleName()
    if isinstance(widget, (QAbstractButton, QLabel)):
        return widget.text() or widget.toolTip()
    return ""


def nameless(root: QWidget) -> list[str]:
    own = [widget for widget in controls(root) if not widget.objectName().startswith("qt_")]
    return [f"{type(widget).__name__} in {type(widget.parent()).__name__}" for widget in own if not says(widget)]


def show(window: MainWindow, id: str) -> Dock:
    dock = window.findChild(Dock, id)
    assert dock is not None
    dock.bring()
    QApplication.processEvents()
    return dock


@pytest.mark.parametrize("id", PANELS)
def test_every_control_of_a_panel_has_a_name_and_tab_reaches_it(window: MainWindow, qtbot: QtBot, id: str) -> None:
    window.activateWindow()
    window.canvas.selection.choose(["guidance"])
    dock = show(window, id)
    content = dock.fill()
    assert nameless(content) == []
    wanted = set(controls(content))
    if not wanted:
        pytest.fail(f"nothing in {id} takes the keys")
    first = next(iter(wanted))
    first.setFocus()
    reached = {first}
    for _ in range(40):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus is window.canvas.view:
            break
        QTest.keyClick(focus, Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    for _ in range(40):
        first.setFocus() if QApplication.focusWidget() is window.canvas.view else None
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        reached.add(QApplication.focusWidget())
        if wanted <= reached:
            break
    assert wanted <= reached, [f"{type(w).__name__} {says(w)}" for w in wanted - reached]


def test_f6_leads_around_the_panels_and_back_to_the_canvas(window: MainWindow) -> None:
    for id in ("library", "queue"):
        show(window, id)
    window.canvas.view.setFocus()
    seen = []
    for _ in range(8):
        press(window, Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier)
        focus = QApplication.focusWidget()
        dock = next((d.objectName() for d in window.findChildren(Dock) if focus and d.isAncestorOf(focus)), "canvas")
        seen.append(dock)
        if dock == "canvas":
            break
    assert seen[-1] == "canvas"
    assert {"library", "queue", "properties"} <= set(seen)


def test_every_page_of_the_settings_has_names(window: MainWindow) -> None:
    window.dialogs.show_settings()
    dialog = window.findChild(SettingsDialog)
    assert dialog is not None
    for page in range(dialog.pages.count()):
        dialog.pages.setCurrentIndex(page)
        QApplication.processEvents()
        assert nameless(dialog) == []


def test_the_window_itself_has_names(window: MainWindow) -> None:
    assert nameless(window) == []
    window.show_start_page()
    QApplication.processEvents()
    assert nameless(window) == []
