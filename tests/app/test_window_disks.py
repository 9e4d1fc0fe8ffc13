"""Disks that are full, read-only or damaged, in a window with its engine: runs go on, and each is told once."""

from __future__ import annotations

import resource
import sqlite3
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot
from typer.testing import CliRunner

from nodeflow.app.window.main_window import MainWindow
from nodeflow.cli.main import cli
from nodeflow.graph.edits.edits import AddNode, Connect, EditBatch, SetParam
from nodeflow.graph.model.workflow import Link, Node

MILLISECONDS = 180_000


def made(window: MainWindow) -> None:
    """A workflow whose results are worth a file."""
    window.session.new()
    noise = Node("nodes.plain_image", 1, {"width": 256, "height": 256})
    grown = Node("nodes.resize_image", 1, {"width": 700, "height": 700})
    link = Link("noise", "image", "grown", "image")
    window.session.do("Make", EditBatch((AddNode("noise", noise), AddNode("grown", grown), Connect(link))))


def run(window: MainWindow, qtbot: QtBot, width: int) -> None:
    """Run to the end, with something new to compute."""
    window.session.do("Set", SetParam("grown", "width", width))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=MILLISECONDS)
    assert window.session.states.outcome == "done", window.session.states.nodes


def told(window: MainWindow, word: str) -> list[str]:
    return [line for line in window.hub.log if word in line]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_a_cache_that_cannot_be_written_is_told_once_and_the_run_goes_on(
    window: MainWindow, qtbot: QtBot, cache: Path
) -> None:
    cache.write_text("a file in the way, which not even root can write into")
    made(window)
    for width in (701, 702):
        run(window, qtbot, width)
    assert len(told(window, "only in memory")) == 1
    assert "results" in window.status.unkept.text()
    assert window.status.unkept.isVisible()


def test_a_disk_that_fills_up_is_told_once_until_there_is_room(window: MainWindow, qtbot: QtBot, cache: Path) -> None:
    made(window)
    run(window, qtbot, 701)
    worker = psutil.Process(window.hub.engine.pid)
    before = worker.rlimit(resource.RLIMIT_FSIZE)
    worker.rlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    for width in (702, 703):
        run(window, qtbot, width)
    qtbot.waitUntil(window.status.unkept.isVisible)
    assert len(told(window, "only in memory")) == 1
    worker.rlimit(resource.RLIMIT_FSIZE, before)
    run(window, qtbot, 704)
    qtbot.waitUntil(lambda: not window.status.unkept.isVisible())


def test_a_damaged_index_costs_nobody_anything(window: MainWindow, qtbot: QtBot, cache: Path) -> None:
    (cache / "results").mkdir(parents=True)
    index = cache / "results" / "index.sqlite"
    index.write_bytes(b"no database" * 500)
    made(window)
    run(window, qtbot, 701)
    assert window.hub.unkept == {}
    assert sqlite3.connect(index).execute("SELECT count(*) FROM result").fetchone() > (0,)
    assert CliRunner().invoke(cli, ["cache", "clear"]).exit_code == 0
    run(window, qtbot, 702)


def test_a_damaged_queue_is_set_aside_and_told_once(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / "queue.sqlite").write_bytes(b"no database" * 500)
    made(window)
    for width in (701, 702):
        run(window, qtbot, width)
    (aside,) = (tmp_path / "data").glob("queue-damaged-*.sqlite")
    assert aside.read_bytes().startswith(b"no database")
    (line,) = told(window, "set aside")
    assert str(aside) in line
    assert window.hub.unkept == {}, "the new file keeps the queue"


def test_a_queue_without_room_goes_on_and_is_written_again(window: MainWindow, qtbot: QtBot) -> None:
    made(window)
    window.session.do("add", AddNode("text", Node("nodes.text", 1, {"text": "x" * 100_000})))
    file = window.hub.engine._queue._file
    pages = file.execute("PRAGMA page_count").fetchone()[0]
    file.execute(f"PRAGMA max_page_count = {pages}")
    seen: list[set[str]] = []
    window.hub.unkept_changed.connect(lambda: seen.append(set(window.hub.unkept)))
    for width in (701, 702):
        run(window, qtbot, width)
    assert len(told(window, "queue is kept in memory only")) == 1
    qtbot.waitUntil(lambda: seen[-1] == set())
    assert {"queue"} in seen, "which is over as soon as what waits has room again"
