"""A caption of a subject in the middle, and a picture of it by prior and decoder, each with a seed of its own."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import Case, System
from benchmarks.cases.centred import centred_texts


def texts(inside: Path) -> Iterator[Case]:
    """One caption without a place, one picture of the nearer of two vectors."""
    for number, case in enumerate(centred_texts(inside)):
        yield case._replace(settings=case.settings | {"prior_noise.seed": 2 * number})


SYSTEMS = {"dalle2": System("save", texts)}
