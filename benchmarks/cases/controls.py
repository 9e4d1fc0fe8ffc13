"""An image whose lines are to be kept, and a caption that says nothing of where they are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.cases import Case, System, numbers
from training.data import captions
from training.data.scenes import draw
from training.evaluation.claims import parse
from training.models.controlnet import varied_scene


def controls(inside: Path, seed: int) -> Iterator[Case]:
    """A scene that is turned, shifted and scaled, and its caption: its edges lead what is painted."""
    rng = np.random.default_rng(seed)
    for number in numbers(seed):
        scene, path = varied_scene(rng), inside / f"lines-{number}.png"
        Image.fromarray((draw(scene).clip(0, 1) * 255).round().astype(np.uint8)).save(path)
        text = captions.write(scene, rng).text
        yield Case({"picture.path": str(path), "prompt.text": text, "noise.seed": number}, parse(text), edges=path)


SYSTEMS = {"controlnet": System("save_edges", controls)}
