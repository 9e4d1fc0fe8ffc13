"""A caption of a subject in the middle, and an image of it made of tokens."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import COUNT, Case, System, numbers
from training.data.centred import centred_captions
from training.evaluation.claims import parse


def best_of_eight(_: Path, seed: int) -> Iterator[Case]:
    """Eight images of a caption, of which the one that CLIP puts first counts."""
    for number, text in zip(numbers(seed), centred_captions(seed, COUNT), strict=True):
        yield Case({"prompt.text": text, "write.seed": 8 * number, "rerank.best": 1}, parse(text))


def one_each(_: Path, seed: int) -> Iterator[Case]:
    """One image of a caption."""
    for number, text in zip(numbers(seed), centred_captions(seed, COUNT), strict=True):
        yield Case({"prompt.text": text, "fill.seed": number, "fill.pictures": 1}, parse(text))


SYSTEMS = {
    "dalle": System("save", best_of_eight),
    "dalle, without rerank": System("save_all", best_of_eight, "dalle"),
    "masked-tokens": System("save", one_each),
}
