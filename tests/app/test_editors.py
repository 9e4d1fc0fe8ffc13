"""The floating editors, by mouse and keys."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from app.hands import Hand
from app.seen import add, agrees, port, row_centre, text
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.editors import clip_tokenizer
from nodeflow.app.canvas.editors.choice_editor import ChoiceEditor, SwitchEditor
from nodeflow.app.canvas.editors.expressions import number
from nodeflow.app.canvas.editors.param_editors import LineEditor
from nodeflow.app.canvas.editors.text_editor import TextEditor
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Connect, SetParam
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Link
from nodeflow.resources import folder

Key = Qt.Key


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("1024/2", 512),
        ("2**10", 1024),
        ("3 * (4 + 1) - 7 // 2", 12),
        ("pi", 3.141592653589793),
        ("sqrt(2) * 2", 2.8284271247461903),
        ("min(7, 3)", 3),
        ("1,5", 1.5),
        ("-2.5e1", -25.0),
        ("007", 7),
        ("-7 % 3", 2),
        ("round(123.456, 1)", 123.5),
        ("round(2.5)", 2),
    ],
)
def test_numbers_are_written_as_expressions(words: str, value: float) -> None:
    assert number(words) == value


@pytest.mark.parametrize(
    "words",
    [
        "",
        "a",
        "1 +",
        "True",
        "'7'",
        "1 > 0",
        "__import__('os')",
        "(1).real",
        "[1]",
        "lambda: 1",
        "1/0",
        "9**9**9",
        "2**-99999999999",
        "10**400",
        "inf",
        "nan",
        "1e999",
        "(-1)**0.5",
        "(" * 190,
        "1" * 500,
        "max()",
        "round(5, -10**9)",
        "round(10**300, 9**9)",
    ],
)
def test_what_is_no_number_is_none_and_harms_nothing(words: str) -> None:
    assert number(words) is None


def knobs(window: MainWindow, hand: Hand) -> None:
    add(window, "knobs", "toys.knobs", 300, 900)
    hand.view.centerOn(420, 1000)


def params(window: MainWindow) -> dict:
    return window.session.workflow.nodes["knobs"].params


def test_an_expression_is_kept_as_its_value(window: MainWindow, hand: Hand) -> None:
    knobs(window, hand)
    hand.click(row_centre(window, "knobs", "count"))
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor)
    editor.selectAll()
    QTest.keyClicks(editor, "7 *")
    assert editor.toolTip() == "this is no number"
    QTest.keyClicks(editor, "6")
    assert editor.toolTip() == ""
    QTest.keyClick(editor, Key.Key_Return)
    assert params(window) == {"count": 42}
    assert type(params(window)["count"]) is int


@pytest.mark.parametrize(
    ("row", "words", "told"),
    [
        ("number", "9" * 30, "beyond 64 bits"),
        ("number", "nan", "This is no number: 'nan'"),
        ("number", "1e999", "This is no number: '1e999'"),
        ("number", "seven", "This is no number: 'seven'"),
        ("path", "~nobody/a.png", "starts with ~ and a name"),
    ],
)
def test_a_value_that_cannot_be_is_not_taken_and_told(
    window: MainWindow, hand: Hand, row: str, words: str, told: str
) -> None:
    add(window, "loose", "toys.loose", 300, 900)
    hand.view.centerOn(420, 1000)
    hand.click(row_centre(window, "loose", row))
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor)
    editor.selectAll()
    QTest.keyClicks(editor, words)
    QTest.keyClick(editor, Key.Key_Return)
    assert window.session.workflow.nodes["loose"].params == {}
    assert hand.view.toast.isVisible()
    assert told in hand.view.toast.text()


def test_shift_scrubs_fine_and_ctrl_coarse(window: MainWindow, hand: Hand) -> None:
    found = []
    for held in (
        Qt.KeyboardModifier.ShiftModifier,
        Qt.KeyboardModifier.NoModifier,
        Qt.KeyboardModifier.ControlModifier,
    ):
        start = row_centre(window, "guidance", "scale")
        hand.view.centerOn(start)
        before = window.session.workflow.nodes["guidance"].params["scale"]
        hand.press(start)
        hand.move(start + QPointF(4, 0), held)
        hand.move(start + QPointF(44, 0), held)
        hand.release()
        found.append(window.session.workflow.nodes["guidance"].params["scale"] - before)
        window.session.stack.undo()
    assert 0 < found[0] < found[1] < found[2]


def test_keys_alone_lead_through_every_row(window: MainWindow, hand: Hand) -> None:
    knobs(window, hand)
    window.canvas.selection.choose(["knobs"])
    QTest.keyClick(hand.view, Key.Key_Return)
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor) and editor.accessibleName() == "count"
    QTest.keyClicks(editor, "9")
    QTest.keyClick(editor, Key.Key_Tab)
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor) and editor.accessibleName() == "share"
    QTest.keyClick(editor, Key.Key_Tab)
    assert isinstance(hand.view.rows.editor, LineEditor)
    QTest.keyClicks(hand.view.rows.editor, "there")
    QTest.keyClick(hand.view.rows.editor, Key.Key_Tab)
    editor = hand.view.rows.editor
    assert isinstance(editor, ChoiceEditor)
    QTest.keyClick(editor.field, Key.Key_Down)
    QTest.keyClick(editor.field, Key.Key_Tab)
    editor = hand.view.rows.editor
    assert isinstance(editor, SwitchEditor)
    QTest.keyClick(editor, Key.Key_Space)
    QTest.keyClick(editor, Key.Key_Tab)
    editor = hand.view.rows.editor
    assert isinstance(editor, TextEditor)
    QTest.keyClicks(editor, "once")
    QTest.keyClick(editor, Key.Key_Tab)
    assert hand.view.rows.editor is None
    assert hand.view.hasFocus()
    assert params(window) == {"count": 9, "name": "there", "way": "right", "on": True, "story": "once"}
    assert agrees(window)


def test_shift_tab_leads_back(window: MainWindow, hand: Hand) -> None:
    knobs(window, hand)
    hand.click(row_centre(window, "knobs", "share"))
    QTest.keyClick(QApplication.focusWidget(), Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor) and editor.accessibleName() == "count"


def test_a_row_that_a_wire_feeds_is_passed_over(window: MainWindow, hand: Hand) -> None:
    knobs(window, hand)
    add(window, "giver", "toys.knobs", 0, 900)
    window.session.do("Connect", Connect(Link("giver", "value", "knobs", "count")))
    window.canvas.selection.choose(["knobs"])
    QTest.keyClick(hand.view, Key.Key_Return)
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor) and editor.accessibleName() == "share"


def test_a_choice_is_found_by_typing_and_left_by_escape(window: MainWindow, hand: Hand) -> None:
    hand.click(row_centre(window, "scheduler", "kind"))
    editor = hand.view.rows.editor
    assert isinstance(editor, ChoiceEditor)
    assert editor.current() == "DDIM"
    QTest.keyClicks(editor.field, "euler")
    names = [editor.list.item(row).text() for row in range(editor.list.count())]
    assert names and all("euler" in name.lower() for name in names)
    QTest.keyClick(editor.field, Key.Key_Escape)
    assert hand.view.rows.editor is None
    assert not window.session.dirty
    hand.click(row_centre(window, "scheduler", "kind"))
    editor = hand.view.rows.editor
    assert isinstance(editor, ChoiceEditor)
    QTest.keyClicks(editor.field, "euler")
    QTest.mouseClick(
        editor.list.viewport(), Qt.MouseButton.LeftButton, pos=editor.list.visualItemRect(editor.list.item(0)).center()
    )
    assert window.session.workflow.nodes["scheduler"].params["kind"] == names[0]


def test_a_text_shows_how_many_tokens_the_model_reads(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    hand.click(row_centre(window, "prompt", "text"))
    editor = hand.view.rows.editor
    assert isinstance(editor, TextEditor)
    assert editor.width() >= 400 and editor.height() >= 150
    qtbot.waitUntil(lambda: editor.foot.text() == "9 of 32 tokens", timeout=5000)
    editor.setPlainText("red " * 40)
    qtbot.waitUntil(lambda: editor.foot.text() == "42 of 32 tokens, the end is cut off", timeout=5000)


def test_tokens_are_estimated_where_no_tokenizer_is_known(
    window: MainWindow, hand: Hand, qtbot: QtBot, tmp_path: Path
) -> None:
    broken = tmp_path / "model"
    shutil.copytree(folder("assets") / "models" / "latent-diffusion" / "tokenizer", broken / "tokenizer")
    (broken / "tokenizer" / "tokenizer.json").write_text("{")
    for model in ("someone/model", str(broken)):
        window.session.do("Set", SetParam("model", "model", model))
        hand.click(row_centre(window, "prompt", "text"))
        editor = hand.view.rows.editor
        assert isinstance(editor, TextEditor)
        qtbot.wait(100)
        assert editor.foot.text() == "about 10 tokens"
        QTest.keyClick(editor, Key.Key_Escape)


def test_the_vocabulary_and_merges_of_older_models_count_alike(tmp_path: Path) -> None:
    whole = folder("assets") / "models" / "latent-diffusion" / "tokenizer"
    model = json.loads((whole / "tokenizer.json").read_text())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (tmp_path / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    assert clip_tokenizer.is_tokenizer(tmp_path) and not clip_tokenizer.is_tokenizer(tmp_path.parent)
    old, new = clip_tokenizer.load(tmp_path), clip_tokenizer.load(whole)
    for words in ("", "a red star", "It's  12 Cats,\nin façade! (((deep:1.2)))", "日本 ☃", "x" * 300):
        assert old.encode(words).ids == new.encode(words).ids


def test_a_text_that_no_encoder_reads_has_no_tokens(window: MainWindow, hand: Hand) -> None:
    knobs(window, hand)
    hand.click(row_centre(window, "knobs", "story"))
    assert isinstance(hand.view.rows.editor, TextEditor)
    assert hand.view.rows.editor.foot.text() == ""


def test_the_dice_draws_another_seed_and_r_does_too(window: MainWindow, hand: Hand) -> None:
    card = window.canvas.nodes["noise"]
    hand.view.centerOn(card)
    before = text(window)
    row = [param.name for param in card.face.rows].index("seed")
    hand.click(card.pos() + card.dice_rect(row).center())
    first = window.session.workflow.nodes["noise"].params["seed"]
    assert 0 < first < 2**32
    assert hand.view.rows.editor is None
    QTest.keyClick(hand.view, Key.Key_R)
    assert window.session.workflow.nodes["noise"].params["seed"] != first
    window.session.stack.undo()
    window.session.stack.undo()
    assert text(window) == before


def test_seeds_move_on_before_the_next_run_and_one_undo_brings_them_back(
    window: MainWindow, hand: Hand, qtbot: QtBot
) -> None:
    card = window.canvas.nodes["noise"]
    hand.view.centerOn(card)
    row = [param.name for param in card.face.rows].index("seed")

    def seed() -> int:
        return window.session.workflow.nodes["noise"].params.get("seed", 0)

    with qtbot.waitSignal(window.session.queued, timeout=60_000):
        window.run()
    assert seed() == 0, "a fixed seed stays"
    hand.click(card.pos() + card.mode_rect(row).center())
    assert window.session.workflow.layout["noise"].seeds == {"seed": "random"}
    hand.click(card.pos() + card.mode_rect(row).center())
    assert window.session.workflow.layout["noise"].seeds == {"seed": "increment"}
    assert files.loads(text(window)).layout["noise"].seeds == {"seed": "increment"}
    window.session.do("Set", SetParam("noise", "batch", 4))
    shown = []
    for _ in range(3):
        with qtbot.waitSignal(window.session.queued, timeout=60_000):
            window.run()
        shown.append(seed())
    assert shown == [0, 4, 8], "the seed of the run, behind all that the one before took"
    assert window.session.stack.undoText() == "Next Seed"
    window.session.stack.undo()
    assert seed() == 0, "runs do not fill the undo steps"
    window.session.do("Set", SetParam("noise", "seed", 77))
    with qtbot.waitSignal(window.session.queued, timeout=60_000):
        window.run()
    assert seed() == 77, "a seed that was typed is run first"
    window.session.stack.undo()
    window.session.stack.undo()
    QTest.keyClick(hand.view, Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert window.session.workflow.layout["noise"].seeds == {}
    window.session.cancel()
    assert agrees(window)


def test_a_seed_that_a_wire_feeds_does_not_move_on(window: MainWindow, hand: Hand) -> None:
    add(window, "giver", "toys.knobs", 0, 900)
    window.session.do("Connect", Connect(Link("giver", "value", "noise", "seed")))
    window.canvas.values.change_seed_mode("noise", "seed")
    before = text(window)
    window.session.queued.emit()
    window.session.starting.emit()
    assert text(window) == before


def test_the_search_offers_what_was_used_last_first_and_finds_types(window: MainWindow, hand: Hand) -> None:
    search = hand.view.search

    def offered(words: str) -> list[str]:
        QTest.keyClick(hand.view, Key.Key_Tab)
        QTest.keyClicks(search.field, words)
        return [search.list.item(row).text() for row in range(search.list.count())]

    assert "Knobs" not in offered("")[:2]
    QTest.keyClick(search.field, Key.Key_Escape)
    for words in ("knobs", "save im"):
        offered(words)
        QTest.keyClick(search.field, Key.Key_Return)
    assert offered("")[:2] == ["Save image", "Knobs"]
    QTest.keyClick(search.field, Key.Key_Escape)
    assert "Classifier-free guidance" in offered("guider")
    QTest.keyClick(search.field, Key.Key_Escape)
    assert port(window, "knobs", "value").wire_type == "int"
