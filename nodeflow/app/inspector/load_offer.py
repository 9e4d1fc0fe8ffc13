"""The offer to bring into memory what a view lacks."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from nodeflow.app.model.graph_scope import GraphScope


class LoadOffer(QPushButton):
    """Runs to the node whose result is missing."""

    def __init__(self, scope: GraphScope) -> None:
        super().__init__()
        self._scope, self._missing = scope, ""
        self.clicked.connect(lambda: self._scope.session.run((self._missing,)))
        self.hide()

    def offer(self, missing: str, shown: str) -> None:
        """Offer to run to the node that is missing, by its path, where ``shown`` is the path of what is looked at."""
        self._missing = missing
        words = self.tr("Run to {0}, to see it") if missing == shown else self.tr("Load {0}, to see it in true colours")
        self.setText(words.format(missing))
        self.show()
