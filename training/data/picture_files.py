"""Pictures from files, and sheets of them to look at."""

from pathlib import Path

import numpy as np
from PIL import Image

from training.data.scenes import SIZE, Picture


def read(path: Path, side: int = SIZE) -> Picture:
    """A picture [side, side, 3] in 0..1 from a file, resized by cubic curves; the checker wants 64."""
    with Image.open(path) as file:
        resized = file.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32) / np.float32(255)


def save_grid(pictures: Picture, path: Path, columns: int = 12, scale: int = 2) -> None:
    """Writes pictures [count, height, width, 3] in 0..1 as one PNG with thin gaps."""
    count, height, width = pictures.shape[:3]
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 2), columns * (width + 2), 3), 0.3, np.float32)
    for index, picture in enumerate(pictures):
        top, left = index // columns * (height + 2), index % columns * (width + 2)
        sheet[top : top + height, left : left + width] = picture
    image = Image.fromarray((sheet.clip(0, 1) * 255).round().astype(np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST).save(path)
