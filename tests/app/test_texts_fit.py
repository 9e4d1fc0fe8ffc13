"""No text is cut and nothing overlaps: in both languages, on small and large screens, in every page of the window."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from app.fit import misfits
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.i18n import language
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.panels.model_panel import ModelPanel
from nodeflow.app.qt import theme
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetForm
from nodeflow.graph.model.form import Form, FormField, FormOutput
from nodeflow.resources import folder
from tests.telling import telling

FORM = Form(
    "Postcard",
    (
        FormField("prompt", "text", "prompt", "What is to be seen on the front of the card that you want to send?"),
        FormField("scheduler", "kind", "kind", group="Quality"),
        FormField("noise", "seed", "seed"),
        FormField("model", "model", "model"),
        FormField("gone", "text", "gone"),
    ),
    (FormOutput("decode", "image", "Front"), FormOutput("sampler", "latent", "Latent")),
)
SIZES = ((1366, 768), (1920, 1080), (960, 540), (683, 384))
"""The last are screens of 1920 x 1080 and 1366 x 768 at 200 %."""
EXTREME = SIZES[0], SIZES[-1]


@pytest.fixture(scope="module", params=["en", "zh_CN"])
def spoken(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[str]:
    theme.apply(qapp, "dark")
    language.install(qapp, request.param)
    yield request.param
    language.install(qapp, "en")


@pytest.fixture
def unseen(spoken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window that is not on the screen yet."""
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    made = MainWindow(DocumentSession(output=tmp_path))
    made.session.open(folder("workflows") / "latent-diffusion.json")
    yield made
    made.session.stack.setClean()
    made.close()
    made.deleteLater()


@pytest.fixture
def window(unseen: MainWindow, qtbot: QtBot) -> MainWindow:
    unseen.show()
    qtbot.waitExposed(unseen)
    unseen.canvas.items.complete()
    return unseen


def settle(window: MainWindow, size: tuple[int, int]) -> None:
    window.placement.fit(QSize(*size))
    window.resize(*size)
    for _ in range(3):
        QApplication.processEvents()
    assert window.size() == QSize(*size)  # it is not larger than the screen


def fits(qtbot: QtBot, widget: QWidget) -> None:
    """All of a widget has room, once what comes from other threads stands there."""
    with contextlib.suppress(qtbot.TimeoutError):
        qtbot.waitUntil(lambda: not misfits(widget), timeout=3_000)
    assert misfits(widget) == []


@pytest.mark.parametrize("size", telling(SIZES, EXTREME.__contains__))
def test_window_and_panels(window: MainWindow, size: tuple[int, int], qtbot: QtBot) -> None:
    settle(window, size)
    fits(qtbot, window)
    for dock in window.findChildren(Dock):
        shown = not dock.isHidden()
        dock.bring()
        settle(window, size)
        fits(qtbot, dock)
        if not shown:
            dock.hide()


def test_a_window_that_opens_on_a_small_screen(unseen: MainWindow, qtbot: QtBot) -> None:
    unseen.placement.fit(QSize(*SIZES[-1]))
    unseen.resize(*SIZES[-1])
    unseen.show()
    qtbot.waitExposed(unseen)
    QApplication.processEvents()
    fits(qtbot, unseen)
    unseen.canvas.items.complete()
    unseen.canvas.view.search_at_pointer()
    assert unseen.canvas.view.search.isVisible()
    fits(qtbot, unseen)


@pytest.mark.parametrize("size", telling(SIZES, EXTREME.__contains__))
def test_a_chosen_model_and_a_scan_make_the_window_no_higher(
    window: MainWindow, size: tuple[int, int], qtbot: QtBot
) -> None:
    dock = next(dock for dock in window.findChildren(Dock) if dock.objectName() == "models")
    dock.bring()
    panel = dock.findChild(ModelPanel)
    assert panel is not None
    qtbot.waitUntil(lambda: bool(panel.list.entries), timeout=30_000)
    panel.view.setCurrentIndex(panel.list.index(0))
    panel.bar.show()
    settle(window, size)
    assert panel.details.isVisible() and misfits(panel.search) == []


@pytest.mark.parametrize("size", telling(SIZES, EXTREME.__contains__))
def test_form_start_page_and_tour(window: MainWindow, size: tuple[int, int], qtbot: QtBot) -> None:
    window.session.do("Form", SetForm(FORM))
    page = window.forms.show(window.tabs.front, True)
    settle(window, size)
    fits(qtbot, page)
    page.arrange.setChecked(True)
    settle(window, size)
    fits(qtbot, page)
    window.show_start_page()
    settle(window, size)
    assert window.start_page is not None
    fits(qtbot, window.start_page)
    tour = window.show_tour()
    for stop in range(7):
        tour.go(stop)
        QApplication.processEvents()
        assert misfits(tour) == []
    tour.end()


@pytest.mark.parametrize("size", EXTREME)
def test_pages_beside_panels_make_the_window_no_larger(window: MainWindow, size: tuple[int, int], qtbot: QtBot) -> None:
    settle(window, size)
    window.show_start_page()
    settle(window, size)
    window.documents.shown.emit()
    QApplication.processEvents()
    assert window.panels is not None
    assert "preview" in {dock.objectName() for dock in window.panels.in_front()}, "it was in front before"
    for panel in ("inspector", "queue"):
        window.panels.bring(panel)
        settle(window, size)
    assert window.canvas.view.width() >= 0.4 * size[0]
    window.session.do("Form", SetForm(FORM))
    page = window.forms.show(window.tabs.front, True)
    settle(window, size)
    fits(qtbot, page)
    window.panels.bring("queue")
    settle(window, size)
    fits(qtbot, page)


@pytest.mark.parametrize("size", SIZES[:1])
def test_dialogs(window: MainWindow, size: tuple[int, int], qtbot: QtBot) -> None:
    settle(window, size)
    for show in (window.dialogs.show_settings, window.dialogs.show_sweep, window.dialogs.show_cheat_sheet):
        show()
        QApplication.processEvents()
        dialog = window.findChildren(QDialog)[-1]
        fits(qtbot, dialog)
        dialog.close()
        QApplication.processEvents()


def test_what_is_cut_or_covered_is_found(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    column = QVBoxLayout(box)
    long, wrapped, button = QLabel("a long text " * 3), QLabel("many words " * 20), QPushButton("Press me once more")
    wrapped.setWordWrap(True)
    for one in (long, wrapped, button):
        column.addWidget(one)
    box.resize(400, 300)
    box.show()
    qtbot.waitExposed(box)
    assert misfits(box) == []
    long.setFixedWidth(60)
    wrapped.setFixedHeight(12)
    button.setFixedWidth(30)
    QApplication.processEvents()
    assert len(misfits(box)) == 3
    button.move(long.pos())
    assert len(misfits(box)) == 4
