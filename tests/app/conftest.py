"""A window on real workflows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from app.hands import Hand
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.qt import theme
from nodeflow.app.qt.gc_scheduler import Collector
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.model.catalogue import Catalogue, Input, NodeSpec, Output, Param
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"


def catalogue() -> Catalogue:
    """The shipped nodes, and toys for what those do not have: an input that grows, every kind of parameter."""
    found = shipped_catalogue()
    toys = (
        NodeSpec("toys.box", "Box", 1, "toys", "Gives a box.", outputs=(Output("box", "toys.Box"),)),
        NodeSpec(
            "toys.total",
            "Total",
            1,
            "toys",
            "The sum of all boxes.",
            inputs=(Input("boxes", "toys.Box", required=False, many=True),),
            outputs=(Output("total", "int"),),
        ),
        NodeSpec(
            "toys.knobs",
            "Knobs",
            1,
            "toys",
            "Every kind of parameter.",
            params=(
                Param("count", "int", 3, minimum=0, maximum=100),
                Param("share", "float", 0.5, minimum=0.0, maximum=1.0, step=0.01, widget="slider"),
                Param("name", "str", "here"),
                Param("way", "choice", "left", choices=("left", "right")),
                Param("on", "bool", False),
                Param("story", "str", "", widget="multiline"),
            ),
            outputs=(Output("value", "int"),),
        ),
        NodeSpec(
            "toys.loose",
            "Loose",
            1,
            "toys",
            "Parameters without a range.",
            params=(Param("number", "int", 3), Param("path", "path", "", reads=True)),
        ),
    )
    found.nodes.update((spec.type, spec) for spec in toys)
    return found


@pytest.fixture(scope="session", autouse=True)
def collector(qapp: QApplication) -> Collector:
    """Garbage is collected on the interface's thread, as in the app."""
    return Collector(qapp)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window on the starter workflow, whose engine finds an empty cache."""
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "dark")
    made = MainWindow(DocumentSession(catalogue(), output=tmp_path))
    made.session.open(STARTER)
    made.show()
    qtbot.waitExposed(made)
    made.canvas.items.complete()
    made.canvas.view.camera.set_scale(1.0)
    yield made
    if not isValid(made):  # another took its place
        return
    for tab in made.tabs:
        tab.canvas.view.rows.finish()
        tab.session.stack.setClean()
    made.close()
    made.deleteLater()


@pytest.fixture
def hand(window: MainWindow) -> Hand:
    return Hand(window)


@pytest.fixture(autouse=True)
def pointer_away() -> None:
    """The pointer lies beside what is tested, wherever an earlier test left it."""
    if QApplication.instance():
        QCursor.setPos(0, 0)


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """What is to be deleted is, though no event loop sends it off: thousands of widgets would slow all that follows."""
    yield
    if QApplication.instance():
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
