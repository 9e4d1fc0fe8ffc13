"""Curves and matrices: what stands beside and in them."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from nodeflow.app.inspector.charts import ChartView, MatrixView
from nodeflow.app.qt import theme
from nodeflow.views import Chart, Matrix, Series


@pytest.fixture(autouse=True)
def dark(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")


def seen(view: MatrixView) -> list[str]:
    """The numbers that are seen in the cells."""
    QApplication.processEvents()
    return [item.toPlainText() for item in view._numbers if item.isVisible()]


def test_several_curves_have_a_key_and_a_single_one_has_none(qtbot: QtBot) -> None:
    view = ChartView()
    qtbot.addWidget(view)
    view.show()
    curves = tuple(Series(name, (0.0, 1.0), (1.0, 2.0)) for name in ("a < b", "c"))
    view.show_view(Chart(curves))
    assert not view.key.isHidden()
    assert "a&nbsp;&lt;&nbsp;b" in view.key.text()
    assert theme.curve_colour(1).name() in view.key.text()
    view.show_view(Chart(curves[:1]))
    assert view.key.isHidden()


def test_cells_tell_their_numbers_where_there_is_room(qtbot: QtBot) -> None:
    view = MatrixView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.show()
    view.show_view(Matrix(("p", "q"), ("one", "other"), (0.5, -0.25, 1.0, 0.0), -1.0, 1.0))
    assert seen(view) == ["0.50", "-0.25", "1.00", "0.00"]
    assert "<b>2</b>&nbsp;other" in view.key.text()
    view.resize(90, 160)
    assert seen(view) == []
    view.resize(500, 400)
    assert len(seen(view)) == 4
    many = tuple(map(str, range(20)))
    view.show_view(Matrix(many, many, (0.0,) * 400, -1.0, 1.0))
    assert view._numbers == []
    assert view.key.isHidden(), "the rows name the columns"
