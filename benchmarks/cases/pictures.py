"""A picture, and the same picture again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.cases import SEED, Case, System
from training import captions
from training.claims import parse
from training.scenes import draw, random_scene


def scenes(inside: Path) -> Iterator[Case]:
    """A drawn picture that goes through an autoencoder."""
    rng = np.random.default_rng(SEED)
    for number in range(10_000):
        scene, path = random_scene(rng), inside / f"{number}.png"
        Image.fromarray((draw(scene).clip(0, 1) * 255).round().astype(np.uint8)).save(path)
        caption = captions.write(scene, rng)
        yield Case({"picture.path": str(path)}, parse(caption.text), path)


SYSTEMS = {"vae": System("save_reconstruction", scenes), "vqvae": System("save_reconstruction", scenes)}
