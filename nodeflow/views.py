"""Ways in which a value can be seen, as plain data that any screen can show; and how a node pack brings its own.

A pack lists forms for its wire types in its module::

    FORMS = {"acme.Anvil": (ValueView("weight", "Weight", lambda anvil, asked: Text(f"{anvil.weight} kg")),)}

No torch and no Qt here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec


class Picture(msgspec.Struct, frozen=True, tag=True):
    """An image as it is to be drawn: ``pixels`` are RGB, 8 bits each, row by row.

    It may be a grid of ``columns`` by ``rows`` tiles, each of a whole image that is ``true_width`` by
    ``true_height`` where it comes from; where ``tiles`` is not 0 only so many are there. ``smooth``: a photograph; else
    cells whose edges are to be seen. ``scale``: the values that are black and white, where those are not 0 and 1.
    ``mark``: a place in it that it is about, from 0 to 1. ``facts``: numbers about what is seen, by name. ``glows``:
    its scale is from dim to glowing.
    """

    width: int
    height: int
    pixels: bytes
    true_width: int
    true_height: int
    columns: int = 1
    rows: int = 1
    smooth: bool = False
    caption: str = ""
    scale: tuple[float, float] | None = None
    mark: tuple[float, float] | None = None
    facts: tuple[tuple[str, float], ...] = ()
    glows: bool = False
    tiles: int = 0

    @property
    def many(self) -> int:
        """How many tiles are there."""
        return self.tiles or self.columns * self.rows


APART = "largest difference"
"""What a chart of how far two values are apart has on its y axis."""


class Series(msgspec.Struct, frozen=True):
    """A curve: ``y`` over ``x``."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Chart(msgspec.Struct, frozen=True, tag=True):
    """Curves, or bars where ``bars``; ``labels`` name the places 0, 1, ... of the x axis where they have names.

    ``beside`` are columns of numbers that belong to the same places, such as the timesteps, for who writes them down.
    """

    series: tuple[Series, ...]
    x: str = ""
    y: str = ""
    labels: tuple[str, ...] = ()
    bars: bool = False
    logarithmic: bool = False
    caption: str = ""
    beside: tuple[Series, ...] = ()


def chart_rows(chart: Chart) -> list[list[str]]:
    """The numbers of a chart as rows of a table, the first with the names of the columns."""
    columns = (*chart.beside, *chart.series)
    head = [chart.x or "x", *(series.name for series in columns)]
    places = sorted({x for series in chart.series for x in series.x})
    known = [dict(zip(series.x, series.y, strict=True)) for series in columns]
    body = [[f"{x:g}", *(repr(of[x]) if x in of else "" for of in known)] for x in places]
    if chart.labels:
        head.insert(1, "label")
        for line, x in zip(body, places, strict=True):
            line.insert(1, chart.labels[int(x)] if 0 <= int(x) < len(chart.labels) else "")
    return [head, *body]


class Matrix(msgspec.Struct, frozen=True, tag=True):
    """Numbers in ``len(rows)`` rows, row by row, shown as colours from ``low`` to ``high``."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[float, ...]
    low: float
    high: float
    caption: str = ""


class Table(msgspec.Struct, frozen=True, tag=True):
    """Rows of texts below headings."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


class Text(msgspec.Struct, frozen=True, tag=True):
    """Words."""

    text: str


class Histogram(msgspec.Struct, frozen=True):
    """Hold how many values lie in each of equal parts of the way from ``low`` to ``high``."""

    low: float
    high: float
    counts: tuple[int, ...]


