"""An independent judge: finds subject, colour, background and place in the pixels and compares them with a caption.

It knows the grammar's words and colours, but nothing of how pictures are drawn. Subjects are told by their silhouettes:
the subject is parted from the background by colour, its holes are filled, and it is resampled about its centroid to a
fixed area; `training.evaluation.silhouettes` holds the mean silhouette of each subject in that frame.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.data.grammar import BACKGROUNDS, COLOURS, PLACE_DIRECTIONS, PLACES, SUBJECTS
from training.evaluation.claims import Claims

Mask = NDArray[np.bool_]
Floats = NDArray[np.floating]

ATTRIBUTES: tuple[str, ...] = ("subject", "colour", "background", "place")
FRAME = 32
FRAME_AREA = 300.0
FOREGROUND = 0.14
BACKGROUND_TOLERANCE = 0.16
MIN_AREA, MAX_AREA, MIN_SHARE, MIN_LIKENESS, MIN_PURITY = 150, 2300, 0.9, 0.75, 0.5
OFF_CENTRE = 5.0

_SHADES = [(f, 0.0) for f in (0.6, 0.7, 0.8, 0.9, 1.0)] + [(1.0, 0.15), (1.0, 0.3)]
_TINTS = np.array([[np.array(c) * f * (1 - w) + w for f, w in _SHADES] for c in COLOURS.values()], np.float32)
_BACKDROPS = np.array(list(BACKGROUNDS.values()), np.float32)


@dataclass(frozen=True)
class Finding:
    """Hold what a picture shows; None where nothing was found with certainty."""

    subject: str | None
    colour: str | None
    background: str | None
    place: str | None
    likeness: float = 0.0
    purity: float = 0.0


def analyse(picture: Floats, silhouettes: Floats) -> Finding:
    """Reads one picture [64, 64, 3] in 0..1, with silhouettes [kinds, 32, 32] whose kinds repeat SUBJECTS in order."""
    backdrop, background = find_background(picture)
    mask, share = find_subject(picture, backdrop)
    if not MIN_AREA < mask.sum() < MAX_AREA or share < MIN_SHARE:
        return Finding(None, None, background, None)
    likenesses = _overlap(silhouettes, normalised(mask))
    best = int(likenesses.argmax())
    likeness = float(likenesses[best])
    colour, purity = _find_colour(picture[mask])
    return Finding(
        subject=SUBJECTS[best % len(SUBJECTS)] if likeness >= MIN_LIKENESS else None,
        colour=colour if purity >= MIN_PURITY else None,
        background=background,
        place=_find_place(mask),
        likeness=likeness,
        purity=purity,
    )


def compare(finding: Finding, claims: Claims) -> dict[str, bool]:
    """For each attribute, whether the picture shows what was claimed."""
    wanted = ((name, getattr(claims, name)) for name in ATTRIBUTES)
    return {name: want is None or getattr(finding, name) == want for name, want in wanted}


def find_background(picture: Floats) -> tuple[Floats, str | None]:
    """The median colour of the picture's border, and its name."""
    border = np.concatenate(
        [picture[:2], picture[-2:], picture[:, :2].swapaxes(0, 1), picture[:, -2:].swapaxes(0, 1)], 1
    )
    backdrop = np.median(border.reshape(-1, 3), 0)
    distances = np.linalg.norm(_BACKDROPS - backdrop, axis=1)
    nearest = int(distances.argmin())
    return backdrop, list(BACKGROUNDS)[nearest] if distances[nearest] < BACKGROUND_TOLERANCE else None


def find_subject(picture: Floats, backdrop: Floats) -> tuple[Mask, float]:
    """The largest coherent region unlike the background, its holes filled, and its share of all such pixels."""
    brightness = np.linspace(0.92, 1.08, 9, dtype=np.float32)[:, None]
    distances = np.linalg.norm(picture[:, :, None] - brightness * backdrop, axis=-1).min(-1)
    unlike = distances > FOREGROUND
    largest = _largest_region(_grown(unlike)) & unlike
    share = float(largest.sum() / max(1, unlike.sum()))
    closed = ~_grown(~_grown(largest))
    return _filled(closed | largest), share


