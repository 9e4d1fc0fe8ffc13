"""The field of a painted mask: a button that says how large it is, and opens what paints it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QPushButton

from nodeflow.app.i18n.texts import readable, tr
from nodeflow.app.qt.mask_text import mask_size
from nodeflow.graph.model.catalogue import Param


class MaskField(QPushButton):
    """Shows the mask of a node in words; a press has it painted."""

    def __init__(self, param: Param, paint: Callable[[], object]) -> None:
        super().__init__()
        self.setAccessibleName(readable(param.name))
        self.clicked.connect(lambda: paint())

    def show_value(self, value: Any) -> None:
        self.setText(mask_words(str(value)))


def mask_words(text: str) -> str:
    """A painted mask in words: its size, or that there is none."""
    size = mask_size(text)
    return tr("Paint…") if size.isEmpty() else tr("painted, {0} × {1}").format(size.width(), size.height())
