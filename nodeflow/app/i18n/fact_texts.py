"""Facts about a tensor in words."""

from __future__ import annotations

from collections.abc import Callable

from nodeflow.app.i18n.texts import size, tr
from nodeflow.views import TensorFacts

LINES: dict[str, Callable[[TensorFacts], str]] = {
    "shape": lambda of: " × ".join(map(str, of.shape)) or tr("one number"),
    "precision": lambda of: of.dtype,
    "device": lambda of: of.device,
    "size": lambda of: size(of.bytes),
    "minimum": lambda of: f"{of.minimum:.6g}",
    "maximum": lambda of: f"{of.maximum:.6g}",
    "mean": lambda of: f"{of.mean:.6g}",
    "deviation": lambda of: f"{of.deviation:.6g}",
    "NaN": lambda of: f"{of.nan:,}",
    "infinite": lambda of: f"{of.infinite:,}",
}
"""Facts in words, by their names."""


def fact_line(facts: TensorFacts) -> str:
    """The facts about a tensor in one line."""
    odd = "".join(
        f" · {count:,} {word}" for count, word in ((facts.nan, "NaN"), (facts.infinite, tr("infinite"))) if count
    )
    shape = " × ".join(map(str, facts.shape))
    return (
        f"{shape} {facts.dtype} · {facts.device} · {size(facts.bytes)} · {facts.minimum:.3g} … {facts.maximum:.3g}"
        f" · {tr('mean')} {facts.mean:.3g} ± {facts.deviation:.3g}{odd}"
    )
