"""Controls of a comparison: with another run, another node or another step, and in which way."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QSpinBox, QWidget

from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.image_pair import MODES
from nodeflow.app.model.run_history import RecordedRun, RunHistory
from nodeflow.engine.protocol.value_handle import ValueHandle
from nodeflow.graph.model.catalogue import NodeSpec

MAX_TOLD = 6
"""Parameters that differ that are told; the others are counted."""


class CompareBar(QWidget):
    """``changed``: something else is to be compared, or in another way."""

    changed = Signal()

    def __init__(self, history: RunHistory) -> None:
        super().__init__()
        self._history = history
        self._nodes: dict[str, ValueHandle] = {}
        """What other nodes gave in the last run, by the words for it."""
        self.run_box = QComboBox()
        self.run_box.setAccessibleName(self.tr("Compared with"))
        self.mode_box = QComboBox()
        self.mode_box.setAccessibleName(self.tr("Way to compare"))
        for mode in MODES:
            self.mode_box.addItem(tr(mode), mode)
        self.same_step = QCheckBox(self.tr("same step"))
        self.same_step.setChecked(True)
        self.step_box = QSpinBox()
        self.step_box.setAccessibleName(self.tr("Step of the other"))
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setObjectName("dim")
        self.words.setAccessibleName(self.tr("What differs"))
        self._steps = QWidget()
        steps = QHBoxLayout(self._steps)
        steps.setContentsMargins(0, 0, 0, 0)
        steps.addWidget(self.same_step)
        steps.addWidget(self.step_box, 1)
        self._layout = layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(5)
        both = QHBoxLayout()
        both.addWidget(self.run_box, 3)
        both.addWidget(self.mode_box, 2)
        self.run_box.setMinimumContentsLength(10)
        layout.addRow(self.tr("With"), both)
        layout.addRow(self.tr("Step"), self._steps)
        layout.addRow(self.words)
        self.run_box.currentIndexChanged.connect(self._chosen)
        self.mode_box.currentIndexChanged.connect(self.changed)
        self.same_step.toggled.connect(self._chosen)
        self.step_box.valueChanged.connect(self.changed)
        history.changed.connect(self.offer)
        self.offer()

    @property
    def mode(self) -> str:
        return str(self.mode_box.currentData())

    @property
    def run(self) -> RecordedRun | None:
        """The past run that is compared with; None: this one."""
        number = self.run_box.currentData()
        return next((run for run in self._history.runs if run.number == number), None)

    @property
    def node(self) -> ValueHandle | None:
        """What another node gave, where it is that which is compared with."""
        return self._nodes.get(str(self.run_box.currentData()))

    @property
    def apart(self) -> bool:
        """Return whether another value is compared with, rather than another step of the same."""
        return self.run is not None or self.node is not None

    def offer_nodes(self, nodes: dict[str, ValueHandle]) -> None:
        """Offer what other nodes gave, by the words for it, beside the runs."""
        if nodes != self._nodes:
            self._nodes = nodes
            self.offer()

    def offer(self) -> None:
        """Offer the runs that are remembered, the latest first, and other nodes; at first the run before the last."""
        chosen = self.run_box.currentData()
        self.run_box.blockSignals(True)
        self.run_box.clear()
        self.run_box.addItem(self.tr("another step of this run"), 0)
        runs = list(self._history.runs)
        for run in reversed(runs):
            apart = run.differs(runs[-1])
            about = f" · {apart[0][0]} {short(apart[0][1])}" if apart else ""
            self.run_box.addItem(self.tr("run {0}, {1}").format(run.number, run.when) + about, run.number)
        for words in self._nodes:
            self.run_box.addItem(words, words)
        before = runs[-2].number if len(runs) > 1 else 0
        known = [*(run.number for run in runs), *self._nodes]
        at = self.run_box.findData(chosen if chosen in known else before)
        self.run_box.setCurrentIndex(max(at, 0))
        self.run_box.blockSignals(False)
        self._chosen()

    def set_steps(self, last: int, pictures: bool = True) -> None:
        """The steps that can be chosen, -1 for what has none; and whether it is ``pictures`` that are compared."""
        self._layout.setRowVisible(self._steps, last >= 0)
        self.mode_box.setVisible(pictures)
        self.step_box.setMaximum(max(last, 0))

    def step(self, step: int) -> int:
        """The step of the other that is shown beside a step."""
        return step if self.follows else self.step_box.value()

    @property
    def follows(self) -> bool:
        """Return whether the other's step is the same as this one's."""
        return self.same_step.isChecked() and self.apart

    def handle(self, own: ValueHandle | None, node: str, spec: NodeSpec, output: str) -> ValueHandle | None:
        """Return what names the other value; None where the other run had none."""
        if self.node is not None:
            return self.node
        return own if self.run is None else self.run.handle(node, spec, output)

    def tell(self, largest: str | None, parted: str) -> None:
        """Say what differs: parameters, how much (empty: nothing; None: it is not known), and from which step on."""
        lines = []
        if self.run is not None and self._history.runs:
            apart = self.run.differs(self._history.runs[-1])
            lines += [f"{escape(name)}: {escape(short(here))} → {escape(short(now))}" for name, here, now in apart]
            lines[MAX_TOLD:] = [self.tr("and {0} more").format(len(lines) - MAX_TOLD)] if len(lines) > MAX_TOLD else []
            lines = lines or [self.tr("the parameters are the same as in the last run")]
        if largest is not None:
            same = self.tr("the images are the same")
            lines.append(self.tr("largest difference: {0}").format(largest) if largest else same)
        if parted:
            lines.append(parted)
        self.words.setText("<br>".join(lines))

    def _chosen(self) -> None:
        self.same_step.setVisible(self.apart)
        self.step_box.setVisible(not self.follows)
        self.changed.emit()


def short(value: object) -> str:
    """A parameter's value in a few letters; what was not set is as it is by default."""
    words = tr("default") if value is None else str(value)
    return words if len(words) <= 32 else words[:31] + "…"
