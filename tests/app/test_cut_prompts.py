"""A node whose text is longer than its model reads has a badge that says so."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.items.badges import badges_of
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam


def test_a_text_that_is_cut_has_a_badge_until_it_fits(window: MainWindow, qtbot: QtBot) -> None:
    card = window.canvas.nodes["prompt"]

    def cut() -> bool:
        return "cut" in [kind for kind, _ in badges_of(card)]

    window.session.do("Set", SetParam("prompt", "text", "a red star " * 40))
    qtbot.waitUntil(cut, timeout=20_000)
    assert card.cut_tokens >= 120 - 75 and window.canvas.nodes["negative"].cut_tokens == 0
    window.canvas.view.grab()  # it is painted
    window.session.stack.undo()
    qtbot.waitUntil(lambda: not cut(), timeout=20_000)
