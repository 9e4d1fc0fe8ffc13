"""The suite of measures, each in a process of its own: this tree, an earlier commit, and the peers, in turns.

    python -m benchmarks all [--against REV] [--comfyui FOLDER] [--rounds 5] [--only NAME] [--write]

An earlier commit is checked out into a temporary folder; the code that measures is this tree's in both. Prints medians
and ratios, and with ``--write`` renews the table in docs/performance.md. diffusers is the one of this environment,
ComfyUI is measured where its folder is given. Compare times that were taken in one run: what else the machine does
falls on all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.measures import ABOUT, MEASURES, PEERS
from benchmarks.performance_page import renew, where

ROOT = Path(__file__).parents[1]
MEASURE = Path(__file__).with_name("measures.py")
Found = dict[str, list[float]]
"""What each figure of a measure was, round by round."""


class Side(NamedTuple):
    """Whose figures: a title, the tree that is measured, and what is measured of it."""

    title: str
    tree: Path
    measures: tuple[str, ...]


@contextmanager
def earlier(revision: str) -> Iterator[Path]:
    """A commit's tree in a temporary folder. Raises SystemExit for one that is not there."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        made = subprocess.run(
            ["git", "worktree", "add", "--detach", str(tree), revision], cwd=ROOT, capture_output=True, text=True
        )
        if made.returncode:
            raise SystemExit(f"{revision} cannot be checked out: {made.stderr.strip().splitlines()[-1]}")
        try:
            yield tree
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, capture_output=True)


def once(name: str, tree: Path, comfyui: Path | None) -> dict[str, float]:
    """The figures of a measure, taken once; none where it cannot be taken of that tree."""
    with tempfile.TemporaryDirectory() as place:
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(tree), os.environ.get("PYTHONPATH", "")])),
            "NODEFLOW_CACHE": f"{place}/cache",
            "NODEFLOW_DATA": f"{place}/data",
            "QT_QPA_PLATFORM": "offscreen",
            "HF_HUB_OFFLINE": "1",
            "COMFYUI": str(comfyui or ""),
        }
        command = [sys.executable, "-P", str(MEASURE), name]
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode:
        print(f"{name} of {tree}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}", file=sys.stderr)
        return {}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def gathered(sides: list[Side], rounds: int, comfyui: Path | None) -> dict[str, Found]:
    """All figures by side: a round takes each measure of each side once, in turns."""
    found: dict[str, Found] = {side.title: {} for side in sides}
    names = list(dict.fromkeys(name for side in sides for name in side.measures))
    for number in range(rounds):
        for name in names:
            for side in sides if number % 2 == 0 else reversed(sides):
                if name in side.measures:
                    for figure, value in once(name, side.tree, comfyui).items():
                        found[side.title].setdefault(figure, []).append(value)
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return found


def table(found: dict[str, Found]) -> list[str]:
    """The medians, and the ratio of this tree to each other side that has the figure."""
    first, *others = found
    lines = [
        "| figure | "
        + " | ".join([first, *(part for other in others for part in (other, f"ratio to {other}"))])
        + " |",
        "|---|" + "---:|" * (1 + 2 * len(others)),
    ]
    for figure in dict.fromkeys(figure for side in found.values() for figure in side):
        ours = found[first].get(figure)
        cells = [_told(ours)]
        for other in others:
            theirs = found[other].get(figure)
            ratio = f"{statistics.median(ours) / statistics.median(theirs):.2f}" if ours and theirs else ""
            cells += [_told(theirs), ratio]
        lines.append(f"| {ABOUT.get(figure, figure)} | " + " | ".join(cells) + " |")
    return lines


def _told(values: list[float] | None) -> str:
    return f"{statistics.median(values):.3g}" if values else ""


def main(arguments: list[str]) -> None:
    """Measure, and print or write the table."""
    parser = argparse.ArgumentParser(prog="benchmarks all", description=__doc__)
    parser.add_argument("--against", metavar="REV", help="an earlier commit")
    parser.add_argument("--comfyui", type=Path, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=[*MEASURES, *PEERS], help="this measure alone; repeatable")
    parser.add_argument("--write", action="store_true", help="renew docs/performance.md")
    given = parser.parse_args(arguments)
    if given.against and shutil.which("git") is None:
        raise SystemExit("git is not installed, and an earlier commit is asked for")
    chosen = tuple(name for name in MEASURES if not given.only or name in given.only)
    peers = tuple(name for name in PEERS if not given.only or name in given.only)
    peers = tuple(name for name in peers if name != "comfyui" or given.comfyui)
    sides = [Side("this", ROOT, chosen)]
    with earlier(given.against) if given.against else _nothing() as tree:
        if tree is not None:
            sides.append(Side(given.against, tree, chosen))
        if peers:
            sides.append(Side("peers", ROOT, peers))
        lines = table(gathered(sides, given.rounds, given.comfyui))
    print(where(), *lines, sep="\n")
    if given.write:
        renew("release", [f"Medians of {given.rounds} rounds in turns.", "", *lines])


@contextmanager
def _nothing() -> Iterator[None]:
    yield None
