"""A caption, and an image of it in the style of a LoRA; the judge sees it without its rim."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.cases import Case, System
from benchmarks.cases.texts import texts
from training.evaluation.peeling import peeled


def off_white(inside: Path, seed: int) -> Iterator[Case]:
    """Captions of anything that a white rim can be told from."""
    return (case for case in texts(inside, seed) if case.claims.background not in (None, "white"))


ONE = {"weights.start": 1.0, "weights.stop": 1.0, "weights.count": 1}
SYSTEMS = {"lora": System("decode.image", off_white, settings=ONE, seen=peeled)}
