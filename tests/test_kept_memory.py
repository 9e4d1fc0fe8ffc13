"""Tests of memory that a process keeps for its next activation, and hands back when asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import resource
import sys

from nodeflow import system

if sys.argv[1] == "keep":
    system.keep_freed_memory()


def faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def activation() -> None:
    bytearray(64 * 2**20)


activation()
before = faults()
for _ in range(8):
    activation()
used = faults() - before
system.give_back_memory()
before = faults()
activation()
print(used, faults() - before)
"""
PAGES = 64 * 2**20 // 4096


def _faults(mode: str) -> tuple[int, int]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, mode], capture_output=True, text=True, check=True)
    used, after = done.stdout.split()
    return int(used), int(after)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator")
def test_freed_memory_is_used_again_until_it_is_given_back() -> None:
    used, after = _faults("keep")
    assert used < PAGES // 8
    assert after > PAGES // 8
    assert _faults("leave")[0] > PAGES // 8
