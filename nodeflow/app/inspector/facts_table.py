"""The facts about a value: a column for each of its tensors, and a histogram."""

from __future__ import annotations

from PySide6.QtWidgets import QAbstractItemView, QVBoxLayout, QWidget

from nodeflow.app.i18n.fact_texts import LINES
from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.charts import ChartView
from nodeflow.app.inspector.tables import TableView
from nodeflow.engine.protocol.value_handle import Overview, ValueHandle
from nodeflow.views import Chart, Series, Table, TensorFacts


class FactsView(QWidget):
    """Shows the facts about each tensor of a value, and the histogram of the one that is chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.table = TableView()
        self.table.setAccessibleName(self.tr("Facts about the value"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectColumns)
        self.chart = ChartView()
        self.chart.plot.setAccessibleName(self.tr("Histogram"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.table, 3)
        layout.addWidget(self.chart, 2)
        self.overview = Overview(ValueHandle("", 0, ""))
        self.table.itemSelectionChanged.connect(self._chosen)

    def show_view(self, overview: Overview) -> None:
        """Each tensor is a column, since names and numbers are short and there is little room."""
        self.overview = overview
        rows = tuple((tr(name), *map(words, overview.facts)) for name, words in LINES.items())
        self.table.show_view(Table(("", *(facts.name for facts in overview.facts)), rows))
        self.table.horizontalHeader().setStretchLastSection(False)
        self.chart.setVisible(bool(overview.facts))
        if overview.facts:
            self._show(largest(overview.facts))

    @property
    def chosen(self) -> str:
        """The tensor whose histogram is shown."""
        at = self.table.currentColumn() - 1
        if not self.overview.facts:
            return ""
        return (self.overview.facts[at] if at >= 0 else largest(self.overview.facts)).name

    def rows(self) -> list[list[str]]:
        return self.table.rows()

    def _chosen(self) -> None:
        at = self.table.currentColumn() - 1
        if 0 <= at < len(self.overview.facts):
            self._show(self.overview.facts[at])

    def _show(self, facts: TensorFacts) -> None:
        counts, low, high = facts.histogram.counts, facts.histogram.low, facts.histogram.high
        part = (high - low) / len(counts) or 1.0
        places = tuple(low + part * (at + 0.5) for at in range(len(counts)))
        bars = Series(facts.name, places, tuple(map(float, counts)))
        self.chart.show_view(Chart((bars,), facts.name, "count", bars=True))


def largest(facts: tuple[TensorFacts, ...]) -> TensorFacts:
    """The facts of the tensor with the most bytes, the first of equals: the value itself rather than its timesteps."""
    return max(facts, key=lambda one: one.bytes)
