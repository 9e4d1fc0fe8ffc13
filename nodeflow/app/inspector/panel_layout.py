"""The widgets of the inspector panel and where they stand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.compare_controls import CompareBar
from nodeflow.app.inspector.load_offer import LoadOffer
from nodeflow.app.inspector.result_notes import ResultNotes
from nodeflow.app.inspector.scrubber import Scrubber
from nodeflow.app.inspector.step_actions import StepTools
from nodeflow.app.inspector.value_boxes import FormBox, ItemBox, OutputBox
from nodeflow.app.inspector.view_options import ViewOptions
from nodeflow.app.inspector.view_stage import ViewStage
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.run_history import RunHistory
from nodeflow.app.qt.upright_scroll import UprightScroll

_LEAST_HEIGHT = 200
"""Pixels of the panel that a low screen has room for."""


class ExportButton(QToolButton):
    """``wanted``: a file of a kind is asked for, named by its ending."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setText(self.tr("Export…"))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for words, suffix in (
            (self.tr("Image of what is seen (PNG)…"), ".png"),
            (self.tr("Numbers of what is seen (CSV)…"), ".csv"),
            (self.tr("True values of the tensor (NPY)…"), ".npy"),
            (self.tr("True values (safetensors)…"), ".safetensors"),
            (self.tr("Steps as an animation (GIF)…"), ".gif"),
            (self.tr("Steps as an animation (WebP)…"), ".webp"),
            (self.tr("Steps as a film (MP4)…"), ".mp4"),
        ):
            menu.addAction(words).triggered.connect(lambda _=False, suffix=suffix: self.wanted.emit(suffix))
        self.setMenu(menu)


class PanelWidgets:
    """Makes the widgets of a panel and lays them out in it; where the screen is too low for them they scroll."""

    def __init__(self, panel: QWidget, scope: GraphScope, history: RunHistory) -> None:
        self.heading = QLabel()
        self.heading.setObjectName("heading")
        self.notes = ResultNotes(scope)
        self.output_box, self.form_box, self.items = OutputBox(), FormBox(), ItemBox()
        self.choices = ViewOptions()
        self.stage = ViewStage()
        self.scrubber = Scrubber()
        self.load_button = LoadOffer(scope)
        self.tools = StepTools(scope)
        self.told = _dim(tr("Values at the pointer"))
        self.facts_line = _dim(tr("Facts in short"))
        self.export = ExportButton()
        self.compare_button = QToolButton()
        self.compare_button.setText(tr("Compare"))
        self.compare_button.setCheckable(True)
        self.compare_button.setToolTip(tr("Show it together with another run or another step"))
        self.compare_bar = CompareBar(history)
        self.compare_bar.hide()
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        self.large_button = QToolButton()
        self.large_button.setText("⤢")
        self.large_button.setToolTip(tr("Over the whole window, and back (Esc)"))
        self.large_button.setAccessibleName(tr("Over the whole window"))
        for widget in (self.items, self.compare_button, self.export, self.large_button):
            head.addWidget(widget)
        boxes = QHBoxLayout()
        for box in (self.output_box, self.form_box):
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            box.setMinimumContentsLength(8)
            boxes.addWidget(box, 1)
        inner = QWidget()
        self.upright = UprightScroll(inner, _LEAST_HEIGHT)
        outer = QVBoxLayout(panel)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.upright)
        layout = QVBoxLayout(inner)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self.notes)
        layout.addLayout(boxes)
        layout.addWidget(self.choices)
        layout.addWidget(self.compare_bar)
        layout.addWidget(self.stage, 1)
        for below in (self.load_button, self.scrubber, self.tools, self.told, self.facts_line):
            layout.addWidget(below)


def _dim(name: str) -> QLabel:
    """A line of quiet words, by its name for those who do not see it."""
    label = QLabel()
    label.setObjectName("dim")
    label.setWordWrap(True)
    label.setAccessibleName(name)
    return label
