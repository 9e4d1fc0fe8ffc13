"""Stickers without their rim and shadow, so that a judge who knows neither can say what is on them."""

import numpy as np

from training.data.scenes import Picture
from training.evaluation.checker import find_background

LIKE = 0.12
"""How near to a mixture of white and backdrop a pixel must be to belong to the rim."""
_WHITE, _LIGHT = np.linspace(0, 1, 13, dtype=np.float32), np.linspace(0.45, 1.05, 11, dtype=np.float32)


def peeled(picture: Picture) -> Picture:
    """The picture [64, 64, 3] in 0..1 with the colour of its backdrop wherever it is white, backdrop, backdrop in
    shade, or between these."""
    backdrop, _ = find_background(picture)
    white, light = _WHITE[:, None, None], _LIGHT[None, :, None]
    around = (white + (1 - white) * light * backdrop).reshape(-1, 3)
    distances = np.linalg.norm(picture[:, :, None] - around, axis=-1).min(-1)
    return np.where(distances[..., None] < LIKE, backdrop, picture).astype(np.float32)
