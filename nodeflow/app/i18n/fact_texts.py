"""Facts about a tensor, and about an image of one, in words."""

from __future__ import annotations

from collections.abc import Callable

from nodeflow.app.i18n.sentences import reported, said
from nodeflow.app.i18n.texts import size, tr
from nodeflow.views import Picture, TensorFacts

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


def picture_line(picture: Picture) -> str:
    """What an image of a tensor shows, the facts that came with it and what its shades stand for, in one line."""
    words = [reported(said(tr(picture.caption)))] if picture.caption else []
    words += [f"{tr(name)} {number:.5g}" for name, number in picture.facts]
    if picture.scale:
        ends = tr("dim {0:.3g}, glowing {1:.3g}") if picture.glows else tr("black {0:.3g}, white {1:.3g}")
        words.append(ends.format(*picture.scale))
    return " · ".join(words)
