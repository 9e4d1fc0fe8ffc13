"""A document is shown slice by slice: what happens between two slices is on the canvas in the end."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable

import pytest
from app.conftest import STARTER
from app.seen import agrees
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGraphicsRectItem
from pytestqt.qtbot import QtBot

from nodeflow.app.qt import sliced_work
from nodeflow.app.window.main_window import MainWindow
from nodeflow.engine.protocol.events import RunStarted
from nodeflow.engine.protocol.messages import JobEvent
from nodeflow.graph.edits.edits import EditBatch, SetParam, remove


@pytest.fixture(autouse=True)
def thin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is a slice of its own."""
    monkeypatch.setattr(sliced_work, "SLICE_SECONDS", 0.0)


def meanwhile(window: MainWindow, act: Callable[[], None], after: int = 6) -> list[bool]:
    """Act once some cards of the next document are there; tells whether it was being shown then."""
    seen: list[bool] = []
    timer = QTimer(window, interval=0)

    def look() -> None:
        canvas = window.canvas
        if canvas.scope.workflow.nodes and len(canvas.items.shown) == after:
            timer.stop()
            seen.append(canvas.items.loading)
            act()

    timer.timeout.connect(look)
    timer.start()
    return seen


def test_an_edit_between_two_slices_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    def edit() -> None:
        workflow = window.session.workflow
        last = list(workflow.nodes)[-1]
        first = next(iter(workflow.nodes))
        window.session.do("Edit", EditBatch((*remove(workflow, [first, last]).edits, SetParam("noise", "seed", 7))))

    seen = meanwhile(window, edit)
    window.session.open(STARTER)
    qtbot.waitUntil(lambda: seen == [True])
    qtbot.waitUntil(lambda: not window.canvas.items.loading)
    assert agrees(window)
    assert len(window.canvas.nodes) == 8
    window.session.stack.undo()
    assert agrees(window)
    assert len(window.canvas.nodes) == 10


def test_another_document_between_two_slices_takes_the_place(window: MainWindow, qtbot: QtBot) -> None:
    other = STARTER.with_name("vae.json")
    seen = meanwhile(window, lambda: window.session.open(other))
    window.session.open(STARTER)
    qtbot.waitUntil(lambda: seen == [True])
    qtbot.waitUntil(lambda: not window.canvas.items.loading)
    assert set(window.canvas.nodes) == set(window.session.workflow.nodes)
    assert window.session.source == other
    assert agrees(window)


def test_a_run_that_tells_of_itself_between_two_slices_is_shown(window: MainWindow, qtbot: QtBot) -> None:
    def tell() -> None:
        window.session.jobs.append(99)
        window.hub.replied.emit(JobEvent(99, RunStarted(tuple(window.session.workflow.nodes))))
        window.session.jobs.clear()

    seen = meanwhile(window, tell)
    window.session.open(STARTER)
    qtbot.waitUntil(lambda: seen == [True])
    qtbot.waitUntil(lambda: not window.canvas.items.loading)
    assert {card.state.phase for card in window.canvas.nodes.values()} == {"queued"}


def test_garbage_is_collected_on_the_interface_thread_only(window: MainWindow) -> None:
    ends: list[str] = []

    class Item(QGraphicsRectItem):
        """Two of these hold each other, as a card and its ports do."""

    def drop() -> None:
        one, two = Item(), Item()
        one.other, two.other = two, one  # type: ignore[attr-defined]
        weakref.finalize(one, lambda: ends.append(threading.current_thread().name))

    def fill() -> None:
        kept = [[] for _ in range(200_000)]
        del kept

    drop()
    other = threading.Thread(target=fill)
    other.start()
    other.join()
    assert not gc.isenabled() and ends == []
    gc.collect()
    assert ends == ["MainThread"]
