"""Downloads in the window: asked for first, paused, gone on with after a restart; the offline switch holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from app.library_folders import folders, look
from huggingface_hub import constants
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.download_dialog import DownloadDialog
from nodeflow.app.dialogs.downloads_list import DownloadRow
from nodeflow.app.dialogs.missing_dialog import MissingDialog
from nodeflow.app.model.downloads import Downloads
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.import_report import ImportReport, ModelRow
from tests.library.file_server import FileServer, file_server

LEFT = Qt.MouseButton.LeftButton
WEIGHTS = os.urandom(3_000_000)
VAE = {"config.json": b'{"_class_name": "AutoencoderKL"}', "diffusion_pytorch_model.safetensors": WEIGHTS}


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return folders(tmp_path, monkeypatch)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    with file_server() as found:
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # tests are offline else
        found.offer_repository("someone/vae", VAE, "mit")
        yield found


def asked(window: MainWindow, source: str, qtbot: QtBot) -> DownloadDialog:
    """The dialog, opened by its action, once the source has said what it offers."""
    window.actions_["file.download"].trigger()
    dialog = next(one for one in window.findChildren(DownloadDialog) if one.isVisible())
    QTest.keyClicks(dialog.source, source)
    QTest.mouseClick(dialog.look_up, LEFT)
    qtbot.waitUntil(lambda: dialog.look_up.isEnabled() and bool(dialog.what.text()), timeout=30_000)
    return dialog


def row_of(window: MainWindow) -> DownloadRow:
    (row,) = window.models.show_downloads().rows.values()
    return row


def test_nothing_is_fetched_before_it_was_agreed_to(
    window: MainWindow, qtbot: QtBot, server: FileServer, models: Path
) -> None:
    look(window, qtbot)
    assert not server.seen
    dialog = asked(window, "someone/vae", qtbot)
    told = dialog.what.text()
    assert "3 MB" in told and "mit" in told and "someone/vae" in told
    assert str(models / "someone" / "vae") in dialog.room.text() and "free" in dialog.room.text()
    assert [path for path, _, _ in server.seen] == ["/api/models/someone/vae"]
    QTest.mouseClick(dialog.begin, LEFT)
    qtbot.waitUntil(lambda: [one.state for one in window.models.downloads.items] == ["done"], timeout=60_000)
    assert (models / "someone" / "vae" / "diffusion_pytorch_model.safetensors").read_bytes() == WEIGHTS
    qtbot.waitUntil(lambda: bool(window.hub.models.models.search("someone/vae")), timeout=30_000)


def test_what_cannot_be_had_is_a_sentence(window: MainWindow, qtbot: QtBot, server: FileServer) -> None:
    dialog = asked(window, "someone/else", qtbot)
    assert "the hub has no someone/else" in dialog.what.text() and not dialog.begin.isEnabled()


def test_paused_and_gone_on_with_after_a_restart(
    window: MainWindow, qtbot: QtBot, server: FileServer, models: Path
) -> None:
    server.hold = 1_500_000
    look(window, qtbot)
    QTest.mouseClick(asked(window, "someone/vae", qtbot).begin, LEFT)
    downloads = window.models.downloads
    qtbot.waitUntil(lambda: bool(downloads.items) and downloads.items[0].got > 1_000_000, timeout=60_000)
    row = row_of(window)
    assert "of 3 MB" in row.words.text()
    QTest.mouseClick(row.turn, LEFT)
    server.go_on.set()
    qtbot.waitUntil(lambda: downloads.items[0].state == "paused", timeout=60_000)
    assert row.turn.text() == "Resume"
    part = models / "someone" / "vae" / "diffusion_pytorch_model.safetensors.part"
    begun = part.stat().st_size
    assert 0 < begun < len(WEIGHTS)
    later = Downloads()
    later.start()
    assert [one.state for one in later.items] == ["paused"]
    server.hold = 0
    later.resume(later.items[0].id)
    qtbot.waitUntil(lambda: later.items[0].state == "done", timeout=60_000)
    later.close()
    assert server.seen[-1][1] == f"bytes={begun}-"
    assert part.with_suffix("").read_bytes() == WEIGHTS and not part.exists()


def test_offline_asks_nobody(window: MainWindow, qtbot: QtBot, server: FileServer) -> None:
    QTest.mouseClick(window.status.net, LEFT)
    assert window.models.downloads.offline and "Offline" in window.status.net.text()
    dialog = asked(window, "someone/vae", qtbot)
    assert "offline" in dialog.what.text() and not server.seen
    QTest.mouseClick(window.status.net, LEFT)
    QTest.mouseClick(dialog.look_up, LEFT)
    qtbot.waitUntil(dialog.begin.isEnabled, timeout=30_000)


def test_a_repository_that_is_missing_is_fetched_from_the_dialog(
    window: MainWindow, qtbot: QtBot, server: FileServer
) -> None:
    look(window, qtbot)
    window.session.do("Set", SetParam("model", "model", "someone/vae"))
    qtbot.waitUntil(lambda: len(window.session.missing) == 1)
    dialog = window.models.show_missing(window.tabs.front)
    assert isinstance(dialog, MissingDialog)
    (fetch,) = dialog.fetch_buttons
    QTest.mouseClick(fetch, LEFT)
    ask = next(one for one in window.findChildren(DownloadDialog) if one.isVisible())
    qtbot.waitUntil(ask.begin.isEnabled, timeout=30_000)
    QTest.mouseClick(ask.begin, LEFT)
    qtbot.waitUntil(lambda: not window.session.missing, timeout=60_000)


def test_a_source_that_a_workflow_names_is_fetched_where_the_workflow_wants_it(
    window: MainWindow, qtbot: QtBot, server: FileServer, models: Path
) -> None:
    server.files["/files/some_vae.safetensors"] = WEIGHTS
    row = ModelRow("some_vae.safetensors", "vae", "1", source=server.url + "/files/some_vae.safetensors")
    window.session.show_imported(window.session.workflow.copy(), ImportReport(models=[row]), None, "a")
    window.session.do("Set", SetParam("model", "model", "some_vae.safetensors"))
    look(window, qtbot)
    qtbot.waitUntil(lambda: len(window.session.missing) == 1)
    (fetch,) = window.models.show_missing(window.tabs.front).fetch_buttons
    QTest.mouseClick(fetch, LEFT)
    ask = next(one for one in window.findChildren(DownloadDialog) if one.isVisible())
    qtbot.waitUntil(ask.begin.isEnabled, timeout=30_000)
    QTest.mouseClick(ask.begin, LEFT)
    qtbot.waitUntil(lambda: not window.session.missing, timeout=60_000)
    assert (models / "vae" / "some_vae.safetensors").read_bytes() == WEIGHTS
