"""The page of a form: chosen values of a workflow, large, beside the images that they give, or being arranged."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.model.form_model import FormModel
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.form.field_list import FieldList
from nodeflow.app.panels.form.form_editor import FormEditor
from nodeflow.app.panels.form.form_results import FormResults
from nodeflow.app.qt.touch_pad import pinch_factor

SMALLEST, LARGEST = 60, 300
"""Per cent of the usual size of text."""
STEP = 1.1


class FormPage(QWidget):
    """``run_wanted``, ``cancel_wanted``: by its buttons. ``graph_wanted``: the workflow is to be seen again."""

    run_wanted = Signal()
    cancel_wanted = Signal()
    graph_wanted = Signal()

    def __init__(self, model: FormModel, fields: FieldList, results: FormResults, settings: Settings) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(self.tr("Form"))
        self.model, self._settings = model, settings
        self.fields, self.results, self.editor = fields, results, FormEditor(model)
        self.title = QLabel()
        self.title.setObjectName("form_title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setWordWrap(True)
        self.arrange = QPushButton(self.tr("Arrange"))
        self.arrange.setToolTip(self.tr("Choose what the form shows, in which order and under which names"))
        self.arrange.setCheckable(True)
        self.graph = QPushButton(self.tr("Graph"))
        self.graph.setToolTip(self.tr("See the workflow that the form stands over"))
        self.run = QPushButton(self.tr("Run"))
        self.run.setObjectName("run")
        self.cancel = QPushButton(self.tr("Cancel"))
        self.left = QStackedWidget()
        self.left.addWidget(fields)
        self.arranging = QScrollArea()
        self.arranging.setFrameShape(QFrame.Shape.NoFrame)
        self.arranging.setWidgetResizable(True)
        self.arranging.setWidget(self.editor)
        self.left.addWidget(self.arranging)
        self._lay_out()
        self._connect()
        self._scale()
        self._tell()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(20, 14, 20, 4)
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        head.addWidget(self.arrange)
        head.addWidget(self.graph)
        foot = QHBoxLayout()
        foot.setContentsMargins(20, 10, 20, 14)
        foot.setSpacing(8)
        foot.addWidget(self.run, 1)
        foot.addWidget(self.cancel)
        self.side = QWidget()
        column = QVBoxLayout(self.side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.left, 1)
        column.addLayout(foot)
        self.splitter = QSplitter()
        self.splitter.addWidget(self.side)
        self.splitter.addWidget(self.results)
        self.splitter.setSizes([460, 640])
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)

    def _connect(self) -> None:
        self.arrange.toggled.connect(lambda on: self.left.setCurrentWidget(self.arranging if on else self.fields))
        self.graph.clicked.connect(self.graph_wanted)
        self.run.clicked.connect(self.run_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.fields.zoomed.connect(lambda turn: self.zoom(STEP ** (turn / 120)))
        self.model.changed.connect(self._tell)
        self.model.session.file_changed.connect(self._tell)
        self.model.session.run_changed.connect(self._tell_run)

    def _tell(self) -> None:
        self.title.setText(self.model.title)
        self._tell_run()

    def _tell_run(self) -> None:
        waiting = len(self.model.session.jobs)
        self.cancel.setVisible(bool(waiting))
        self.run.setText(self.tr("Run once more") if waiting else self.tr("Run"))

    # --- its size

    def minimumSizeHint(self) -> QSize:
        parts = self.side.minimumSizeHint(), self.results.minimumSizeHint()
        return QSize(max(part.width() for part in parts), max(part.height() for part in parts))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """The images beside the fields, or below them where the page is too narrow for both; where it is too low too,
        there are none."""
        side, results, handle = self.side.minimumSizeHint(), self.results.minimumSizeHint(), self.splitter.handleWidth()
        beside = self.width() >= side.width() + results.width() + handle
        below = self.height() >= side.height() + results.height() + handle
        self.splitter.setOrientation(Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical)
        self.results.setVisible(beside or below)

    def zoom(self, by: float) -> None:
        """Make all of it larger or smaller, by a factor."""
        percent = round(min(max(self._settings.form_zoom * by, SMALLEST), LARGEST))
        self._settings.form_zoom = percent
        self._scale()

    def _scale(self) -> None:
        size = QFont().pointSizeF() * self._settings.form_zoom / 100
        self.setStyleSheet(
            f"QWidget {{ font-size: {size:.1f}pt; }}"
            f" QLabel#form_title {{ font-size: {size * 1.5:.1f}pt; font-weight: 600; }}"
            " QLabel#group { font-weight: 600; }"
        )
        self.fields.fit()

    def event(self, event: QEvent) -> bool:
        if (factor := pinch_factor(event)) is not None:
            self.zoom(factor)
            return True
        if event.type() == QEvent.Type.LayoutRequest:  # a part needs more room than before, or less
            self._place()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, held = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        steps = {Qt.Key.Key_Plus: STEP, Qt.Key.Key_Equal: STEP, Qt.Key.Key_Minus: 1 / STEP}
        if held and key in steps:
            self.zoom(steps[Qt.Key(key)])
        elif held and key == Qt.Key.Key_0:
            self.zoom(100 / self._settings.form_zoom)
        else:
            super().keyPressEvent(event)
