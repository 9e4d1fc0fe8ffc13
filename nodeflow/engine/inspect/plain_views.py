"""Forms of plain values, of files, and of anything by what it is made of."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from nodeflow.engine.cache import value_parts
from nodeflow.engine.inspect.rendering import tiles
from nodeflow.views import Chart, Option, Picture, Series, Table, Text, ValueView, ViewRequest
from nodeflow.wires import Curve, Files

PLAIN = (str, int, float, bool)
MAX_TEXT = 20_000
"""Characters of a text that are shown."""


def text(value: Any, _: ViewRequest) -> Text:
    """A number or a text as it is."""
    words = str(value)
    return Text(words if len(words) <= MAX_TEXT else words[:MAX_TEXT] + " …")


def files(value: Files, _: ViewRequest) -> Table:
    """The files, and whether they stand as they were written."""
    rows = []
    for path in value.paths:
        size = f"{path.stat().st_size:,} bytes" if path.is_file() else "gone"
        rows.append((str(path), size))
    return Table(("file", "size"), tuple(rows))


def parts(value: Any, _: ViewRequest) -> Table:
    """The fields of a value, and those of its fields."""
    rows: list[tuple[str, str, str]] = []
    todo = [("", value)]
    while todo and len(rows) < 200:
        name, part = todo.pop()
        if name:
            rows.append((name, type(part).__name__, _line(part)))
        if dataclasses.is_dataclass(part):
            todo += reversed(
                [((name + step).removeprefix("."), inner) for step, inner in value_parts.parts(part) or ()]
            )
    return Table(("field", "kind", "value"), tuple(rows))


def planes(value: torch.Tensor, asked: ViewRequest) -> Picture:
    """The last two axes as grey tiles, the others one after the other; at most 64 of them."""
    return tiles(value.reshape(-1, *value.shape[-2:])[:64], asked.size, each=asked.choice(EACH) == EACH.choices[0])


EACH = Option("scale", "Black and white", ("each tile's own", "the same for all"))


def row(value: torch.Tensor, _: ViewRequest) -> Chart:
    """A vector as a curve."""
    found = value.double().tolist()
    return Chart((Series("value", tuple(map(float, range(len(found)))), tuple(found)),), "place", "value")


def curve(value: Curve, _: ViewRequest) -> Chart:
    """Numbers over numbers."""
    series = tuple(
        Series(one.name or one.y_name, tuple(one.x.double().tolist()), tuple(one.y.double().tolist()))
        for one in (value, *value.others)
    )
    logarithmic = value.logarithmic and all(y > 0 for one in series for y in one.y)
    return Chart(series, value.x_name, value.y_name, logarithmic=logarithmic)


def _line(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"{' x '.join(map(str, value.shape))} {str(value.dtype).removeprefix('torch.')} on {value.device}"
    if isinstance(value, torch.nn.Module):
        return f"{sum(tensor.numel() for tensor in value.parameters()):,} parameters"
    if isinstance(value, (*PLAIN, type(None))):
        return str(value)[:200]
    if isinstance(value, (tuple, list, dict)):
        return f"{len(value)} items"
    return ""


ANYTHING = (
    ValueView("text", "Value", text, fits=lambda value: isinstance(value, PLAIN)),
    ValueView("files", "Files", files, fits=lambda value: isinstance(value, Files)),
    ValueView(
        "planes",
        "Tiles",
        planes,
        lambda _: (EACH,),
        lambda value: isinstance(value, torch.Tensor) and value.ndim >= 2 and value.numel() > 0,
    ),
    ValueView("curve", "Curve", curve, fits=lambda value: isinstance(value, Curve)),
    ValueView("row", "Curve", row, fits=lambda value: isinstance(value, torch.Tensor) and value.ndim == 1),
    ValueView("parts", "Parts", parts, fits=lambda value: dataclasses.is_dataclass(value)),
)
"""Forms that any value may have."""
