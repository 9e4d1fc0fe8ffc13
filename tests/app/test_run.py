"""Runs with the real engine: a worker process, real nodes, images that come back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import psutil
from app.conftest import STARTER
from app.seen import add
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from nodeflow.app.model.run_state_text import state_line
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, EditBatch, SetParam
from nodeflow.graph.io.png_text import workflow_of
from nodeflow.graph.model.workflow import Link, Node

SECONDS = 60_000


def small_workflow(window: MainWindow, picture: Path) -> None:
    """An image that is loaded, made larger, and saved."""
    window.session.new()
    image = QImage(16, 12, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkGreen)
    image.save(str(picture))
    edits = (
        AddNode("load", Node("nodes.load_image", 1, {"path": str(picture)})),
        AddNode("larger", Node("nodes.resize_image", 1, {"width": 64, "height": 48})),
        AddNode("save", Node("nodes.save_image", 1)),
        Connect(Link("load", "image", "larger", "image")),
        Connect(Link("larger", "image", "save", "image")),
    )
    window.session.do("Make", EditBatch(edits))


def finish(window: MainWindow, qtbot: QtBot) -> None:
    window.run()
    assert window.session.problems == []
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)


def test_a_run_shows_states_and_pictures(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small_workflow(window, tmp_path / "in.png")
    finish(window, qtbot)
    states = {name: window.session.state(name).phase for name in ("load", "larger", "save")}
    assert states == {"load": "ran", "larger": "ran", "save": "ran"}
    state = window.session.state("larger")
    assert state_line(msgspec.structs.replace(state, seconds=1.5, memory=0)) == "done in 1.5 s"
    assert state_line(msgspec.structs.replace(state, seconds=1.5, memory=340_000_000)) == "done in 1.5 s · 340 MB"
    assert window.session.states.outcome == "done"
    qtbot.waitUntil(lambda: window.preview.view.shown is not None, timeout=5000)
    qtbot.waitUntil(lambda: window.canvas.nodes["larger"].thumbnail is not None, timeout=5000)
    assert window.hub.device
    saved = tmp_path / "saved.png"
    window.preview.save_to(saved)
    qtbot.waitUntil(saved.exists, timeout=5000)
    assert (QImage(str(saved)).width(), QImage(str(saved)).height()) == (64, 48)
    assert b"nodes.resize_image" in (workflow_of(saved.read_bytes()) or b"")
    window.session.do("Set", SetParam("larger", "width", 32))
    assert [window.session.state(name).phase for name in ("load", "larger", "save")] == ["ran", "stale", "stale"]
    finish(window, qtbot)
    assert window.session.state("load").phase == "cached"
    assert window.session.state("larger").phase == "ran"


def test_a_failed_node_says_so_on_itself(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small_workflow(window, tmp_path / "in.png")
    window.session.do("Set", SetParam("load", "path", str(tmp_path / "nowhere.png")))
    finish(window, qtbot)
    assert window.session.state("load").phase == "failed"
    assert "nowhere.png" in window.canvas.nodes["load"].note
    assert window.session.state("save").phase == "skipped"
    assert window.session.states.outcome == "failed"


def test_a_lost_worker_is_told_and_the_next_run_starts_another(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    small_workflow(window, tmp_path / "in.png")
    finish(window, qtbot)
    with qtbot.waitSignal(window.hub.trouble, timeout=5000):
        os.kill(window.hub.engine.pid, signal.SIGKILL)
    assert window.canvas.nodes
    finish(window, qtbot)
    assert window.session.states.outcome == "done"


def test_the_starter_workflow_gives_a_picture(window: MainWindow, qtbot: QtBot) -> None:
    window.session.open(STARTER)
    finish(window, qtbot)
    assert window.session.states.outcome == "done", window.session.states.nodes
    qtbot.waitUntil(lambda: window.preview.node == "decode", timeout=5000)
    qtbot.waitUntil(lambda: width(window) == 64, timeout=5000)
    assert window.canvas.nodes["sampler"].thumbnail is not None


def width(window: MainWindow) -> int:
    picture = window.preview.view.shown
    return picture.width() if picture is not None else 0


def test_a_large_workflow_is_handed_over_without_waiting_for_the_worker(window: MainWindow, qtbot: QtBot) -> None:
    window.session.new()
    many = {f"noise_{number}": Node("nodes.gaussian_noise", 1, {"seed": number}) for number in range(3000)}
    window.session.workflow.nodes.update(many)
    window.hub.start()
    qtbot.waitUntil(lambda: window.hub.engine.pid > 0, timeout=SECONDS)
    worker = psutil.Process(window.hub.engine.pid)
    worker.suspend()  # it reads nothing from its pipe, which holds far less than the workflow
    try:
        window.session.run()
        assert window.session.running
    finally:
        worker.resume()


def test_after_a_restart_what_comes_from_disk_can_be_seen(window: MainWindow, qtbot: QtBot) -> None:
    window.session.open(STARTER)
    finish(window, qtbot)
    window.hub.close()
    window.session.open(STARTER)
    window.session.do("Set", SetParam("save", "name", "again"))
    finish(window, qtbot)
    assert window.session.state("sampler").phase == "cached"
    qtbot.waitUntil(lambda: window.canvas.nodes["sampler"].thumbnail is not None, timeout=5000)
    qtbot.waitUntil(lambda: window.canvas.nodes["decode"].thumbnail is not None, timeout=5000)


def test_nodes_of_an_installed_pack_are_known_once_the_worker_is_up(
    window: MainWindow, qtbot: QtBot, install_pack
) -> None:
    install_pack()
    window.session.new()
    window.session.do("Add", AddNode("anvil", Node("acme.forge", params={"weight": 9})))
    assert not window.canvas.nodes["anvil"].face.known
    finish(window, qtbot)
    assert window.session.states.outcome == "done"
    assert window.canvas.nodes["anvil"].face.known
    assert window.canvas.nodes["anvil"].face.title == "Forge"
    assert window.canvas.nodes["anvil"].output_port("anvil") is not None


def test_an_unknown_node_on_an_unrelated_branch_does_not_stop_the_run(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    small_workflow(window, tmp_path / "in.png")
    window.session.do("Add", AddNode("stray", Node("lost.node")))
    finish(window, qtbot)
    assert window.session.states.outcome == "done"
    finish(window, qtbot)
    assert window.session.states.outcome == "done"


def test_the_foot_tells_what_a_run_would_do(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small_workflow(window, tmp_path / "in.png")
    finish(window, qtbot)
    words = window.status.words
    qtbot.waitUntil(lambda: "nothing would run again" in words.text(), timeout=10_000)
    window.session.do("Set", SetParam("larger", "width", 40))
    qtbot.waitUntil(lambda: "2 of 3 nodes would run" in words.text(), timeout=10_000)
    add(window, "sizes", "nodes.seeds")
    window.session.do("Connect", Connect(Link("sizes", "values", "larger", "width")))
    qtbot.waitUntil(
        lambda: "up to 3 of 4 nodes would run" in words.text(), timeout=10_000
    )  # how large is not known yet
