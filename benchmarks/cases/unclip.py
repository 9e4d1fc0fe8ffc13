"""A caption of a subject in the middle, and an image of it by prior and decoder, each with a seed of its own."""

from collections.abc import Iterator
from pathlib import Path

from torch.nn.functional import cosine_similarity

from benchmarks.cases import SEED, Case, System, numbers
from benchmarks.cases.centred import centred_texts
from training.cards import unclip_prior_card
from training.evaluation import grain
from training.models import unclip_prior


def texts(inside: Path, seed: int) -> Iterator[Case]:
    """One caption without a place, one image of the nearer of two vectors."""
    for number, case in zip(numbers(seed), centred_texts(inside, seed), strict=True):
        yield case._replace(settings=case.settings | {"prior_noise.seed": 2 * number})


def cosines(count: int) -> str:
    """Return how near the prior's vectors and those of the texts come to the vectors of true images."""
    drawer, (scenes, asked) = unclip_prior_card.Drawer(), unclip_prior_card.asked_for(SEED, count)
    true = unclip_prior.picture_vectors(drawer.clip, scenes)
    found = {"prior": drawer.nearest(asked, SEED), "text": drawer.texts(asked)[0]}
    return "cosine " + ", ".join(f"{name} {cosine_similarity(v, true).mean():.3f}" for name, v in found.items())


SYSTEMS = {"dalle2": System("save", texts, also=cosines, looks=grain.LOOKS)}
