"""An image, and the same image again."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.cases import Case, System, numbers
from training.data import captions
from training.data.scenes import Scene, draw, random_scene
from training.evaluation.claims import parse


def drawn(scene: Scene, path: Path, scale: int = 1) -> Path:
    """The scene as a file of 64 scale x 64 scale pixels."""
    Image.fromarray((draw(scene, scale).clip(0, 1) * 255).round().astype(np.uint8)).save(path)
    return path


def scenes(inside: Path, seed: int, scale: int = 1) -> Iterator[Case]:
    """A drawn image of 64 scale x 64 scale pixels that goes through an autoencoder or an upscaler."""
    rng = np.random.default_rng(seed)
    for number in numbers(seed):
        scene = random_scene(rng)
        path, caption = drawn(scene, inside / f"{number}.png", scale), captions.write(scene, rng)
        yield Case({"picture.path": str(path)}, parse(caption.text), path)


def large_scenes(inside: Path, seed: int) -> Iterator[Case]:
    """The same at 256 x 256."""
    return scenes(inside, seed, 4)


def inverted(inside: Path, seed: int) -> Iterator[Case]:
    """A drawn image that goes to its noise and back; its caption leads both ways."""
    rng = np.random.default_rng(seed)
    for number in numbers(seed):
        scene = random_scene(rng, centre_share=1.0)
        path, caption = drawn(scene, inside / f"inverted-{number}.png"), captions.write(scene, rng)
        yield Case({"picture.path": str(path), "prompt.text": caption.text}, parse(caption.text), path)


SYSTEMS = {
    "ddim": System("save_again", inverted),
    "super-resolution": System("save_diffusion", large_scenes),
    "super-resolution, bicubic": System("save_bicubic", large_scenes, "super-resolution"),
    "super-resolution, in one go": System("save_spandrel", large_scenes, "super-resolution"),
    "vae": System("save_reconstruction", scenes),
    "vqvae": System("save_reconstruction", scenes),
}
