"""Buttons for a step of a past run: go another way from there, or keep its image."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.edits.fork import changeable, changes, fork


class StepTools(QWidget):
    """``forked``: a branch is there; its first node is to be changed. ``keep_wanted``: the image is to be kept."""

    forked = Signal(str)
    keep_wanted = Signal()

    def __init__(self, scope: GraphScope) -> None:
        super().__init__()
        self._scope = scope
        self._node, self._step = "", 0
        self.fork_button = QToolButton()
        self.fork_button.setText(self.tr("Go on from here with another…"))
        self.fork_button.setToolTip(self.tr("Make a branch that shares the steps up to here and then goes its own way"))
        self.fork_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.fork_button)
        self.menu.aboutToShow.connect(self._offer)
        self.fork_button.setMenu(self.menu)
        self.keep_button = QToolButton()
        self.keep_button.setText(self.tr("Keep this image"))
        self.keep_button.setToolTip(self.tr("Write the decoded image of this step into the output folder"))
        self.keep_button.clicked.connect(self.keep_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.fork_button)
        layout.addWidget(self.keep_button)
        layout.addStretch()

    def show_step(self, node: str, step: int, last: int) -> None:
        """Offer what can be done with a step of a sampler's run, by its number on the schedule; ``last`` is the end."""
        self._node, self._step = node, step
        known = bool(changes(self._scope.catalogue))
        self.fork_button.setEnabled(step < last and known)

    def others(self) -> list[str]:
        """The nodes that can be changed from a step on: those that lead the sampler and have parameters."""
        scope = self._scope
        specs = {name: scope.catalogue.nodes.get(node.type) for name, node in scope.workflow.nodes.items()}
        return [
            name
            for name in changeable(scope.workflow, scope.catalogue, self._node)
            if (spec := specs[name]) and spec.params
        ]

    def fork(self, other: str) -> None:
        """Make a branch with another of a node from the step on, as one undo step."""
        made = fork(self._scope.workflow, self._scope.catalogue, self._node, self._step, other)
        if made is not None:
            self._scope.do(self.tr("Go on from step {0}").format(self._step), made.edit)
            self.forked.emit(made.focus)

    def _offer(self) -> None:
        self.menu.clear()
        scope = self._scope
        for name in self.others():
            title = scope.catalogue.nodes[scope.workflow.nodes[name].type].title
            self.menu.addAction(f"{title} · {name}").triggered.connect(lambda _=False, name=name: self.fork(name))
