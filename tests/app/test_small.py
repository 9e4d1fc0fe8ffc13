"""Views in small."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from nodeflow.app.qt import theme
from nodeflow.app.qt.small_views import CHART, MAX_SMALL_SIDE, drawn, first_options, form_in_small
from nodeflow.engine.protocol.value_handle import Overview, ValueHandle
from nodeflow.views import Chart, Matrix, Option, Picture, Series, Table, Text, ViewInfo


@pytest.fixture(autouse=True)
def dark(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")


def test_cells_keep_their_edges_and_sides_their_ratio() -> None:
    image = drawn(Picture(2, 1, bytes([255, 0, 0, 0, 0, 255]), 2, 1))
    assert (image.width(), image.height()) == (MAX_SMALL_SIDE, MAX_SMALL_SIDE // 2)
    assert {image.pixelColor(x, 30).name() for x in range(MAX_SMALL_SIDE // 2)} == {"#ff0000"}
    assert {image.pixelColor(x, 30).name() for x in range(MAX_SMALL_SIDE // 2, MAX_SMALL_SIDE)} == {"#0000ff"}


def test_a_matrix_is_blue_below_and_red_above_the_middle() -> None:
    image = drawn(Matrix(("a",), ("a", "b", "c"), (-1.0, 0.0, 1.0), -1.0, 1.0))
    low, middle, high = (image.pixelColor(x, 5) for x in (10, MAX_SMALL_SIDE // 2, MAX_SMALL_SIDE - 10))
    assert low.blue() > low.red()
    assert high.red() > high.blue()
    assert min(middle.red(), middle.blue()) > 200


@pytest.mark.parametrize("bars", [False, True])
@pytest.mark.parametrize("values", [(1.0, 2.0, 4.0), (3.0, 3.0, 3.0), (-1.0, float("nan"), 2.0)])
def test_curves_and_bars_stand_within_the_picture(values: tuple[float, ...], bars: bool) -> None:
    image = drawn(Chart((Series("s", (0.0, 1.0, 2.0), values),), bars=bars))
    assert image.size() == CHART
    ground = QColor(theme.colour("canvas"))
    edge = [image.pixelColor(x, y) for x in range(image.width()) for y in (0, 1, image.height() - 1)]
    assert all(colour == ground for colour in edge)
    assert any(image.pixelColor(x, y) == theme.curve_colour(0) for x in range(200) for y in range(90))


@pytest.mark.parametrize(
    "view", [None, Text("words"), Table(("a",), ()), Chart(()), Chart((Series("s", (), ()),)), Matrix((), (), (), 0, 1)]
)
def test_words_tables_and_nothing_have_no_picture(view: Text | Table | Chart | Matrix | None) -> None:
    assert drawn(view).isNull()


def test_what_can_be_played_is_shown_by_its_end_and_nothing_costly_is_asked_for() -> None:
    steps = ViewInfo("frames", "Steps", (Option("step", "Step", maximum=20, time=True), Option("x", "Column")))
    overview = Overview(ValueHandle("h", 0, "Trajectory"), forms=(ViewInfo("clip", "CLIP", costly=True), steps))
    assert form_in_small(overview) is steps
    assert first_options(steps) == {"step": 20}
    assert form_in_small(Overview(ValueHandle("h", 0, "Any"))) is None
