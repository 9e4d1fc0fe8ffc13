"""How strongly each layer attends to an image: by the names that the field has for ways to weigh them. No nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from nodeflow.node import NodeError

WeightType = Literal[
    "linear",
    "ease in",
    "ease out",
    "ease in-out",
    "reverse in-out",
    "weak input",
    "weak middle",
    "weak output",
    "strong middle",
    "style",
    "composition",
    "style and composition",
    "strong style",
]
LEAST, REST = 0.05, 0.2
"""The smallest share of a slope, and the share of what is weak."""
SLOPES: Mapping[str, Callable[[float], float]] = {
    "ease in": lambda place: 1 - place,
    "ease out": lambda place: place,
    "ease in-out": lambda place: 1 - abs(2 * place - 1),
    "reverse in-out": lambda place: abs(2 * place - 1),
}
"""By the place of a layer among all, from 0 to 1."""
WEAK: Mapping[str, tuple[str, ...]] = {
    "weak input": ("down_blocks",),
    "weak middle": ("mid_block",),
    "weak output": ("up_blocks",),
    "strong middle": ("down_blocks", "up_blocks"),
}
"""The parts of a U-Net that are weak."""
XL, SD1 = 11, 16
"""Transformers of the U-Nets of Stable Diffusion XL, and of 1 and 2."""
_STYLE = dict.fromkeys((*range(4), *range(9, 16)), 1.0)
PAINT: Mapping[tuple[str, int], Mapping[int, float]] = {
    ("style", XL): {6: 1},
    ("composition", XL): {3: 1},
    ("style and composition", XL): {3: 1, 6: 1},
    ("strong style", XL): dict.fromkeys((*range(3), *range(4, 11)), 1.0),
    ("style", SD1): _STYLE,
    ("composition", SD1): {4: 0.25, 5: 1},
    ("style and composition", SD1): {**_STYLE, 4: 0.25, 5: 1},
    ("strong style", SD1): dict.fromkeys((*range(4), *range(6, 16)), 1.0),
}
"""The transformers of a U-Net, in the order in which they compute, that paint style and composition."""
ORDER = ("down_blocks", "mid_block", "up_blocks")


def layer_factors(kind: WeightType, names: Sequence[str]) -> list[float]:
    """The factor of each layer, by its name. Raises NodeError for a kind that the network has no layers for."""
    if kind == "linear":
        return [1.0] * len(names)
    transformers = sorted(dict.fromkeys(map(_transformer, names)), key=_computed)
    numbers = [transformers.index(_transformer(name)) for name in names]
    if kind in SLOPES:
        return [LEAST + (1 - LEAST) * SLOPES[kind](number / len(transformers)) for number in numbers]
    if kind in WEAK and _computed(names[0])[0] >= 0:
        return [REST if name.startswith(WEAK[kind]) else 1.0 for name in names]
    painting = PAINT.get((kind, len(transformers)))
    if painting is None:
        raise NodeError(
            f"it is not known which layers of this network paint what {kind} means; use linear, or another model"
        )
    return [painting.get(number, 0.0) for number in numbers]


def _transformer(name: str) -> str:
    """The transformer that a layer is in: several of them in a row make one in a U-Net."""
    return name.partition(".transformer_blocks")[0] if name.startswith(ORDER) else name


def _computed(name: str) -> tuple[int, list[int]]:
    """The place of a layer in the order in which a network computes."""
    begin = next((number for number, part in enumerate(ORDER) if name.startswith(part)), -1)
    return begin, [int(part) for part in name.split(".") if part.isdigit()]
