"""The fuzzer of `benchmarks.fuzz`: a little of it always, all of it at night."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def fuzz(kind: str, *more: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.fuzz", kind, *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert ", 0 wrong" in done.stdout


@pytest.mark.parametrize(("kind", "count"), [("workflows", 300), ("expressions", 3000)])
def test_a_little_of_what_is_absurd_is_refused(kind: str, count: int) -> None:
    fuzz(kind, "--count", str(count), "--seed", "1")


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["workflows", "expressions", "images", "weights"])
def test_what_is_absurd_is_refused_in_words_of_our_own(kind: str) -> None:
    fuzz(kind)
