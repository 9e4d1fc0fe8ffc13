"""The boxes in which a person chooses what is looked at: an output of the node, an item of it, a form of that."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox

from nodeflow.app.i18n.texts import readable, tr, wire_title
from nodeflow.engine.protocol.value_handle import Overview
from nodeflow.graph.model.catalogue import Output

FACTS = ""
"""The form of an overview."""


class OutputBox(QComboBox):
    """The outputs of a node."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Output of the node"))

    def offer(self, outputs: Sequence[Output], chosen: str) -> None:
        """Offer them, with one chosen: the first where none of them is named so."""
        self.blockSignals(True)
        self.clear()
        for port in outputs:
            self.addItem(_named(readable(port.name), wire_title(port.type)), port.name)
        self.setCurrentIndex(max(self.findData(chosen), 0))
        self.blockSignals(False)
        self.setVisible(self.count() > 0)


def _named(name: str, kind: str) -> str:
    """An output by its name and its kind, which is told once where both are the same words."""
    same = name.replace(" ", "").casefold() == kind.replace(" ", "").casefold()
    return name if same else f"{name} · {kind}"


class FormBox(QComboBox):
    """The forms in which a value can be seen, and the facts about it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Form in which it is shown"))

    def offer(self, overview: Overview, chosen: str | None) -> None:
        """Offer them, with one chosen: the first where that is None."""
        self.blockSignals(True)
        self.clear()
        for form in overview.forms:
            self.addItem(tr(form.title), form.name)
        if overview.facts:
            self.addItem(self.tr("Facts"), FACTS)
        self.setCurrentIndex(0 if chosen is None else max(self.findData(chosen), 0))
        self.blockSignals(False)
        self.setVisible(True)


class ItemBox(QComboBox):
    """The items of a list, one of which is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Item of the list"))

    def offer(self, count: int) -> None:
        """Offer the items of a list of so many values; the one that was chosen stays chosen."""
        if count != self.count():
            self.blockSignals(True)
            at = self.currentIndex()
            self.clear()
            self.addItems([self.tr("item {0}").format(number + 1) for number in range(count)])
            self.setCurrentIndex(min(max(at, 0), count - 1))
            self.blockSignals(False)
        self.setVisible(count > 1)
