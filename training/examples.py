"""The pictures that ready-made workflows begin with, drawn like those that the models are trained on."""

import numpy as np
from PIL import Image

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
