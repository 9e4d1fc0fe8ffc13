"""The pictures that ready-made workflows begin with, drawn like those that the models are trained on."""

import numpy as np
from PIL import Image, ImageDraw

from training.data.scenes import SIZE, Scene, draw
from training.loops.run_folders import ASSETS

FOLDER = ASSETS.parents[1] / "pictures"
EXAMPLES: dict[str, tuple[str, str, str, str]] = {
    "star": ("star", "red", "blue", "shaded"),
    "flower": ("flower", "purple", "beige", "shaded"),
    "fish": ("fish", "orange", "white", "flat"),
    "house": ("house", "green", "pink", "outlined"),
    "cat-256": ("cat", "cyan", "pink", "shaded"),
}
"""File -> subject, colour, background and style; a number in the name is the side, which is otherwise 64."""
TURNED = Scene("fish", "orange", "white", "flat", "center", 34.0, 31.0, radius=19.0, tilt=22.0, gradient=0.03)
"""As no caption says it: for the ControlNet that knows edges."""
STROKES: tuple[tuple[tuple[float, float], ...], ...] = (
    ((41.5, 29.4), (39.6, 26.0), (34.1, 23.3), (26.5, 22.5), (20.4, 24.7), (14.8, 28.1), (11.1, 33.4), (11.0, 39.1)),
    ((10.5, 38.7), (13.7, 43.9), (19.7, 45.8), (26.6, 46.2), (33.4, 44.2), (38.4, 41.0), (41.8, 35.1), (42.5, 31.7)),
    (
        (40.9, 30.8),
        (44.2, 22.7),
        (48.2, 17.7),
        (48.2, 24.2),
        (49.4, 29.1),
        (50.9, 34.2),
        (54.6, 39.4),
        (47.6, 35.5),
        (40.7, 30.6),
    ),
    ((17.1, 26.0), (21.5, 19.8), (27.2, 16.8), (33.7, 17.6), (36.8, 23.1)),
    ((19.4, 33.7), (20.2, 34.1)),
)
"""A fish that swims down to the left, as a hand draws it: for the ControlNet that knows scribbles."""
STROKE_WIDTH = 2.6


def draw_examples() -> None:
    """Writes them to `assets/pictures`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (subject, colour, background, style) in EXAMPLES.items():
        middle = SIZE / 2
        scene = Scene(
            subject, colour, background, style, "center", middle, middle, radius=21.0, tilt=0.0, gradient=0.03
        )
        _save(scene, name)
    _save(TURNED, "fish-turned")
    drawn_by_hand().save(FOLDER / "scribble.png", optimize=True)


def _save(scene: Scene, name: str) -> None:
    ending = name.rpartition("-")[2]
    scale = int(ending) // SIZE if ending.isdecimal() else 1
    pixels = (draw(scene, scale).clip(0, 1) * 255).round().astype(np.uint8)
    Image.fromarray(pixels).save(FOLDER / f"{name}.png", optimize=True)


def drawn_by_hand(scale: int = 8) -> Image.Image:
    """White strokes on black, smoothed by drawing ``scale`` times as large."""
    large = Image.new("L", (SIZE * scale, SIZE * scale))
    brush, width = ImageDraw.Draw(large), round(STROKE_WIDTH * scale)
    for stroke in STROKES:
        places = [(x * scale, y * scale) for x, y in stroke]
        brush.line(places, fill=255, width=width, joint="curve")
        for place in places:
            brush.circle(place, width / 2, fill=255)
    return large.resize((SIZE, SIZE), Image.Resampling.LANCZOS).convert("RGB")
