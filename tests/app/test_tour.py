"""The short tour: it tells of every place, by keys and pointer, is left at any moment, and leaves nothing behind."""

from __future__ import annotations

import pytest
from app.seen import text
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow.app.window.main_window import MainWindow
from nodeflow.app.window.tour import TourCard

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def tour(window: MainWindow, qtbot: QtBot) -> TourCard:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=3000)
    window.show_start_page()
    assert window.start_page is not None
    QTest.mouseClick(window.start_page.tour, LEFT)
    assert window.tours.card is not None
    return window.tours.card


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (900, 620)])
def test_each_stop_is_told_beside_its_place_and_within_the_window(
    window: MainWindow, tour: TourCard, size: tuple[int, int]
) -> None:
    window.resize(*size)
    QApplication.processEvents()
    told = []
    while window.tours.card is not None:
        told.append(tour.words.text())
        assert "{" not in tour.words.text()
        assert window.rect().contains(tour.geometry())
        assert tour.words.height() >= tour.words.heightForWidth(tour.words.width())
        area = tour.mark.geometry()
        assert tour.mark.isVisible()
        if area.width() < window.width() // 2 and area.height() < window.height() // 2:
            assert not QRect(tour.pos(), tour.size()).intersects(area)
        QTest.mouseClick(tour.next, LEFT)
    assert len(set(told)) == 7


def test_it_is_left_at_any_moment_and_leaves_nothing(window: MainWindow, tour: TourCard) -> None:
    before = text(window)
    tour.setFocus()
    QTest.keyClick(tour, Key.Key_Right)
    assert tour.at == 1
    QTest.keyClick(tour, Key.Key_Left)
    assert tour.at == 0 and not tour.back.isEnabled()
    QTest.keyClick(tour, Key.Key_Escape)
    assert window.tours.card is None
    again = window.show_tour()
    other = window.show_tour()
    assert other is not again and window.tours.card is other
    QTest.mouseClick(other.leave, LEFT)
    assert window.tours.card is None
    QApplication.processEvents()
    assert text(window) == before and not window.session.stack.canUndo()
    assert not window.session.running


def test_the_window_is_used_meanwhile(window: MainWindow, tour: TourCard) -> None:
    at = QPoint(200, 120)
    view = window.canvas.view
    if tour.geometry().contains(view.mapTo(window, at)):
        at = QPoint(view.width() - 200, 120)
    QTest.mouseClick(view.viewport(), LEFT, pos=at)
    view.setFocus()
    QTest.keyClick(view, Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(window.canvas.selection.chosen()) == len(window.session.workflow.nodes)
    assert window.tours.card is tour


def test_the_panel_that_was_in_front_is_so_again_and_a_narrow_window_stays_narrow(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert window.panels is not None
    window.resize(683, 700)
    QApplication.processEvents()
    before = {dock.objectName() for dock in window.panels.in_front()}
    assert "preview" in before
    card = window.show_tour()
    while window.tours.card is not None:
        QTest.mouseClick(card.next, LEFT)
        QApplication.processEvents()
    assert {dock.objectName() for dock in window.panels.in_front()} == before
    for panel in ("inspector", "library", "models", "gallery", "queue", "log", "course", "preview"):
        window.panels.bring(panel)
        QApplication.processEvents()
        assert window.width() == 683, panel
