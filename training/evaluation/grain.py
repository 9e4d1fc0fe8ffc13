"""How plain a plain background is, read from pixels alone: a drawing's is an even slope from top to bottom, but for
rounding; what a model paints has grain on it, and spots wider than grain."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from training.data.scenes import SIZE, Picture
from training.evaluation.checker import Mask, find_background, find_subject

MARGIN = 4
"""Pixels, of a picture of 64, about the subject that do not count."""


def uneven(picture: Picture) -> float:
    """Levels of 255 by which the background leaves an even slope (root mean square), of a picture [H, W, 3] in 0..1
    whose sides are SIZE or a multiple."""
    return _size(_off_slope(_levels(picture), background(picture)))


def grain(picture: Picture) -> float:
    """Levels of 255 by which a pixel of the background differs from the 3 x 3 about it (root mean square)."""
    return _size(_off_neighbours(_levels(picture))[background(picture)])


def background(picture: Picture) -> Mask:
    """[H, W]: which pixels are background, a margin away from the subject."""
    small = Image.fromarray(_levels(picture).astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    factor = len(picture) // SIZE
    return plain(np.asarray(small, np.float32) / np.float32(255)).repeat(factor, 0).repeat(factor, 1)


def plain(picture: Picture) -> Mask:
    """Return where a picture [64, 64, 3] in 0..1 shows background, a margin away from the subject."""
    subject, _ = find_subject(picture, find_background(picture)[0])
    wide = Image.fromarray(subject).convert("L").filter(ImageFilter.MaxFilter(2 * MARGIN + 1))
    return np.asarray(wide) == 0


LOOKS = {"background uneven": uneven, "grain": grain}


def _levels(picture: Picture) -> NDArray[np.float64]:
    return (picture.astype(np.float64) * 255).round().clip(0, 255)


def _off_slope(pixels: NDArray[np.float64], where: Mask) -> NDArray[np.float64]:
    """[pixels, 3]: what the plane that fits each colour best leaves over."""
    rows, columns = np.nonzero(where)
    plane = np.stack([np.ones(len(rows)), rows, columns], 1)
    seen = pixels[where]
    return seen - plane @ np.linalg.lstsq(plane, seen, rcond=None)[0]


def _off_neighbours(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """[H, W, 3]: each pixel less the mean of the nine about it, as large as if it were not one of them."""
    wide = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    return (pixels - sliding_window_view(wide, (3, 3), (0, 1)).mean((-1, -2))) * np.sqrt(9 / 8)


def _size(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.square(values).mean()))
