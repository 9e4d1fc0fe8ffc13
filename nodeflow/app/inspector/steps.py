"""What can be done with a step of a past run: go another way from there, or keep its picture."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from nodeflow.app.level import Level
from nodeflow.app.png import with_text, with_workflow
from nodeflow.graph.edits import Edit
from nodeflow.graph.files import dumps, write_atomic
from nodeflow.graph.fork import CHANGE, What, fork
from nodeflow.graph.workflow import Socket

STEP_KEY = "nodeflow-step"
"""Under it a kept picture says which step it is of."""


class StepTools(QWidget):
    """``forked``: a branch is there; its first node is to be changed. ``keep_wanted``: the picture is to be kept."""

    forked = Signal(str)
    keep_wanted = Signal()

    def __init__(self, level: Level) -> None:
        super().__init__()
        self._level = level
        self._node, self._step = "", 0
        self.fork_button = QToolButton()
        self.fork_button.setText(self.tr("Go on from here with…"))
        self.fork_button.setToolTip(self.tr("Make a branch that shares the steps up to here and then goes its own way"))
        self.fork_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.fork_button)
        menu.addAction(self.tr("another guidance")).triggered.connect(lambda: self.fork("guidance"))
        menu.addAction(self.tr("another text")).triggered.connect(lambda: self.fork("text"))
        self.fork_button.setMenu(menu)
        self.keep_button = QToolButton()
        self.keep_button.setText(self.tr("Keep this picture"))
        self.keep_button.setToolTip(self.tr("Write the decoded picture of this step into the output folder"))
        self.keep_button.clicked.connect(self.keep_wanted)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.fork_button)
        layout.addWidget(self.keep_button)
        layout.addStretch()

    def show_step(self, node: str, step: int, last: int) -> None:
        """Offer what can be done with a step of a sampler's run; ``last`` is its result."""
        self._node, self._step = node, step
        workflow = self._level.workflow
        starts_later = Socket(node, "latent") in workflow.links
        possible = step < last and not starts_later and CHANGE in self._level.catalogue.nodes
        self.fork_button.setEnabled(possible and fork(workflow, node, step) is not None)

    def fork(self, what: What) -> None:
        """Make a branch that goes another way from the step on, as one undo step."""
        made = fork(self._level.workflow, self._node, self._step, what)
        if made is not None:
            edit: Edit = made.edit
            self._level.do(self.tr("Go on from step {0}").format(self._step), edit)
            self.forked.emit(made.focus)


def keep(image: QImage, folder: Path, level: Level, node: str, step: int, quantity: str) -> Path:
    """Write the picture of a step into a folder, with the workflow and what it is of inside; never over another.

    Raises OSError.
    """
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    about = json.dumps({"node": node, "step": step, "quantity": quantity}).encode()
    picture = with_text(with_workflow(bytes(data.data()), dumps(level.root)), STEP_KEY, about)
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while (path := folder / f"{node.replace('/', '-')}-step-{step:03}-{number}.png").exists():
        number += 1
    write_atomic(path, picture)
    return path
