"""Curves, bars and matrices, by pyqtgraph."""

from __future__ import annotations

from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QSizeF
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from nodeflow.app.i18n.texts import term
from nodeflow.app.qt import theme
from nodeflow.views import Chart, Matrix, Series, chart_rows

MIN_HEIGHT, AXIS = 160, 60
"""Pixels of a plot, and of them for the axis and the words below it."""
LINE, MAX_LINES = 13, 20
"""Pixels that a lying bar needs for the words beside it, and how many of them a view makes room for."""
MAX_TICKS = 40
"""More labels than these on an axis would lie over each other."""
DARK = 0.45
"""Beyond this share of the way from the middle to an end, a cell's colour is dark."""
MIN_CELL_SIZE = QSizeF(32, 16)
"""Pixels that a cell needs for its number."""
MAX_NUMBERS = 12
"""Rows and columns of a matrix whose cells have room for their numbers."""


class Plot(QWidget):
    """A plot in the colours of the theme, with a key to its colours above it and a line of words below it."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = pg.PlotWidget()
        self.plot.setMenuEnabled(False)
        self.plot.hideButtons()
        self.caption = QLabel()
        self.caption.setObjectName("dim")
        self.caption.setWordWrap(True)
        self.key = QLabel()
        self.key.setWordWrap(True)
        self.key.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.key)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.caption)
        self.setMinimumHeight(MIN_HEIGHT)
        self._restyle()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._restyle()
        super().changeEvent(event)

    def _restyle(self) -> None:
        self.plot.setBackground(theme.colour("canvas"))
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(theme.colour("line"))
            axis.setTextPen(theme.colour("dim"))
            axis.enableAutoSIPrefix(False)

    def say(self, words: str) -> None:
        self.caption.setText(words)
        self.caption.setVisible(bool(words))
        self.plot.setAccessibleDescription(words)


class ChartView(Plot):
    """Shows a chart; the values under the pointer are told below it."""

    def __init__(self) -> None:
        super().__init__()
        self.plot.setAccessibleName(self.tr("Chart"))
        self.chart = Chart(())
        self.plot.scene().sigMouseMoved.connect(self._pointed)

    def show_view(self, chart: Chart) -> None:
        self.chart = chart
        self.plot.clear()
        self.plot.showGrid(x=not chart.bars, y=True, alpha=0.15)
        across, up = (chart.y, chart.x) if self._lies else (chart.x, chart.y)
        self.plot.setLabel("bottom", term(across))
        self.plot.setLabel("left", term(up))
        self.plot.getPlotItem().invertY(self._lies)
        lines = min(len(chart.labels), MAX_LINES) if self._lies else 0
        self.setMinimumHeight(max(MIN_HEIGHT, AXIS + LINE * lines))
        self.plot.setLogMode(y=chart.logarithmic)
        for number, series in enumerate(chart.series):
            colour = theme.curve_colour(number).name()
            if chart.bars:
                self.plot.addItem(_bars(series, colour, lying=bool(chart.labels)))
            else:
                self.plot.plot(series.x, series.y, pen=pg.mkPen(colour, width=2))
        names = [_named(at, series) for at, series in enumerate(chart.series)]
        self.key.setText(" &nbsp; ".join(names))
        self.key.setVisible(len(names) > 1)
        ticks = [list(enumerate(label.strip() or "·" for label in chart.labels))]
        named = 0 < len(chart.labels) <= MAX_TICKS
        self.plot.getAxis("left").setTicks(ticks if named and self._lies else None)
        self.plot.getAxis("bottom").setTicks(ticks if named and not self._lies else None)
        self.plot.enableAutoRange()
        self.say(term(chart.caption))

    @property
    def _lies(self) -> bool:
        """Return whether its bars lie, so that the words beside them can be read."""
        return self.chart.bars and bool(self.chart.labels)

    def rows(self) -> list[list[str]]:
        """The numbers as rows of a table."""
        return chart_rows(self.chart)

    def _pointed(self, at: QPointF) -> None:
        if not self.chart.series or not self.plot.sceneBoundingRect().contains(at):
            return
        where_at = self.plot.getPlotItem().vb.mapSceneToView(at)
        x = where_at.y() if self._lies else where_at.x()
        found = []
        for series in self.chart.series:
            if series.x:
                place = int(np.abs(np.asarray(series.x) - x).argmin())
                name = f"{series.name} " if len(self.chart.series) > 1 else ""
                found.append((series.x[place], f"{name}{series.y[place]:.5g}"))
        if found:
            where = found[0][0]
            label = self.chart.labels[int(where)] if 0 <= int(where) < len(self.chart.labels) else f"{where:g}"
            self.say(f"{term(self.chart.x)} {label.strip()}: " + ", ".join(words for _, words in found))


def _named(number: int, series: Series) -> str:
    """A curve in the key."""
    return f'<span style="color: {theme.curve_colour(number).name()}">━</span>&nbsp;{_whole(series.name)}'


def _whole(name: str) -> str:
    """A name as rich text that is not broken over lines."""
    return escape(term(name)).replace(" ", "&nbsp;")


def _bars(series: Series, colour: str, lying: bool) -> pg.BarGraphItem:
    """A bar for each place, standing or lying."""
    thick = 0.8 * min(np.diff(series.x), default=1.0)
    if lying:
        return pg.BarGraphItem(x0=0, y=series.x, width=series.y, height=thick, brush=colour, pen=colour)
    return pg.BarGraphItem(x=series.x, height=series.y, width=thick, brush=colour, pen=colour)


class MatrixView(Plot):
    """Shows a matrix as colours; the number under the pointer is told below it."""

    def __init__(self) -> None:
        super().__init__()
        self.plot.setAccessibleName(self.tr("Matrix"))
        self.plot.setAspectLocked(True)
        self.matrix = Matrix((), (), (), 0, 1)
        self._numbers: list[pg.TextItem] = []
        self._image = pg.ImageItem(axisOrder="row-major")
        self._image.setColorMap(pg.colormap.get("CET-D1A"))
        self.plot.addItem(self._image)
        self.plot.getPlotItem().vb.sigTransformChanged.connect(self._fit_numbers)
        self.plot.getPlotItem().invertY(True)
        self.plot.scene().sigMouseMoved.connect(self._pointed)

    def show_view(self, matrix: Matrix) -> None:
        self.matrix = matrix
        shape = len(matrix.rows), len(matrix.columns)
        self._image.setImage(np.asarray(matrix.values, np.float32).reshape(shape), levels=(matrix.low, matrix.high))
        ticks = [(place + 0.5, label.strip() or "·") for place, label in enumerate(matrix.rows)]
        self.plot.getAxis("left").setTicks([ticks] if len(ticks) <= MAX_TICKS else None)
        self.plot.hideAxis("bottom")
        self._write_numbers(matrix)
        self._name_columns(matrix)
        self.plot.enableAutoRange()
        ends = self.tr("blue {0:g}, red {1:g}").format(matrix.low, matrix.high)
        self.say(f"{term(matrix.caption)} · {ends}" if matrix.caption else ends)

    def _write_numbers(self, matrix: Matrix) -> None:
        """The numbers in their cells, where there is room."""
        for item in self._numbers:
            self.plot.removeItem(item)
        self._numbers.clear()
        if max(len(matrix.rows), len(matrix.columns)) > MAX_NUMBERS:
            return
        middle = (matrix.low + matrix.high) / 2
        for at, value in enumerate(matrix.values):
            row, column = divmod(at, len(matrix.columns))
            strong = abs(value - middle) > DARK * (matrix.high - middle)
            item = pg.TextItem(f"{value:.2f}", color="#ffffff" if strong else "#1f242b", anchor=(0.5, 0.5))
            item.setPos(column + 0.5, row + 0.5)
            self.plot.addItem(item)
            self._numbers.append(item)
        self._fit_numbers()

    def _fit_numbers(self, *_: object) -> None:
        """Cells that are too small show their colours alone."""
        if self._numbers:
            cell = self._image.sceneBoundingRect().size()
            wide, high = cell.width() / len(self.matrix.columns), cell.height() / len(self.matrix.rows)
            for item in self._numbers:
                item.setVisible(wide >= MIN_CELL_SIZE.width() and high >= MIN_CELL_SIZE.height())

    def _name_columns(self, matrix: Matrix) -> None:
        """Where columns are other things than rows, they have numbers and a key, since their names are long."""
        other = matrix.columns != matrix.rows and len(matrix.columns) <= MAX_NUMBERS
        if other:
            self.plot.showAxis("bottom")
            self.plot.getAxis("bottom").setTicks([[(at + 0.5, str(at + 1)) for at in range(len(matrix.columns))]])
        named = [f"<b>{at}</b>&nbsp;{_whole(name)}" for at, name in enumerate(matrix.columns, 1)]
        self.key.setText(" &nbsp; ".join(named))
        self.key.setVisible(other)

    def rows(self) -> list[list[str]]:
        width = len(self.matrix.columns)
        body = [self.matrix.values[at : at + width] for at in range(0, len(self.matrix.values), width)]
        lines = [[name, *map(repr, values)] for name, values in zip(self.matrix.rows, body, strict=True)]
        return [["", *self.matrix.columns], *lines]

    def _pointed(self, at: QPointF) -> None:
        place = self.plot.getPlotItem().vb.mapSceneToView(at)
        row, column = int(np.floor(place.y())), int(np.floor(place.x()))
        if 0 <= row < len(self.matrix.rows) and 0 <= column < len(self.matrix.columns):
            value = self.matrix.values[row * len(self.matrix.columns) + column]
            self.say(f"{self.matrix.rows[row].strip()} · {self.matrix.columns[column].strip()}: {value:.4f}")