class TensorFacts(msgspec.Struct, frozen=True):
    """Hold what is true of a tensor. Minimum, maximum, mean and deviation (of the population) are those of its finite
    values, in float64; all are 0 where it has none.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    bytes: int
    minimum: float
    maximum: float
    mean: float
    deviation: float
    nan: int
    infinite: int
    histogram: Histogram


class Option(msgspec.Struct, frozen=True):
    """Hold what a person can choose about a form: one of ``choices``, or a whole number from ``minimum`` to
    ``maximum``.

    ``place``: it is one of the two numbers of a place in the image, ``x`` or ``y``, which a pointer can choose.
    ``start`` is the number before anybody chose one. ``text``: words of one's own. ``time``: it is the step of
    something that can be played; ``first`` is what its minimum is called. ``needs`` names another option and those
    of its choices with which alone this one means something.
    """

    name: str
    title: str
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0
    place: bool = False
    time: bool = False
    first: int = 0
    start: int = 0
    text: bool = False
    needs: tuple[str, ...] = ()


class ViewInfo(msgspec.Struct, frozen=True):
    """A form that a value has, without how it is made. ``costly``: made only when a person asks for it.

    ``apart``: two values can be seen together in it by how far they are apart, as an image or as a chart.
    """

    name: str
    title: str
    options: tuple[Option, ...] = ()
    costly: bool = False
    apart: Literal["", "picture", "chart"] = ""


View = Picture | Chart | Matrix | Table | Text


class ViewSurroundings(Protocol):
    """Hold what stands beside a value in its document."""

    def vae(self, channels: int) -> Any:
        """The document's VAE for latents of so many channels; None where none is in memory."""
        ...

    def colours(self, channels: int) -> Any:
        """The linear map (3, C + 1) from latents of so many channels to colours, also where the VAE it was fitted to
        is not in memory any more; None where none is known."""
        ...

    def clip(self, width: int) -> Any:
        """The document's CLIP with vectors of so many numbers, 0 for any; None where none is in memory."""
        ...

    def image(self) -> Any:
        """The image that was made of the value that is looked at; None where none is in memory."""
        ...

    def texts(self) -> list[str]:
        """The texts that lead the document's last run."""
        ...


@dataclass(frozen=True)
class ViewRequest:
    """Hold how a value is to be seen: what the person chose, and how many pixels wide and high there is room for."""

    surroundings: ViewSurroundings
    options: Mapping[str, Any] = field(default_factory=dict)
    size: int = 1024
    other: Any = None
    """The value that it is compared with, of the same wire type."""

    def number(self, option: Option) -> int:
        """A whole number within its bounds; where it was not chosen, the one it starts at."""
        given = self.options.get(option.name, option.start)
        return min(max(int(given), option.minimum), option.maximum) if isinstance(given, (int, float)) else 0

    def text(self, option: Option) -> str:
        """Words of one's own; empty where there are none."""
        return str(self.options.get(option.name, ""))

    def choice(self, option: Option) -> str:
        """One of the choices; the first where it was not chosen."""
        given = self.options.get(option.name)
        return given if given in option.choices else option.choices[0]


Shown = Picture | Chart | Matrix | Table | Text
Make = Callable[[Any, ViewRequest], Shown]


@dataclass(frozen=True)
class ValueView:
    """A way to see values of a wire type. ``make`` runs on a thread of its own while nodes compute: it changes nothing.

    ``options``: what a person can choose about a value. ``fits``: whether a value has this form. ``apart`` makes what
    shows how far a value is from another one, `ViewRequest.other`: an image, or a chart where ``charts``. ``numbers``
    is the tensor behind what ``make`` shows, for who writes it down.
    """

    name: str
    title: str
    make: Make
    options: Callable[[Any], tuple[Option, ...]] = lambda _: ()
    fits: Callable[[Any], bool] = lambda _: True
    costly: bool = False
    apart: Make | None = None
    charts: bool = False
    numbers: Callable[[Any, ViewRequest], Any] | None = None

    def about(self, value: Any) -> ViewInfo:
        kind: Literal["", "picture", "chart"] = "" if self.apart is None else "chart" if self.charts else "picture"
        return ViewInfo(self.name, self.title, self.options(value), self.costly, kind)


ValueViews = Mapping[str, tuple[ValueView, ...]]
"""Forms by wire type."""
