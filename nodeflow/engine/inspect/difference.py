"""Distance of two values: found from the values themselves, not from what is drawn of them."""

from __future__ import annotations

import torch
from torch import Tensor

from nodeflow.engine.inspect.rendering import tiles
from nodeflow.node import NodeError
from nodeflow.views import APART, Chart, Picture, Series


def difference(one: Tensor, other: Tensor) -> Tensor:
    """Return how far each value is from the other, of the same shape; infinite where one of them alone is no number."""
    if one.shape != other.shape:
        sizes = " and ".join(" x ".join(map(str, tensor.shape)) for tensor in (one, other))
        raise NodeError(f"the two are {sizes}; only values of one shape can be compared")
    one, other = one.double(), other.to(one.device).double()
    same = (one == other) | (one.isnan() & other.isnan())
    return torch.where(same, 0.0, (one - other).abs().nan_to_num(torch.inf, posinf=torch.inf))


def drawn(one: Tensor, other: Tensor, size: int, colours: bool = False) -> Picture:
    """The difference of two images (C, H, W) as grey tiles on one scale; of ``colours`` the largest of the three."""
    apart = difference(one, other)
    planes = apart.amax(0, keepdim=True) if colours else apart
    picture = tiles(planes, size, each=False)
    assert picture.scale is not None
    return picture


def over_steps(quantities: dict[str, list[tuple[Tensor | None, Tensor | None]]]) -> Chart:
    """By quantity, the largest difference at each step; where they part, a curve leaves 0."""
    series = []
    for name, pairs in quantities.items():
        found = [(at, a, b) for at, (a, b) in enumerate(pairs) if a is not None and b is not None]
        points = [(float(at), float(difference(a, b).amax())) for at, a, b in found]
        series.append(Series(name, tuple(x for x, _ in points), tuple(y for _, y in points)))
    return Chart(tuple(series), "step", APART)
