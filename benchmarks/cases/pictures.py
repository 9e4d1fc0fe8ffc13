"""A picture, and the same picture again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.cases import SEED, Case, System
from training import captions
from training.claims import parse
from training.scenes import draw, random_scene


def scenes(inside: Path, scale: int = 1) -> Iterator[Case]:
    """A drawn picture of 64 scale x 64 scale pixels that goes through an autoencoder or an upscaler."""
    rng = np.random.default_rng(SEED)
    for number in range(10_000):
        scene, path = random_scene(rng), inside / f"{number}.png"
        Image.fromarray((draw(scene, scale).clip(0, 1) * 255).round().astype(np.uint8)).save(path)
        caption = captions.write(scene, rng)
        yield Case({"picture.path": str(path)}, parse(caption.text), path)


def large_scenes(inside: Path) -> Iterator[Case]:
    """The same at 256 x 256."""
    return scenes(inside, 4)


SYSTEMS = {
    "super-resolution": System("save_diffusion", large_scenes),
    "vae": System("save_reconstruction", scenes),
    "vqvae": System("save_reconstruction", scenes),
}
