"""The fuzzer of `benchmarks.fuzz`: a little of it always, all of it at night."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def fuzz(*more: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.fuzz", *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert ", 0 wrong" in done.stdout


def test_a_little_of_what_is_absurd_is_refused() -> None:
    """In one process: its start takes longer than what it is for."""
    fuzz("workflows", "expressions", "--count", "200", "--seed", "1")


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["workflows", "expressions", "images", "weights", "layouts"])
def test_what_is_absurd_is_refused_in_words_of_our_own(kind: str) -> None:
    fuzz(kind)