def normalised(mask: Mask) -> Floats:
    """The mask [64, 64] resampled about its centroid so that its area is FRAME_AREA in a frame [32, 32]."""
    y, x = np.nonzero(mask)
    scale = np.sqrt(len(x) / FRAME_AREA)
    grid = (np.arange(FRAME) - (FRAME - 1) / 2) * scale
    padded = np.pad(mask.astype(np.float32), FRAME)
    rows, columns = (np.clip(grid + centre + FRAME, 0, len(padded) - 1.001) for centre in (y.mean(), x.mean()))
    top, left = rows.astype(int), columns.astype(int)
    down, right = (rows - top)[:, None], (columns - left)[None]
    upper = padded[top][:, left] * (1 - right) + padded[top][:, left + 1] * right
    lower = padded[top + 1][:, left] * (1 - right) + padded[top + 1][:, left + 1] * right
    return (upper * (1 - down) + lower * down).astype(np.float32)


def _overlap(silhouettes: Floats, frame: Floats) -> Floats:
    """Intersection over union of soft silhouettes."""
    return np.minimum(silhouettes, frame).sum((1, 2)) / np.maximum(silhouettes, frame).sum((1, 2))


def _find_colour(pixels: Floats) -> tuple[str, float]:
    """The colour that most pixels are nearest to, in light or shade, and their share."""
    distances = ((pixels[:, None, None] - _TINTS) ** 2).sum(-1).min(-1)
    votes = np.bincount(distances.argmin(1), minlength=len(COLOURS))
    return list(COLOURS)[int(votes.argmax())], float(votes.max() / votes.sum())


def _find_place(mask: Mask) -> str | None:
    """By the middle of the subject's bounding box; None on a diagonal."""
    y, x = np.nonzero(mask)
    offset = np.array([x.min() + x.max() + 1 - mask.shape[1], y.min() + y.max() + 1 - mask.shape[0]]) / 2
    direction = tuple(int(np.sign(o)) if abs(o) > OFF_CENTRE else 0 for o in offset)
    return next((place for place in PLACES if PLACE_DIRECTIONS[place] == direction), None)


def _grown(mask: Mask) -> Mask:
    """One pixel more in all eight directions; beyond the picture there is nothing."""
    wide = np.pad(mask, ((0, 0), (1, 1)))
    wide = wide[:, :-2] | wide[:, 1:-1] | wide[:, 2:]
    tall = np.pad(wide, ((1, 1), (0, 0)))
    return tall[:-2] | tall[1:-1] | tall[2:]


def _largest_region(mask: Mask) -> Mask:
    rest, best = mask.copy(), np.zeros_like(mask)
    while rest.sum() > best.sum():
        region = np.zeros_like(mask)
        region[np.unravel_index(rest.argmax(), rest.shape)] = True
        while (grown := _grown(region) & rest).sum() > region.sum():
            region = grown
        rest &= ~region
        best = max(best, region, key=np.sum)
    return best


def _filled(mask: Mask) -> Mask:
    """The mask with its holes filled: all that cannot be reached from outside."""
    empty = np.pad(~mask, 1, constant_values=True)
    outside = np.zeros_like(empty)
    outside[0] = outside[-1] = outside[:, 0] = outside[:, -1] = True
    while True:
        reached = outside.copy()
        reached[1:] |= outside[:-1]
        reached[:-1] |= outside[1:]
        reached[:, 1:] |= outside[:, :-1]
        reached[:, :-1] |= outside[:, 1:]
        reached &= empty
        if (reached == outside).all():
            return ~outside[1:-1, 1:-1]
        outside = reached
