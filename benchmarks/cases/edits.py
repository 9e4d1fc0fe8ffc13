"""An image, its caption, and the caption with one thing changed: that, and nothing else, must change."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.cases import Case, System, numbers
from training.data.grammar import BACKGROUNDS, COLOURS, SUBJECTS
from training.data.scenes import Scene, draw, random_scene
from training.evaluation.claims import parse

CHANGES = {"colour": tuple(COLOURS), "background": tuple(BACKGROUNDS), "subject": tuple(SUBJECTS)}


def edits(inside: Path, seed: int) -> Iterator[Case]:
    """Colour, background and subject in turn."""
    rng = np.random.default_rng(seed)
    for number in numbers(seed):
        scene, path = replace(random_scene(rng, centre_share=1.0), style="shaded"), inside / f"edit-{number}.png"
        Image.fromarray((draw(scene).clip(0, 1) * 255).round().astype(np.uint8)).save(path)
        name = list(CHANGES)[number % len(CHANGES)]
        others = [value for value in CHANGES[name] if value != getattr(scene, name)]
        changed = replace(scene, **dict[str, Any]({name: str(rng.choice(others))}))
        settings = {"picture.path": str(path), "source.text": caption(scene), "target.text": caption(changed)}
        yield Case(settings, parse(caption(changed)))


def repaintings(inside: Path, seed: int) -> Iterator[Case]:
    """Another colour and another background, from an image of which most may change."""
    rng = np.random.default_rng(seed)
    for number in numbers(seed):
        scene, path = random_scene(rng, centre_share=1.0), inside / f"repaint-{number}.png"
        Image.fromarray((draw(scene).clip(0, 1) * 255).round().astype(np.uint8)).save(path)
        text = caption(
            replace(scene, colour=str(rng.choice(list(COLOURS))), background=str(rng.choice(list(BACKGROUNDS))))
        )
        yield Case({"picture.path": str(path), "prompt.text": text, "noise.seed": number}, parse(text))


def caption(scene: Scene) -> str:
    """Subject, colour and background, always in the same words."""
    return f"a {scene.colour} {scene.subject} on a {scene.background} background"


STRENGTH = {"strengths.start": 0.8, "strengths.stop": 0.8, "strengths.count": 1}
SYSTEMS = {
    "diffusion-clip": System("save", edits),
    "image-to-image": System("decode.image", repaintings, settings=STRENGTH),
}
