"""An image, and what is to be painted into its middle: that and the old background must be seen."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.cases import Case, System, numbers
from training.data.grammar import COLOURS, SUBJECTS
from training.data.scenes import draw, random_scene
from training.evaluation.claims import Claims


def inpaintings(inside: Path, seed: int) -> Iterator[Case]:
    """Another subject in another colour; the background is what the image had."""
    rng = np.random.default_rng(seed)
    for number in numbers(seed):
        scene, path = random_scene(rng, centre_share=1.0), inside / f"inpaint-{number}.png"
        Image.fromarray((draw(scene).clip(0, 1) * 255).round().astype(np.uint8)).save(path)
        subject = str(rng.choice([name for name in SUBJECTS if name != scene.subject]))
        colour = str(rng.choice([name for name in COLOURS if name not in (scene.colour, scene.background)]))
        settings = {"picture.path": str(path), "prompt.text": f"a {colour} {subject}", "noise.seed": number}
        yield Case({**settings, "noise.batch": 1}, Claims(subject, colour, scene.background, None))


SYSTEMS = {"inpainting": System("save", inpaintings)}
