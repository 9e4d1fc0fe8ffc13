"""The form for a sweep: one or two parameters and the values that each takes; their grid is one run."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QDialog, QDialogButtonBox, QFormLayout, QLabel, QLineEdit, QWidget

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import problem_line, readable
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.workflow import Problem, Socket, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.graph.validate.sweeps import Sweep, faults, parse

_PLACE = Qt.ItemDataRole.UserRole


class _Axis(QObject):
    """One parameter by its node, and the field for its values."""

    changed = Signal()

    def __init__(self, params: dict[str, tuple[str, Param]], words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._params = params
        self.place, self.values = QComboBox(), QLineEdit()
        self.place.setAccessibleName(words)
        self.values.setAccessibleName(self.tr("Values of {0}").format(words))
        self.place.setEditable(True)
        self.place.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for place, (title, _) in params.items():
            self.place.addItem(title, place)
        completer = QCompleter(self.place.model(), self.place)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.place.setCompleter(completer)
        self.place.currentIndexChanged.connect(self._suggest)
        self.values.textChanged.connect(self.changed)

    def choose(self, place: str) -> None:
        self.place.setCurrentIndex(self.place.findData(place))
        self._suggest()

    @property
    def text(self) -> str:
        """The sweep as it would be typed on the command line; empty where no values are given."""
        return f"{self.place.currentData()}={self.values.text()}" if self.values.text().strip() else ""

    def _suggest(self) -> None:
        """What the values may look like; of what has few, all."""
        _, param = self._params.get(self.place.currentData(), ("", Param("", "str", "")))
        few = {"choice": param.choices, "bool": ("true", "false")}.get(param.kind, ())
        self.values.setText(", ".join(few))
        if param.kind in ("int", "float"):
            self.values.setPlaceholderText(self.tr("1, 2, 5 or 1..5/9 for nine from 1 to 5"))
        else:
            self.values.setPlaceholderText(self.tr('one, another, "with, comma"'))
        self.changed.emit()


class SweepDialog(QDialog):
    """``wanted``: a run with these sweeps is asked for."""

    wanted = Signal(tuple)

    def __init__(self, parent: QWidget, session: DocumentSession, chosen: list[str]) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Run a Sweep"))
        self._session = session
        params = sweepable(session.workflow, session.catalogue)
        self.first = _Axis(params, self.tr("First parameter"), self)
        self.second = _Axis(params, self.tr("Second parameter"), self)
        lead = QLabel(
            self.tr("Each value is a run; two parameters make a grid. A labelled sheet comes to the gallery.")
        )
        lead.setWordWrap(True)
        lead.setObjectName("dim")
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.told.setMinimumHeight(2 * self.told.fontMetrics().height() + 4)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run = self.buttons.addButton(self.tr("Run"), QDialogButtonBox.ButtonRole.AcceptRole)
        form = QFormLayout(self)
        form.setContentsMargins(20, 18, 20, 16)
        form.setVerticalSpacing(10)
        form.addRow(lead)
        for words, axis in ((self.tr("Parameter"), self.first), (self.tr("And, if wanted"), self.second)):
            form.addRow(words, axis.place)
            form.addRow(self.tr("Values"), axis.values)
        form.addRow(self.told)
        form.addRow(self.buttons)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        places = list(params)
        begin = next((place for place in places if place.partition(".")[0] in chosen), places[0] if places else "")
        for axis, place in ((self.first, begin), (self.second, "")):
            axis.changed.connect(self._judge)
            axis.choose(place)
        self.first.values.setFocus()
        self.resize(560, self.sizeHint().height())

    def sweeps(self) -> tuple[Sweep, ...]:
        """Return what is asked for. Raises WorkflowError with a sentence for what is wrong."""
        workflow, catalogue = self._session.workflow, self._session.catalogue
        texts = [axis.text for axis in (self.first, self.second) if axis.text]
        found = tuple(parse(text, workflow, catalogue) for text in texts)
        if problems := faults(found, workflow, catalogue):
            raise WorkflowError(*problems)
        return found

    def _judge(self) -> None:
        try:
            found, words = self.sweeps(), ""
        except WorkflowError as error:
            found, words = (), "\n".join(_sentence(problem) for problem in error.problems[:2])
        if found:
            words = self.tr("{0} values, one run").format(math.prod(len(sweep.values) for sweep in found))
        self.told.setText(words or self.tr("Name the values of a parameter."))
        self.run.setEnabled(bool(found))

    def _accept(self) -> None:
        self.wanted.emit(self.sweeps())
        self.accept()


def sweepable(workflow: Workflow, catalogue: Catalogue) -> dict[str, tuple[str, Param]]:
    """Every parameter that no wire feeds, by ``NODE.PARAM``, with the words that name it."""
    known, found = with_subgraphs(catalogue, workflow), dict[str, tuple[str, Param]]()
    for name, node in workflow.nodes.items():
        spec = known.nodes.get(node.type)
        for param in spec.params if spec is not None else ():
            if Socket(name, param.name) not in workflow.links:
                found[f"{name}.{param.name}"] = (f"{name} · {readable(param.name)}", param)
    return found


def _sentence(problem: Problem) -> str:
    return said(problem.reason) if not problem.node else problem_line(problem)
