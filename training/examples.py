"""The pictures that ready-made workflows begin with, drawn like those that the models are trained on."""

import numpy as np
from PIL import Image, ImageDraw

from training.runs import ASSETS
from training.scenes import SIZE, Scene, draw

FOLDER = ASSETS.parents[1] / "pictures"
EXAMPLES: dict[str, tuple[str, str, str, str]] = {
    "star": ("star", "red", "blue", "shaded"),
    "flower": ("flower", "purple", "beige", "shaded"),
    "fish": ("fish", "orange", "white", "flat"),
    "house": ("house", "green", "pink", "outlined"),
}
"""File -> subject, colour, background and style."""
STROKES: tuple[tuple[tuple[float, float], ...], ...] = (
    ((10, 39), (11, 33), (15, 28), (21, 24), (29, 22), (36, 23), (43, 26), (48, 29)),
    ((48, 29), (44, 34), (38, 39), (31, 42), (23, 44), (16, 43), (10, 39)),
    ((47, 29), (52, 21), (56, 16), (56, 24), (58, 29), (60, 34), (53, 32), (47, 29)),
    ((24, 23), (28, 17), (34, 15), (38, 17), (37, 23)),
    ((18, 33), (19, 32)),
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
        pixels = (draw(scene).clip(0, 1) * 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(FOLDER / f"{name}.png", optimize=True)
    drawn_by_hand().save(FOLDER / "scribble.png", optimize=True)


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
