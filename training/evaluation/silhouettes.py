"""The checker's mean silhouettes, learnt from pixels alone and kept as one image with a column a subject."""

from pathlib import Path

import numpy as np
from PIL import Image

from training.data.grammar import SUBJECTS
from training.evaluation.checker import FRAME, Floats, find_background, find_subject, normalised

PATH = Path(__file__).parent / "silhouettes.png"
KINDS = 3
"""Mean silhouettes of each subject, found by k-means: a subject varies with its contour and its tilt."""


def load() -> Floats:
    """[KINDS * subjects, 32, 32] in 0..1; entry i shows SUBJECTS[i % subjects]."""
    sheet = np.asarray(Image.open(PATH), np.float32) / 255
    kinds = sheet.reshape(KINDS, FRAME, len(SUBJECTS), FRAME)
    return kinds.transpose(0, 2, 1, 3).reshape(-1, FRAME, FRAME)


def fit(examples: dict[str, Floats]) -> None:
    """Learns from pictures [count, 64, 64, 3] of each subject and writes the image."""
    kinds = np.stack([_kinds(np.stack([_frame(p) for p in examples[subject]])) for subject in SUBJECTS], 1)
    sheet = kinds.transpose(0, 2, 1, 3).reshape(KINDS * FRAME, len(SUBJECTS) * FRAME)
    Image.fromarray((sheet * 255).round().astype(np.uint8)).save(PATH)


def _frame(picture: Floats) -> Floats:
    return normalised(find_subject(picture, find_background(picture)[0])[0])


def _kinds(frames: Floats, rounds: int = 12) -> Floats:
    """[KINDS, 32, 32]"""
    centres = frames[:: len(frames) // KINDS][:KINDS]
    for _ in range(rounds):
        nearest = ((frames[:, None] - centres) ** 2).sum((2, 3)).argmin(1)
        centres = np.stack([frames[nearest == k].mean(0) if (nearest == k).any() else centres[k] for k in range(KINDS)])
    return centres
