"""The widgets of the inspector panel and where they stand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.inspector.compare_controls import CompareBar
from nodeflow.app.inspector.scrubber import Scrubber
from nodeflow.app.inspector.step_actions import StepTools
from nodeflow.app.inspector.view_options import Choices
from nodeflow.app.inspector.view_stage import ViewStage
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.run_history import RunHistory


class PanelWidgets(QWidget):
    """``export_wanted``: a file of a kind is asked for, named by its ending."""

    export_wanted = Signal(str)

    def __init__(self, scope: GraphScope, history: RunHistory) -> None:
        super().__init__()
        self.heading = QLabel()
        self.heading.setObjectName("heading")
        self.output_box, self.form_box = QComboBox(), QComboBox()
        self.output_box.setAccessibleName(self.tr("Output of the node"))
        self.form_box.setAccessibleName(self.tr("Form in which it is shown"))
        self.item_box = QComboBox()
        self.item_box.setAccessibleName(self.tr("Item of the list"))
        self.choices = Choices()
        self.stage = ViewStage()
        self.scrubber = Scrubber()
        self.load_button = QPushButton()
        self.load_button.hide()
        self.tools = StepTools(scope)
        self.told = QLabel()
        self.told.setObjectName("dim")
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("Values at the pointer"))
        self.facts_line = QLabel()
        self.facts_line.setObjectName("dim")
        self.facts_line.setWordWrap(True)
        self.facts_line.setAccessibleName(self.tr("Facts in short"))
        self.export_button = QToolButton()
        self.export_button.setText(self.tr("Export…"))
        self.export_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export_button)
        for words, suffix in (
            (self.tr("Picture of what is seen (PNG)…"), ".png"),
            (self.tr("Numbers of what is seen (CSV)…"), ".csv"),
            (self.tr("True values of the tensor (NPY)…"), ".npy"),
            (self.tr("True values (safetensors)…"), ".safetensors"),
        ):
            menu.addAction(words).triggered.connect(lambda _=False, suffix=suffix: self.export_wanted.emit(suffix))
        self.export_button.setMenu(menu)
        self.compare_button = QToolButton()
        self.compare_button.setText(self.tr("Compare"))
        self.compare_button.setCheckable(True)
        self.compare_button.setToolTip(self.tr("Show it together with another run or another step"))
        self.compare_bar = CompareBar(history)
        self.compare_bar.hide()
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.item_box)
        head.addWidget(self.compare_button)
        head.addWidget(self.export_button)
        boxes = QHBoxLayout()
        for box in (self.output_box, self.form_box):
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            box.setMinimumContentsLength(8)
            boxes.addWidget(box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addLayout(boxes)
        layout.addWidget(self.choices)
        layout.addWidget(self.compare_bar)
        layout.addWidget(self.stage, 1)
        layout.addWidget(self.load_button)
        layout.addWidget(self.scrubber)
        layout.addWidget(self.tools)
        layout.addWidget(self.told)
        layout.addWidget(self.facts_line)

    def offer_items(self, count: int) -> None:
        """Offer the items of a list of so many values; the one that was chosen stays chosen."""
        if count != self.item_box.count():
            self.item_box.blockSignals(True)
            at = self.item_box.currentIndex()
            self.item_box.clear()
            self.item_box.addItems([self.tr("item {0}").format(number + 1) for number in range(count)])
            self.item_box.setCurrentIndex(min(max(at, 0), count - 1))
            self.item_box.blockSignals(False)
        self.item_box.setVisible(count > 1)
