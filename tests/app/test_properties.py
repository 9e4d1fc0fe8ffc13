"""The panel of properties: parameters are edited there too, and follow what happens elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from app.seen import add, text
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from nodeflow.app.i18n.texts import describe
from nodeflow.app.qt.fields import LineField, TextField
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Connect
from nodeflow.graph.model.workflow import Link

Key = Qt.Key


def field(window: MainWindow, node: str, name: str) -> QWidget:
    window.canvas.selection.choose([node])
    QApplication.processEvents()
    found = window.properties.fields[name]
    found.setFocus()
    return found


def params(window: MainWindow, node: str) -> dict[str, object]:
    return window.session.workflow.nodes[node].params


def test_a_number_is_typed_and_a_wrong_one_is_marked_and_not_taken(window: MainWindow) -> None:
    scale = field(window, "guidance", "scale")
    before = params(window, "guidance")["scale"]
    scale.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(scale, "900")
    assert "border" in scale.styleSheet()
    QTest.keyClick(scale, Key.Key_Return)
    assert params(window, "guidance")["scale"] == before
    scale.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(scale, "4.25")
    QTest.keyClick(scale, Key.Key_Return)
    assert params(window, "guidance")["scale"] == 4.25
    assert window.session.stack.undoText() == "Set scale"
    window.session.stack.undo()
    assert scale.text() == str(before)  # type: ignore[attr-defined]


def test_a_text_typed_in_one_go_is_one_step_of_undo(window: MainWindow) -> None:
    words = field(window, "prompt", "text")
    before = params(window, "prompt")["text"]
    words.setFocus()
    words.selectAll()  # type: ignore[attr-defined]
    QTest.keyClicks(words, "a blue cup")
    assert params(window, "prompt")["text"] == "a blue cup"
    window.session.stack.undo()
    assert params(window, "prompt")["text"] == before
    assert words.toPlainText() == before  # type: ignore[attr-defined]
    assert not window.session.stack.canUndo()


def test_choices_and_switches(window: MainWindow) -> None:
    add(window, "knobs", "toys.knobs")
    way = field(window, "knobs", "way")
    QTest.keyClick(way, Key.Key_Down)
    assert params(window, "knobs")["way"] == "right"
    QTest.keyClick(field(window, "knobs", "on"), Key.Key_Space)
    assert params(window, "knobs")["on"] is True


def test_a_value_that_a_wire_gives_cannot_be_edited(window: MainWindow) -> None:
    add(window, "total", "toys.total")
    count = field(window, "noise", "batch")
    assert isinstance(count, LineField) and count.isEnabled()
    before = count.text()
    window.session.do("Connect", Connect(Link("total", "total", "noise", "batch")))
    assert not count.isEnabled()
    assert (count.text(), count.placeholderText()) == ("", "from wire"), "the number behind the wire counts for nothing"
    window.session.stack.undo()
    assert count.isEnabled() and count.text() == before


def test_no_node_no_fields(window: MainWindow) -> None:
    field(window, "guidance", "scale")
    window.canvas.selection.choose([])
    assert window.properties.fields == {}


def test_a_value_that_few_need_is_shown_on_the_node_once_it_is_set(window: MainWindow) -> None:
    card = window.canvas.nodes["denoiser"]

    def rows() -> list[str]:
        return [row.name for row in window.canvas.nodes["denoiser"].face.rows]

    assert rows() == ["prediction"], "a learner sees one guidance alone"
    guidance = field(window, "denoiser", "guidance")
    QTest.keyClick(guidance, Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(guidance, "3.5")
    QTest.keyClick(guidance, Key.Key_Return)
    assert window.session.workflow.nodes["denoiser"].params["guidance"] == 3.5
    assert rows() == ["prediction", "guidance"] and len(card.rows) == len(card.row_ports) == 2
    window.session.stack.undo()
    assert rows() == ["prediction"]
    window.session.stack.redo()
    assert rows() == ["prediction", "guidance"]


def test_texts_that_are_dropped_into_two_fields_are_two_steps(window: MainWindow) -> None:
    before = {node: params(window, node)["text"] for node in ("prompt", "negative")}
    dropped = QMimeData()
    dropped.setText("seen from above, ")
    for node in before:
        window.canvas.selection.choose([node])
        into = window.properties.fields["text"]
        assert isinstance(into, TextField) and not into.hasFocus()
        into.insertFromMimeData(dropped)
        assert "seen from above" in str(params(window, node)["text"])
    assert window.session.stack.index() == 2
    window.session.stack.setIndex(0)
    assert {node: params(window, node)["text"] for node in before} == before


def test_a_text_that_goes_on_in_more_nodes_is_a_step_of_its_own(window: MainWindow) -> None:
    before, dropped = text(window), QMimeData()
    dropped.setText("seen from above, ")
    for chosen in (["negative"], ["negative", "prompt"]):
        window.canvas.selection.choose(chosen)
        into = window.properties.fields["text"]
        assert isinstance(into, TextField)
        into.insertFromMimeData(dropped)
    assert params(window, "prompt") == params(window, "negative")
    window.session.stack.undo()
    assert params(window, "prompt") != params(window, "negative")
    window.session.stack.setIndex(0)
    assert text(window) == before


@pytest.mark.parametrize("width", [150, 260, 420])
def test_an_empty_field_says_what_it_takes_as_far_as_there_is_room(window: MainWindow, width: int) -> None:
    add(window, "style", "nodes.apply_lora")
    blocks = field(window, "style", "blocks")
    assert isinstance(blocks, LineField)
    blocks.setFixedWidth(width)
    QApplication.processEvents()
    shown, whole = (
        blocks.placeholderText(),
        describe(window.canvas.scope.catalogue.nodes["nodes.apply_lora"].param("blocks")),
    )
    assert blocks.fontMetrics().horizontalAdvance(shown) < width - 12
    assert shown.endswith("MID: 0") and blocks.toolTip() == whole
    assert (shown == whole) == (width == 420)


def test_a_number_that_is_still_being_typed_is_run_saved_and_kept_by_its_own_node(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path, ctrl = tmp_path / "typed.json", Qt.KeyboardModifier.ControlModifier
    window.session.save(path)
    window.activateWindow()

    def type_into(node: str, name: str, words: str) -> QWidget:
        line = field(window, node, name)
        assert isinstance(line, LineField)
        line.selectAll()
        QTest.keyClicks(line, words)
        return line

    QTest.keyClick(type_into("guidance", "scale", "4.25"), Key.Key_Return, ctrl)
    assert window.session.running and params(window, "guidance")["scale"] == 4.25
    window.session.cancel()
    QTest.keyClick(type_into("guidance", "scale", "5.75"), Key.Key_S, ctrl)
    qtbot.waitUntil(lambda: not window.documents.writing, timeout=10_000)
    assert b"5.75" in path.read_bytes() and not window.session.dirty
    type_into("noise", "seed", "77")
    window.canvas.selection.choose(["scheduler"])
    QApplication.processEvents()
    assert params(window, "noise")["seed"] == 77
