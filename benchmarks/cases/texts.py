"""A caption, and an image of it."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import COUNT, Case, System, numbers
from training.cards import clip_card
from training.evaluation import evaluate
from training.evaluation.claims import parse

FAR = 32
"""Between the first seeds of two cases: more than a workflow paints candidates."""


def texts(_: Path, seed: int) -> Iterator[Case]:
    """One caption, one image."""
    for number, text in zip(numbers(seed), evaluate.fresh_captions(seed, COUNT), strict=True):
        yield Case({"prompt.text": text, "noise.seed": number, "noise.batch": 1}, parse(text))


def vague_texts(_: Path, seed: int) -> Iterator[Case]:
    """Images of a caption without background, of which the best for the full caption counts."""
    for number, (vague, full) in zip(numbers(seed), clip_card.vague_and_full(1000, seed), strict=False):
        asked = {"prompt.text": vague, "rerank.text": full, "rerank.best": 1, "noise.seed": FAR * number}
        yield Case(asked, parse(full))


def guided(scale: float) -> System:
    """Latent diffusion at another guidance scale than the workflow's."""
    return System("save", texts, "latent-diffusion", {"guidance.scale": scale})


SYSTEMS = {
    "latent-diffusion": System("save", texts),
    "stable-diffusion-2": System("save", texts),
    **{f"latent-diffusion, guidance {scale:g}": guided(scale) for scale in (1.0, 1.5, 4.0, 8.0)},
    "clip-rank": System("save", vague_texts),
    "clip-rank, without rerank": System("decode.image", vague_texts, "clip-rank", {"noise.batch": 1}),
}
