"""What a person should know of a node's result, above it."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import tr
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.run_state import IDLE
from nodeflow.app.model.run_state_text import old_words
from nodeflow.app.model.word_hints import WordHints
from nodeflow.app.qt import theme


class ResultNotes(QLabel):
    """Says what a run said of the node's result, and what one will say; hidden where that is nothing."""

    def __init__(self, scope: GraphScope) -> None:
        super().__init__()
        self._scope = scope
        self.setObjectName("notes")
        self.setWordWrap(True)
        self.setStyleSheet(f"color: {theme.current().busy};")
        self.hide()
        self.setAccessibleName(tr("What should be known of its result"))

    def tell_of(self, node: str, shown: bool) -> None:
        """Tell of a node; ``shown``: a result of it is looked at, which may be old."""
        scope = self._scope
        there = node in scope.workflow.nodes
        hint = WordHints(scope.workflow, scope.catalogue, scope.base).of(node) if there else ""
        state = scope.state(node) if there else IDLE
        found = dict.fromkeys((*filter(None, [hint]), *state.notes))
        words = old_words(state) if shown else ""
        old = [self.tr("What is shown is {0}").format(words)] if words else []
        self.setText("\n".join([*old, *map(said, found)]))
        self.setVisible(bool(old or found))
