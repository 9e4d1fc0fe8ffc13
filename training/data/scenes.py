"""Captioned scenes: one subject on a plain background, drawn at four times the size and averaged down.

A `Scene` is everything the picture shows; `draw` makes its pixels, and `training.data.captions` its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from training.data.grammar import BACKGROUNDS, COLOURS, PLACE_DIRECTIONS, PLACES, STYLES, SUBJECTS
from training.data.outlines import turned
from training.data.subjects import DRAWINGS, INK

SIZE = 64
SUPERSAMPLING = 4
CENTRED_RADIUS, SHIFTED_RADIUS = 21.0, 18.5
SHIFT = 10.0
CONTOUR_WIDTH = 2.2
CENTRE_SHARE = 0.5
STYLE_SHARES = (0.7, 0.15, 0.15)

Picture = NDArray[np.floating]
"""RGB [64, 64, 3] in 0..1, or larger where a scale is named."""


@dataclass(frozen=True)
class Scene:
    """Hold what a picture shows. Lengths are in pixels of a picture of 64, the tilt in degrees."""

    subject: str
    colour: str
    background: str
    style: str
    place: str
    x: float
    y: float
    radius: float
    tilt: float
    gradient: float


def random_scene(rng: np.random.Generator, centre_share: float = CENTRE_SHARE) -> Scene:
    """A scene with evenly drawn attributes, apart from the place and the style."""
    place = "center" if rng.random() < centre_share else str(rng.choice(PLACES[1:]))
    radius = CENTRED_RADIUS if place == "center" else SHIFTED_RADIUS
    (x, y), jitter = PLACE_DIRECTIONS[place], rng.uniform(-1.5, 1.5, 2)
    return Scene(
        subject=str(rng.choice(SUBJECTS)),
        colour=str(rng.choice(list(COLOURS))),
        background=str(rng.choice(list(BACKGROUNDS))),
        style=str(rng.choice(STYLES, p=STYLE_SHARES)),
        place=place,
        x=SIZE / 2 + SHIFT * x + jitter[0],
        y=SIZE / 2 + SHIFT * y + jitter[1],
        radius=radius * rng.uniform(0.96, 1.04),
        tilt=rng.uniform(-6, 6),
        gradient=rng.uniform(0.01, 0.05),
    )


def draw(scene: Scene, scale: int = 1) -> Picture:
    """The scene's pixels [64 scale, 64 scale, 3]."""
    coverage, tone = _masks(scene, scale)
    if scene.style == "shaded":
        tone = tone * _relief(coverage, scale)
    colour = np.array(COLOURS[scene.colour], np.float32)
    darker = colour * np.minimum(tone, 1)[..., None]
    subject = darker + (1 - darker) * np.clip(tone - 1, 0, 1)[..., None]
    return coverage[..., None] * subject + (1 - coverage[..., None]) * _backdrop(scene, scale)


def coverage(scene: Scene, scale: int = 1) -> Picture:
    """Return where the subject is, [64 scale, 64 scale] in 0..1."""
    return _masks(scene, scale)[0]


def draw_all(scenes: Sequence[Scene], scale: int = 1) -> Picture:
    """Pictures [count, 64 scale, 64 scale, 3]."""
    return np.stack([draw(scene, scale) for scene in scenes]).clip(0, 1).astype(np.float32)


def _masks(scene: Scene, scale: int) -> tuple[Picture, Picture]:
    """Coverage in 0..1 and tone in 0..2, each [64 scale, 64 scale]."""
    finer = SUPERSAMPLING * scale
    side = SIZE * finer
    coverage, tone = Image.new("L", (side, side), 0), Image.new("L", (side, side), 127)
    fill, paint = ImageDraw.Draw(coverage), ImageDraw.Draw(tone)
    middle = np.array([scene.x, scene.y])
    parts = [
        (part, ((turned(part.points, scene.tilt) * scene.radius + middle) * finer).ravel().tolist())
        for part in DRAWINGS[scene.subject]
    ]
    if scene.style == "outlined":
        width = round(2 * CONTOUR_WIDTH * finer)
        for corners in (corners for part, corners in parts if not part.decoration):
            for canvas, value in ((fill, 255), (paint, round(INK * 127))):
                canvas.line(corners + corners[:4], value, width, joint="curve")
    for part, corners in parts:
        fill.polygon(corners, 255)
        paint.polygon(corners, min(255, round(part.tone * 127)))
    return _reduced(coverage) / 255, _reduced(tone) / 127


def _reduced(image: Image.Image) -> Picture:
    return np.asarray(image.reduce(SUPERSAMPLING), np.float32)


def _relief(coverage: Picture, scale: int) -> Picture:
    """Light from the upper left on a cushion-shaped subject: a factor about 1, [64 scale, 64 scale]."""
    flat = Image.fromarray((coverage * 255).astype(np.uint8)).reduce(scale)
    height = np.asarray(flat.filter(ImageFilter.GaussianBlur(4.5)), np.float32) / 255
    slope_y, slope_x = np.gradient(height)
    relief = Image.fromarray(np.clip(1.02 + 2.6 * (slope_x + slope_y), 0.62, 1.38))
    return np.asarray(relief.resize(coverage.shape, Image.Resampling.BICUBIC))


def _backdrop(scene: Scene, scale: int) -> Picture:
    """The background's colour, a little brighter at the top."""
    rows = np.linspace(1 + scene.gradient, 1 - scene.gradient, SIZE * scale, dtype=np.float32)
    return np.clip(rows[:, None, None] * np.array(BACKGROUNDS[scene.background], np.float32), 0, 1)
