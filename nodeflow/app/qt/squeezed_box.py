"""A choice that gives way where there is no room."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

LETTERS = 6
"""What is always shown, in letters of middle width."""
_AROUND = 24


class SqueezedBox(QComboBox):
    """What is chosen may be cut, and its tip says the whole; the list that opens is as wide as its longest entry."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumContentsLength(LETTERS)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentTextChanged.connect(self.setToolTip)

    def showPopup(self) -> None:
        entries = map(self.itemText, range(self.count()))
        longest = max(map(self.fontMetrics().horizontalAdvance, entries), default=0)
        self.view().setMinimumWidth(max(self.width(), longest + _AROUND))
        super().showPopup()
