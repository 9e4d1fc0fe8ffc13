"""The subjects as flat vector drawings: a few closed curves with a tone each.

A tone says how a part's colour comes from the subject's colour: below 1 it is darker, above 1 mixed with white.
Drawings are centred and scaled so that the larger side of their bounding box is 2.
"""

from dataclasses import dataclass

import numpy as np

from training.data.outlines import Points, arc_band, ellipse, polygon, rounded, spikes, turned

INK, DARK, BODY, LIGHT, WHITE = 0.22, 0.66, 1.0, 1.45, 1.9


@dataclass(frozen=True)
class Part:
    """One closed curve and its tone. Decoration lies inside the silhouette and gets no contour of its own."""

    points: Points
    tone: float = BODY
    decoration: bool = False


def _mark(points: Points, tone: float) -> Part:
    return Part(points, tone, decoration=True)


def _star() -> list[Part]:
    return [Part(spikes(5, 1.0, 0.47))]


def _heart() -> list[Part]:
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    curve = (np.stack([x, y], -1) / 16).astype(np.float32)
    return [Part(curve), _mark(ellipse(-0.48, -0.38, 0.22, 0.13, -40), LIGHT)]


def _flower() -> list[Part]:
    spokes = np.radians(np.arange(5) * 72 - 90)
    petals = [Part(ellipse(0.58 * np.cos(a), 0.58 * np.sin(a), 0.44, 0.36, float(np.degrees(a)))) for a in spokes]
    heart = [_mark(ellipse(0, 0, 0.36, 0.36), DARK), _mark(ellipse(0, 0, 0.26, 0.26), WHITE)]
    return [*petals, Part(ellipse(0, 0, 0.4, 0.4)), *heart]


def _fish() -> list[Part]:
    return [
        Part(polygon((0.35, 0.0), (1.0, -0.52), (0.82, 0.0), (1.0, 0.52)), DARK),
        Part(rounded((-0.35, -0.36), (-0.05, -0.72), (0.32, -0.62), (0.3, -0.2)), DARK),
        Part(
            rounded(
                (-1.0, 0.05),
                (-0.72, -0.36),
                (-0.2, -0.5),
                (0.35, -0.24),
                (0.6, 0.0),
                (0.35, 0.26),
                (-0.2, 0.5),
                (-0.72, 0.4),
            )
        ),
        _mark(arc_band(-0.75, 0.0, 0.5, 0.42, -42, 42), DARK),
        _mark(ellipse(-0.62, -0.12, 0.14, 0.14), WHITE),
        _mark(ellipse(-0.64, -0.12, 0.075, 0.075), INK),
    ]


def _house() -> list[Part]:
    return [
        Part(polygon((0.38, -0.9), (0.62, -0.9), (0.62, -0.2), (0.38, -0.2)), DARK),
        Part(polygon((-0.72, -0.1), (0.72, -0.1), (0.72, 0.95), (-0.72, 0.95))),
        Part(polygon((-0.98, 0.02), (0.0, -1.0), (0.98, 0.02)), DARK),
        _mark(polygon((-0.5, 0.95), (-0.5, 0.32), (-0.1, 0.32), (-0.1, 0.95)), INK),
        _mark(polygon((0.15, 0.3), (0.52, 0.3), (0.52, 0.64), (0.15, 0.64)), WHITE),
    ]


def _tree() -> list[Part]:
    return [
        Part(polygon((-0.15, 0.55), (0.15, 0.55), (0.15, 1.0), (-0.15, 1.0)), 0.5),
        Part(polygon((-0.82, 0.68), (0.0, -0.2), (0.82, 0.68)), 0.8),
        Part(polygon((-0.66, 0.2), (0.0, -0.6), (0.66, 0.2)), 0.95),
        Part(polygon((-0.48, -0.28), (0.0, -1.0), (0.48, -0.28)), 1.12),
    ]


def _moon() -> list[Part]:
    outside = np.radians(np.linspace(50, 310, 40))
    inside = np.radians(np.linspace(297, 63, 40))
    outer = np.stack([np.cos(outside), np.sin(outside)], -1)
    inner = np.stack([0.36 + 0.74 * np.cos(inside), 0.8 * np.sin(inside)], -1)
    crescent = np.concatenate([outer, inner[3:-3]]).astype(np.float32)
    craters = [_mark(ellipse(-0.66, 0.08, 0.14, 0.16), DARK), _mark(ellipse(-0.44, -0.56, 0.1, 0.1), DARK)]
    return [Part(turned(crescent, -18)), *craters, _mark(ellipse(-0.36, 0.62, 0.09, 0.09), DARK)]


def _mushroom() -> list[Part]:
    stem = rounded(
        (-0.26, 0.0), (0.26, 0.0), (0.3, 0.5), (0.4, 0.85), (0.2, 0.97), (-0.2, 0.97), (-0.4, 0.85), (-0.3, 0.5)
    )
    cap = rounded(
        (-0.98, 0.16),
        (-0.9, -0.3),
        (-0.5, -0.8),
        (0.0, -0.95),
        (0.5, -0.8),
        (0.9, -0.3),
        (0.98, 0.16),
        (0.5, 0.26),
        (0, 0.28),
        (-0.5, 0.26),
    )
    dots = [(-0.5, -0.2, 0.19), (0.08, -0.56, 0.2), (0.56, -0.12, 0.17)]
    return [Part(stem, 1.3), Part(cap), *[_mark(ellipse(x, y, r, r), WHITE) for x, y, r in dots]]


