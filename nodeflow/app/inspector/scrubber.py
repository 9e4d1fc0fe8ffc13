"""Steps on a line: drag, play, go one on or back."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

PLAY_STEP_MS = 80
"""Milliseconds for which a step is shown while it plays."""


class Scrubber(QWidget):
    """``moved``: another step is to be shown."""

    moved = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.first = 0
        """What step 0 is called."""
        self.play_button = QToolButton()
        self.play_button.setText("▶")
        self.play_button.setCheckable(True)
        self.play_button.setToolTip(self.tr("Play the steps"))
        self.play_button.setAccessibleName(self.play_button.toolTip())
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(self.tr("Step"))
        self.slider.setPageStep(5)
        self.label = QLabel()
        self.label.setMinimumWidth(56)
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.play_button)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        self._clock = QTimer(self, interval=PLAY_STEP_MS)
        self._clock.timeout.connect(self._tick)
        self.play_button.toggled.connect(self._play)
        self.slider.valueChanged.connect(self._changed)

    @property
    def step(self) -> int:
        return self.slider.value()

    def set_steps(self, last: int, first: int = 0) -> None:
        """Steps go from 0 to ``last``, and 0 is called ``first``; at first the last one is shown."""
        changed, self.first = (last, first) != (self.slider.maximum(), self.first), first
        if changed:
            self.slider.blockSignals(True)
            self.slider.setRange(0, last)
            self.slider.setValue(last)
            self.slider.blockSignals(False)
            self._say()

    def go(self, step: int) -> None:
        """Go to a step."""
        self.slider.setValue(step)

    def stop(self) -> None:
        """Stop playing."""
        self.play_button.setChecked(False)

    def _play(self, on: bool) -> None:
        self.play_button.setText("⏸" if on else "▶")
        if on:
            if self.step == self.slider.maximum():
                self.go(0)
            self._clock.start()
        else:
            self._clock.stop()

    def _tick(self) -> None:
        if self.step == self.slider.maximum():
            self.stop()
        else:
            self.go(self.step + 1)

    def _changed(self, step: int) -> None:
        self._say()
        self.moved.emit(step)

    def _say(self) -> None:
        self.label.setText(f"{self.step + self.first} / {self.slider.maximum() + self.first}")
