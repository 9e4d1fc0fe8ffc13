"""The inspector panel on the starter workflow, with the real engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from app.looking import SECONDS, STARTER, See
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.qt import theme
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow


@pytest.fixture(scope="module")
def desk(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MainWindow]:
    """One window, and one engine, for all tests of this file."""
    output = tmp_path_factory.mktemp("inspector")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NODEFLOW_CACHE", str(output / "cache"))
        patch.setenv("NODEFLOW_DATA", str(output / "data"))
        theme.apply(qapp, "dark")
        made = MainWindow(DocumentSession(shipped_catalogue(), output=output))
        made.show()
        yield made
        made.close()
        made.deleteLater()


@pytest.fixture
def window(desk: MainWindow) -> Iterator[MainWindow]:
    """The window with the starter workflow in a tab of its own."""
    tab = desk.tabs.add()
    tab.session.open(STARTER)
    yield desk
    desk.settings.theme = "dark"
    tab.session.stack.setClean()
    desk.tabs.drop(tab)


@pytest.fixture
def inspector(window: MainWindow, qtbot: QtBot) -> InspectorPanel:
    """The panel after a run of the starter workflow."""
    dock = next(dock for dock in window.findChildren(Dock) if dock.objectName() == "inspector")
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    dock.bring()
    panel = dock.widget().currentWidget()
    assert isinstance(panel, InspectorPanel)
    return panel


@pytest.fixture
def see(window: MainWindow, inspector: InspectorPanel, qtbot: QtBot) -> See:
    """Selects a node and chooses an output and a form."""

    def wait() -> None:
        qtbot.waitUntil(lambda: not inspector.looks.waiting, timeout=SECONDS)

    def see(node: str, output: str, form: str) -> InspectorPanel:
        window.canvas.selection.choose([node])
        wait()
        inspector.output_box.setCurrentIndex(inspector.output_box.findData(output))
        wait()
        inspector.choose_form(form)
        wait()
        return inspector

    return see