def _cup() -> list[Part]:
    body = rounded(
        (-0.95, -0.62), (0.5, -0.62), (0.46, 0.2), (0.3, 0.66), (-0.1, 0.78), (-0.35, 0.78), (-0.75, 0.66), (-0.91, 0.2)
    )
    return [
        Part(arc_band(0.46, -0.05, 0.52, 0.3, -95, 115), DARK),
        Part(body),
        Part(ellipse(-0.225, -0.62, 0.74, 0.2), LIGHT),
        _mark(ellipse(-0.225, -0.6, 0.6, 0.12), INK),
    ]


def _cat() -> list[Part]:
    ears = [Part(polygon((s * 0.9, -1.0), (s * 0.12, -0.5), (s * 0.92, 0.1))) for s in (-1, 1)]
    inner_ears = [_mark(polygon((s * 0.76, -0.74), (s * 0.38, -0.48), (s * 0.76, -0.2)), DARK) for s in (-1, 1)]
    eyes = [_mark(ellipse(s * 0.4, 0.08, 0.13, 0.18), INK) for s in (-1, 1)]
    glints = [_mark(ellipse(s * 0.4 - 0.04, 0.02, 0.05, 0.06), WHITE) for s in (-1, 1)]
    muzzle = _mark(ellipse(0, 0.5, 0.34, 0.24), LIGHT)
    nose = _mark(polygon((-0.12, 0.34), (0.12, 0.34), (0, 0.48)), INK)
    return [*ears, Part(ellipse(0, 0.17, 0.96, 0.78)), *inner_ears, *eyes, *glints, muzzle, nose]


def _sun() -> list[Part]:
    face = [_mark(ellipse(s * 0.2, -0.1, 0.07, 0.1), INK) for s in (-1, 1)]
    smile = _mark(arc_band(0, 0.02, 0.3, 0.21, 25, 155), INK)
    return [Part(spikes(9, 1.0, 0.5), DARK), Part(ellipse(0, 0, 0.58, 0.58), 1.1), *face, smile]


def _cloud() -> list[Part]:
    base = polygon((-0.66, 0.0), (0.66, 0.0), (0.66, 0.58), (-0.66, 0.58))
    puffs = [(-0.66, 0.24, 0.34), (-0.28, -0.16, 0.44), (0.3, -0.08, 0.4), (0.68, 0.26, 0.32)]
    return [
        Part(base),
        *[Part(ellipse(x, y, r, r)) for x, y, r in puffs],
        _mark(ellipse(-0.36, -0.26, 0.2, 0.14, -20), LIGHT),
    ]


def _leaf() -> list[Part]:
    blade = rounded(
        (0.0, -1.0),
        (0.3, -0.62),
        (0.46, -0.12),
        (0.36, 0.38),
        (0.0, 0.74),
        (-0.36, 0.38),
        (-0.46, -0.12),
        (-0.3, -0.62),
    )
    veins = [
        polygon((0, y), (s * 0.32, y - 0.26), (s * 0.32, y - 0.19), (0, y + 0.1)) for s in (-1, 1) for y in (-0.2, 0.15)
    ]
    stem = polygon((-0.05, -0.75), (0.05, -0.75), (0.08, 1.05), (-0.08, 1.05))
    parts = [Part(stem, DARK), Part(blade), _mark(stem * (1, 0.7) + (0, -0.05), DARK), *[_mark(v, DARK) for v in veins]]
    return [Part(turned(p.points.astype(np.float32), 40), p.tone, p.decoration) for p in parts]


def _boat() -> list[Part]:
    return [
        Part(polygon((-0.06, -1.0), (0.06, -1.0), (0.06, 0.5), (-0.06, 0.5)), 0.5),
        Part(polygon((0.1, -0.92), (0.82, 0.3), (0.1, 0.3)), BODY),
        Part(polygon((-0.1, -0.72), (-0.1, 0.3), (-0.66, 0.3)), 1.3),
        Part(
            rounded((-1.0, 0.42), (0.0, 0.45), (1.0, 0.42), (0.72, 0.82), (0.45, 0.92), (-0.45, 0.92), (-0.72, 0.82)),
            0.8,
        ),
    ]


def _butterfly() -> list[Part]:
    upper = [Part(ellipse(s * 0.54, -0.36, 0.52, 0.4, s * -38)) for s in (-1, 1)]
    lower = [Part(ellipse(s * 0.44, 0.42, 0.4, 0.3, s * 42), 0.82) for s in (-1, 1)]
    spots = [_mark(ellipse(s * 0.6, -0.42, 0.24, 0.17, s * -38), LIGHT) for s in (-1, 1)]
    spots += [_mark(ellipse(s * 0.48, 0.46, 0.15, 0.11, s * 42), WHITE) for s in (-1, 1)]
    return [*lower, *upper, *spots, Part(ellipse(0, 0.02, 0.11, 0.66), 0.45)]


def _centred(parts: list[Part]) -> list[Part]:
    everything = np.concatenate([part.points for part in parts])
    low, high = everything.min(0), everything.max(0)
    middle, half = (low + high) / 2, (high - low).max() / 2
    return [Part(((p.points - middle) / half).astype(np.float32), p.tone, p.decoration) for p in parts]


DRAWINGS: dict[str, list[Part]] = {
    name: _centred(parts)
    for name, parts in {
        "star": _star(), "heart": _heart(), "flower": _flower(), "fish": _fish(), "house": _house(),
        "tree": _tree(), "moon": _moon(), "mushroom": _mushroom(), "cup": _cup(), "cat": _cat(),
        "sun": _sun(), "cloud": _cloud(), "leaf": _leaf(), "boat": _boat(), "butterfly": _butterfly(),
    }.items()
}  # fmt: skip
