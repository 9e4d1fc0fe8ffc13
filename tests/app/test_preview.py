"""Tests of the preview: one image of a batch, copied, saved, its seed and itself used again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from nodeflow.app.panels.batch_view import BatchView
from nodeflow.app.panels.preview import Preview
from nodeflow.app.panels.preview_choice import PreviewChoice
from nodeflow.app.qt import theme
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.png_text import workflow_of
from nodeflow.resources import folder

SECONDS = 120_000
STARTER = folder("workflows") / "latent-diffusion.json"


@pytest.fixture
def batch(window: MainWindow, qtbot: QtBot) -> Preview:
    """The preview after a run of three images."""
    window.session.open(STARTER)
    window.session.do("Set", SetParam("noise", "batch", 3))
    window.session.do("Set", SetParam("noise", "seed", 40))
    window.session.do("Set", SetParam("scheduler", "steps", 1))
    window.session.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    preview = window.preview
    qtbot.waitUntil(lambda: (preview.node, len(preview.view.images)) == ("decode", 3), timeout=SECONDS)
    qtbot.waitUntil(lambda: preview.view.shown is not None, timeout=SECONDS)
    return preview


def test_the_image_of_a_node_that_loads_one_is_seen_and_painted_on_before_any_run(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.session.open(folder("workflows") / "inpainting.json")
    window.canvas.selection.choose(["picture"])
    preview = window.preview
    qtbot.waitUntil(lambda: preview.view.shown is not None, timeout=SECONDS)
    assert (preview.node, preview.output) == ("picture", "image") and not window.session.running
    assert preview.view.shown.size() == QImage(str(folder("assets") / "pictures" / "fish.png")).size()
    preview.tools.paint_mask.trigger()
    qtbot.waitUntil(lambda: window.masks.dialog is not None, timeout=SECONDS)
    assert window.masks.dialog is not None
    window.masks.dialog.reject()


def test_a_click_enlarges_one_of_a_batch_and_arrows_go_on(batch: Preview, qtbot: QtBot) -> None:
    view = batch.view.view
    assert "3 images" in batch.heading.text()
    area = view.area()
    second = QPoint(round(area.x() + area.width() * 0.75), round(area.y() + area.height() * 0.25))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=second)
    qtbot.waitUntil(lambda: "2 of 3" in batch.heading.text(), timeout=5000)
    assert batch.view.shown == QImage.fromData(batch.view.images[1])
    QTest.keyClick(view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "3 of 3" in batch.heading.text(), timeout=5000)
    QTest.keyClick(view, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: "1 of 3" in batch.heading.text(), timeout=5000)
    QTest.mouseMove(view, view.area().center().toPoint())
    QTest.mouseMove(view, view.area().center().toPoint() + QPoint(2, 1))
    qtbot.waitUntil(lambda: ":" in batch.size_label.text(), timeout=5000)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: "3 images" in batch.heading.text(), timeout=5000)


def test_an_image_is_copied_and_saved_alone(batch: Preview, qtbot: QtBot, tmp_path: Path) -> None:
    batch.view.choose(2)
    qtbot.waitUntil(lambda: "3 of 3" in batch.heading.text(), timeout=5000)
    QTest.mouseClick(batch.tools.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().image() == QImage.fromData(batch.view.images[2])
    batch.save_to(tmp_path / "saved" / "one.png")
    qtbot.waitUntil((tmp_path / "saved" / "one.png").exists, timeout=5000)
    assert b'"nodeflow"' in (workflow_of((tmp_path / "saved" / "one.png").read_bytes()) or b"")
    assert QImage(str(tmp_path / "saved" / "one.png")) == QImage.fromData(batch.view.images[2])
    batch.view.choose(None)
    batch.save_to(tmp_path / "saved" / "all.png")
    qtbot.waitUntil((tmp_path / "saved" / "all-3.png").exists, timeout=5000)
    assert {path.name for path in (tmp_path / "saved").iterdir()} == {"all-2.png", "all-3.png", "all.png", "one.png"}


def test_its_seed_is_used_again_for_it_alone(window: MainWindow, batch: Preview, qtbot: QtBot) -> None:
    wanted = batch.view.images[1]
    batch.view.choose(1)
    window.session.do("Set", SetParam("noise", "seed", 7))
    batch.tools.seed.trigger()
    params = window.session.workflow.nodes["noise"].params
    assert (params["seed"], params["batch"]) == (41, 1)
    window.session.run()
    qtbot.waitUntil(lambda: not window.session.running, timeout=SECONDS)
    seen = lambda: [QImage.fromData(image) for image in batch.view.images]  # noqa: E731 (the last step may be there yet)
    qtbot.waitUntil(lambda: seen() == [QImage.fromData(wanted)], timeout=SECONDS)
    window.session.stack.undo()
    assert window.session.workflow.nodes["noise"].params["seed"] == 7


def test_it_becomes_the_input(window: MainWindow, batch: Preview, qtbot: QtBot) -> None:
    def loaders() -> list[str]:
        nodes = window.session.workflow.nodes
        return [str(node.params.get("path")) for node in nodes.values() if node.type == "nodes.load_image"]

    assert loaders() == []
    batch.tools.input.trigger()
    qtbot.waitUntil(lambda: len(loaders()) == 1, timeout=5000)
    first = Path(loaders()[0])
    window.canvas.selection.choose(["decode"])  # the preview may show the new node's image by now
    qtbot.waitUntil(lambda: len(batch.view.images) == 3, timeout=SECONDS)
    assert QImage(str(first)) == QImage.fromData(batch.view.images[0])
    batch.view.choose(2)
    third = QImage.fromData(batch.view.images[2])
    batch.tools.input.trigger()
    qtbot.waitUntil(lambda: loaders() != [str(first)], timeout=5000)
    assert len(loaders()) == 1
    assert QImage(loaders()[0]) == third


def test_a_selected_node_is_looked_at_until_another_is() -> None:
    choice = PreviewChoice()
    choice.begin_run()
    assert choice.takes_step("sampler")
    assert choice.takes_result("sampler", False)
    assert choice.takes_result("decode", True)
    assert not choice.takes_result("second", False), "a latent comes after the image"
    assert choice.takes_result("larger", True)
    choice.begin_run()
    assert choice.takes_result("sampler", False)
    choice.selected = "sampler"
    assert choice.takes_result("sampler", False)
    assert not choice.takes_result("decode", True)
    assert not choice.takes_step("other")


def test_a_place_of_the_grid_where_no_image_is_has_no_number(qtbot: QtBot, tmp_path: Path) -> None:
    batch = BatchView()
    qtbot.addWidget(batch)
    batch.resize(400, 400)
    batch.show()
    view, canvas, one = batch.view, QColor(theme.colour("canvas")), QImage(32, 32, QImage.Format.Format_RGB32)
    one.fill(Qt.GlobalColor.red)
    one.save(str(tmp_path / "red.png"))
    batch.show_images([(tmp_path / "red.png").read_bytes()] * 3)
    qtbot.waitUntil(lambda: view.frame is not None and view.frame.about.many == 3, timeout=5000)
    area, seen = view.area(), view.grab().toImage()
    inks = []
    for tile in range(4):
        at = area.topLeft() + QPointF(tile % 2 * area.width() / 2, tile // 2 * area.height() / 2)
        badge = [seen.pixelColor(int(at.x()) + x, int(at.y()) + y) for x in range(7, 23) for y in range(7, 21)]
        inks.append(any(colour != canvas for colour in badge))
        inside = view.place(at + QPointF(area.width() / 4, area.height() / 4))
        assert (inside is None) == (tile == 3)
    assert inks == [True, True, True, False]
