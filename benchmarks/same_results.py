"""The ready-made workflows of an earlier commit in its tree and in this one: are their images the same, bit by bit?

    python -m benchmarks.same_results REV [NAME...] [--keep DIR]

Both trees run the earlier commit's file on their own models, by ``nodeflow run``, without a cache. Told is each image
that one side lacks, or whose pixels differ: how many, and by how much at most. The exit status is 1 where any is told.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.suite import ROOT, earlier


def images(tree: Path, workflow: Path, output: Path) -> dict[str, np.ndarray]:
    """The images that a workflow writes in a tree, by file name. Raises RuntimeError where the run fails."""
    environment = os.environ | {
        "PYTHONPATH": str(tree),
        "NODEFLOW_CACHE": str(output / "cache"),
        "NODEFLOW_DATA": str(output / "data"),
        "HF_HUB_OFFLINE": "1",
    }
    told = ["--output", str(output / "images"), "--device", "cpu", "--no-cache"]
    command = [sys.executable, "-P", "-m", "nodeflow", "run", str(workflow), *told]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no word"])[-1])
    return {file.name: pixels(file) for file in sorted((output / "images").iterdir())}


def pixels(file: Path) -> np.ndarray:
    """The numbers of an image, frame by frame where it moves: (frames, height, width, channels)."""
    with Image.open(file) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(np.atleast_3d(np.asarray(image)))
        return np.stack(frames)


def difference(before: np.ndarray | None, after: np.ndarray | None) -> str:
    """What differs between two images, in words; nothing where they are the same."""
    if before is None or after is None:
        return "only here" if before is None else "only there"
    if before.shape != after.shape or before.dtype != after.dtype:
        return f"{before.dtype} {before.shape} is {after.dtype} {after.shape}"
    apart = np.abs(before.astype(np.int64) - after.astype(np.int64))
    return f"{np.count_nonzero(apart)} of {apart.size} numbers differ, by {apart.max()} at most" if apart.any() else ""


def compare(tree: Path, workflow: Path, place: Path) -> tuple[int, list[str]]:
    """How many images a workflow makes in this tree, and what is not the same in the other."""
    try:
        before, after = (
            images(side, workflow, place / name / workflow.stem) for name, side in (("there", tree), ("here", ROOT))
        )
    except RuntimeError as error:
        return 0, [str(error)]
    names = sorted(before.keys() | after.keys())
    found = {name: difference(before.get(name), after.get(name)) for name in names}
    return len(after), [f"{name}: {told}" for name, told in found.items() if told]


def main() -> int:
    """Compare, a line a workflow as soon as it has run on both sides."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_results", description=__doc__)
    parser.add_argument("revision", metavar="REV")
    parser.add_argument("name", nargs="*", help="these workflows alone")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the images there")
    given = parser.parse_args()
    status = 0
    with earlier(given.revision) as tree, tempfile.TemporaryDirectory() as place:
        for workflow in sorted((tree / "workflows").glob("*.json")):
            if given.name and workflow.stem not in given.name:
                continue
            count, told = compare(tree, workflow, given.keep or Path(place))
            status |= bool(told) or not count
            print(f"{workflow.stem}: {count} images", *told or ["the same bit by bit"], sep="\n  ", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
