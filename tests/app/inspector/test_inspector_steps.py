"""Steps in the inspector: scrubbed, held, kept, gone on from."""

from __future__ import annotations

import json
from pathlib import Path

from app.looking import SECONDS, See
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.facts_table import FactsView
from nodeflow.app.inspector.frame_store import FrameCache
from nodeflow.app.inspector.step_keeper import STEP_KEY
from nodeflow.app.qt.frames import frame_of
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.png_text import text_of, workflow_of
from nodeflow.views import Picture


def test_steps_are_scrubbed_and_held_within_a_bound(see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.choices.choose("quantity", "predicted x_0")
    qtbot.waitUntil(lambda: panel.film is not None and panel.film.held == panel.film.steps, timeout=SECONDS)
    assert panel.film is not None
    assert panel.film.steps == 21
    shown = []
    for step in (0, 10, 19):
        panel.scrubber.go(step)
        assert panel.stage.picture.frame is panel.film.frame(step)
        shown.append(panel.stage.picture.image())
    assert shown[0] != shown[1] != shown[2]
    assert "steps fetched" in panel.facts_line.text()
    assert panel.cache.bytes == sum(frame.image.sizeInBytes() for frame in panel.cache._frames.values())
    panel.scrubber.go(0)
    panel.scrubber.play_button.click()
    qtbot.waitUntil(lambda: panel.scrubber.step > 2, timeout=5000)
    panel.scrubber.stop()


def test_what_was_seen_longest_ago_goes_first() -> None:
    def frame(grey: int):
        return frame_of(Picture(8, 8, bytes([grey] * 192), 8, 8))

    cache = FrameCache(most=3 * frame(0).image.sizeInBytes())
    for number in range(3):
        cache.put(number, frame(number))
    cache.get(0)
    cache.put(3, frame(3))
    assert [number in cache for number in range(4)] == [True, False, True, True]
    assert cache.bytes == cache.most
    cache.put(3, frame(9))
    assert cache.bytes == cache.most


def test_a_run_goes_on_from_a_step_another_way(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.scrubber.go(8)
    before = window.session.workflow.nodes.keys()
    panel.tools.menu.aboutToShow.emit()
    offered = [action.text().rpartition(" · ")[2] for action in panel.tools.menu.actions()]
    assert offered == ["guidance", "scheduler", "noise", "denoiser", "negative", "prompt", "model"]
    panel.tools.menu.actions()[0].trigger()
    assert window.canvas.selection.chosen() == ["guidance_2"]
    window.session.do("Set", SetParam("guidance_2", "scale", 6.0))
    window.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    assert window.session.state("sampler_2").phase == "ran"
    assert "8 of 20 steps from the cache" in str(window.session.state("sampler_2"))
    while window.session.stack.canUndo():
        window.session.stack.undo()
    assert window.session.workflow.nodes.keys() == before
    see("sampler", "trajectory", "frames")
    panel.scrubber.go(20)
    assert not panel.tools.fork_button.isEnabled()


def test_the_picture_of_a_step_is_kept_with_what_it_is_of(see: See, qtbot: QtBot, tmp_path: Path) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.choices.choose("quantity", "predicted x_0")
    panel.scrubber.go(4)
    folder = panel.session.hub.output
    for _ in range(2):
        panel.keep_step()
        qtbot.waitUntil(lambda: not panel.looks.waiting, timeout=SECONDS)
    first, second = sorted(folder.glob("sampler-step-004-*.png"))
    data = first.read_bytes()
    assert json.loads(text_of(data, STEP_KEY) or b"") == {"node": "sampler", "step": 4, "quantity": "predicted x_0"}
    assert b"nodes.sample" in (workflow_of(data) or b"")
    assert QImage(str(first)).width() == 64
    assert QImage(str(first)) == QImage(str(second))


def test_while_it_samples_the_step_is_shown_and_then_the_result(window: MainWindow, see: See, qtbot: QtBot) -> None:
    panel = see("sampler", "trajectory", "frames")
    window.session.do("Set", SetParam("scheduler", "steps", 150))
    window.run()
    qtbot.waitUntil(lambda: "as it is foreseen" in panel.told.text(), timeout=SECONDS)
    assert panel.stage.picture.frame is not None
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    qtbot.waitUntil(lambda: panel.film is not None and panel.film.steps == 151, timeout=SECONDS)
    qtbot.waitUntil(lambda: panel.film.frame(150) is panel.stage.picture.frame is not None, timeout=SECONDS)


def test_steps_tell_time_and_spread(see: See) -> None:
    panel = see("sampler", "trajectory", "frames")
    panel.scrubber.go(0)
    words = panel.told.text()
    assert all(name in words for name in ("t ", "sigma ", "mean ", "deviation ", "minimum ", "maximum "))
    facts = see("sampler", "trajectory", "").stage.currentWidget()
    assert isinstance(facts, FactsView)
    assert facts.chosen.startswith("x[")
