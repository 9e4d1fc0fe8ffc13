"""A caption of a subject in the middle, and an image of it."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import COUNT, Case, System, numbers
from training.data.centred import centred_captions
from training.evaluation import grain
from training.evaluation.claims import parse


def centred_texts(_: Path, seed: int) -> Iterator[Case]:
    """One caption without a place, one image."""
    for number, text in zip(numbers(seed), centred_captions(seed, COUNT), strict=True):
        yield Case({"prompt.text": text, "noise.seed": number, "noise.batch": 1}, parse(text))


WITH_VAE, ON_PIXELS = ("flow-transformer", "u-vit"), ("text-gan", "glide", "imagen")
SYSTEMS = {name: System("save", centred_texts) for name in WITH_VAE}
SYSTEMS |= {name: System("save", centred_texts, looks=grain.LOOKS) for name in ON_PIXELS}
