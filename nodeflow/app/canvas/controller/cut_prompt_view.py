"""Badges on nodes whose texts are longer than their model reads: what is beyond is cut."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from nodeflow.app.canvas.controller.after_edits import look_after_edits
from nodeflow.app.canvas.controller.param_commands import ParamCommands
from nodeflow.app.canvas.controller.workflow_items import WorkflowItems
from nodeflow.app.canvas.editors.token_reading import TokenReading
from nodeflow.app.model.graph_scope import GraphScope

PAUSE = 400
"""Milliseconds after the last change until texts are counted."""
MAX_NODES = 2_000
"""Of a level that is looked at."""


class CutPromptView(QObject):
    """Counts the texts of the nodes that are shown when they have changed."""

    def __init__(self, scope: GraphScope, items: WorkflowItems, values: ParamCommands, parent: QObject) -> None:
        super().__init__(parent)
        self._scope, self._items, self._values = scope, items, values
        self._lost: dict[str, dict[str, int]] = {}
        """By node and parameter, how many tokens are cut."""
        look_after_edits(self.look, PAUSE, scope, items, self)

    def look(self) -> None:
        """Count the texts of every node now."""
        self._lost.clear()
        for name, card in self._items.shown.items() if len(self._items.shown) <= MAX_NODES else ():
            for number, param in enumerate(card.face.rows):
                count = None
                if param.widget == "multiline" and not card.is_fed(number):
                    count = self._values.counter(name, param.name)
                if count is None:
                    card.show_cut(0)
                else:
                    count(str(card.value(param)), self._teller(name, param.name), self)

    def _teller(self, name: str, param: str) -> Callable[[TokenReading], None]:
        def tell(reading: TokenReading) -> None:
            lost = sum(token.lost for chunk in reading.chunks for token in chunk.tokens)
            self._lost.setdefault(name, {})[param] = lost
            if name in self._items.shown:
                self._items.shown[name].show_cut(sum(self._lost[name].values()))

        return tell
