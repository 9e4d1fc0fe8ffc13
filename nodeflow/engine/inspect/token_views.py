"""Forms of images as tokens: the grid of their codes, and how much of the codebook they use."""

from __future__ import annotations

import torch
from torch import Tensor

from nodeflow.engine.inspect.difference import difference, drawn
from nodeflow.engine.inspect.image_views import chosen, one_of, place_options
from nodeflow.engine.inspect.rendering import colours
from nodeflow.views import Chart, Option, Picture, Series, Table, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Codes

ORDER = Option("order", "Order", ("the most frequent first", "by number"))
OF = Option("of", "Of", ("all images", "this image"))
MAX_BARS = 16
"""Codes that have a bar each where the most frequent come first."""
GOLDEN = 0.618033988749895
"""Hues this far apart on a circle are never near for neighbouring numbers."""


def code_colours(values: Tensor) -> Tensor:
    """(h, w) of codes to RGB (3, h, w): a colour for each number, always the same; black where there is none."""
    hue = (values.double() * GOLDEN) % 1
    light = 0.55 + 0.45 * ((values.double() * GOLDEN * 7) % 1)
    rgb = torch.stack([((hue * 6 + shift) % 6 - 3).abs().sub(1).clamp(0, 1) for shift in (0.0, 4.0, 2.0)])
    return torch.where(values >= 0, (0.25 + 0.75 * rgb) * light, 0.0).float()


def grid(codes: Codes, asked: ViewRequest) -> Picture:
    """Each place in the colour of its code."""
    values = chosen(codes.values, asked)
    missing = int((values < 0).sum())
    caption = f"{len(set(values[values >= 0].tolist()))} of {codes.size} codes"
    return colours(
        code_colours(values), asked.size, smooth=False, caption=caption + f", {missing} missing" * bool(missing)
    )


def grid_apart(codes: Codes, asked: ViewRequest) -> Picture:
    """The places where two images have not the same code are white."""
    pair = (chosen(given.values, asked)[None] for given in (codes, asked.other))
    others = (difference(*pair) > 0).double()
    return drawn(others, torch.zeros_like(others), asked.size)


def place(codes: Codes, asked: ViewRequest) -> Table:
    """The code of a place."""
    x, y = (asked.number(option) for option in place_options(codes.values))
    number = int(chosen(codes.values, asked)[y, x])
    return Table(("channel", "value"), (("code", str(number) if number >= 0 else "none yet"),), f"{x}, {y}")


def use(codes: Codes, asked: ViewRequest) -> Chart:
    """Return how often each code occurs."""
    values = codes.values if asked.choice(OF) == OF.choices[0] else chosen(codes.values, asked)
    counts = torch.bincount(values[values >= 0].flatten().cpu(), minlength=codes.size).double()
    shares = counts[counts > 0] / counts.sum().clamp(min=1)
    perplexity = float((-shares * shares.log()).sum().exp())
    caption = f"{len(shares)} of {codes.size} codes occur, perplexity {perplexity:.1f}"
    if asked.choice(ORDER) == ORDER.choices[1]:
        series = Series("count", tuple(map(float, range(codes.size))), tuple(counts.tolist()))
        return Chart((series,), "code", "count", bars=True, caption=caption)
    ordered, numbers = counts.sort(descending=True, stable=True)
    kept = max(min(len(shares), MAX_BARS), 1)
    series = Series("count", tuple(map(float, range(kept))), tuple(ordered[:kept].tolist()))
    labels = tuple(map(str, numbers[:kept].tolist()))
    return Chart((series,), "code", "count", labels, bars=True, caption=caption)


FORMS: ValueViews = {
    Codes.__name__: (
        ValueView("grid", "Grid of codes", grid, lambda codes: one_of(codes.values), apart=grid_apart),
        ValueView("use", "Use of the codebook", use, lambda codes: (ORDER, OF, *one_of(codes.values))),
        ValueView(
            "place", "Code at a place", place, lambda codes: (*one_of(codes.values), *place_options(codes.values))
        ),
    ),
}
