"""A class, and an image of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.cases import Case, System, numbers
from training.data.grammar import SUBJECTS
from training.evaluation.claims import Claims


def classes(_: Path, seed: int) -> Iterator[Case]:
    """One class, one image; its subject alone is judged."""
    rng = np.random.default_rng(seed)
    for number in numbers(seed):
        label = str(rng.choice(SUBJECTS))
        claims = Claims(label, None, None, None)  # type: ignore[arg-type]
        yield Case({"label.label": label, "noise.seed": number, "noise.batch": 1}, claims)


NAMES = ("dit", "ddpm", "classifier-guidance", "cascaded-diffusion")
SCALES = (0.0, 1.0, 3.0)
SYSTEMS = {name: System("save", classes) for name in NAMES} | {
    f"classifier-guidance, scale {scale:g}": System("save", classes, "classifier-guidance", {"guidance.scale": scale})
    for scale in SCALES
}
