"""Before a run: which words a text encoder will not know stands on the node, in its help and in the inspector."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.model.word_hints import WordHints
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Connect, SetParam
from nodeflow.graph.model.workflow import Link, Node

UNKNOWN = "this text encoder does not know: 斑马"


def test_a_text_with_unknown_words_is_marked_before_a_run(window: MainWindow, qtbot: QtBot) -> None:
    card = window.canvas.nodes["prompt"]
    assert card.note == ""
    inspector = InspectorPanel(window.canvas.scope, window.tabs.front.history)
    qtbot.addWidget(inspector)
    inspector.show_node("prompt")
    assert not inspector.notes.text()
    window.session.do("Set text", SetParam("prompt", "text", "一只斑马, red"))
    qtbot.waitUntil(lambda: card.note.startswith(UNKNOWN), timeout=10_000)
    assert inspector.notes.text().startswith(UNKNOWN)
    window.help.show_node("prompt")
    assert UNKNOWN in window.help.page.toPlainText()
    window.session.stack.undo()
    qtbot.waitUntil(lambda: card.note == "", timeout=10_000)
    assert not inspector.notes.text()


def test_a_text_that_comes_by_a_wire_and_an_encoder_behind_a_lora_are_seen_through(window: MainWindow) -> None:
    session = window.session
    before = WordHints(session.workflow, session.catalogue, session.base)
    assert before.all() == {}
    session.do("Add", AddNode("words", Node("nodes.text", params={"text": "a zebra"})))
    session.do("Wire", Connect(Link("words", "text", "prompt", "text")))
    hints = WordHints(session.workflow, session.catalogue, session.base)
    assert "zebra" in hints.of("prompt") and hints.of("words") == ""
    session.do("Mute", SetParam("model", "model", "somewhere/else"))
    assert WordHints(session.workflow, session.catalogue, session.base).of("prompt") == ""


def test_weights_and_steps_are_no_words(window: MainWindow) -> None:
    session, weighed = window.session, {"text": "a (red:1.4) [star:sun:3] (zebra:0.8)"}
    for kind, unknown in (("weighted_text_encode", "3, zebra"), ("scheduled_text_encode", "zebra")):
        session.do("Add", AddNode(kind, Node(f"nodes.{kind}", params={**weighed, "weights": "A1111"})))
        session.do("Wire", Connect(Link("model", "text_encoder", kind, "text_encoder")))
        hint = WordHints(session.workflow, session.catalogue, session.base).of(kind)
        assert f"does not know: {unknown};" in hint, hint
