"""How far fast runs (bfloat16 on the processor) are from exact ones, for every ready-made workflow.

``python -m benchmarks.fast_runs [--write] [NAME...]`` runs each workflow both ways, in one thread, and compares what it
writes: the least signal to noise of its images, the largest difference of an 8-bit value, and the CPU seconds that its
nodes took. ``--write`` renews the table in docs/performance.md. Linux or macOS; a processor with bfloat16.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from benchmarks.performance_page import renew
from nodeflow.engine.memory.device import host_has_bfloat16
from nodeflow.engine.protocol.events import NodeFailed, NodeFinished
from nodeflow.engine.protocol.run_request import PrecisionRule, RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.io.files import load
from nodeflow.resources import STARTER, folder

PICTURES = (".png", ".jpg", ".webp")
SAME = 99.0
"""Decibels that stand for images without any difference."""


class Ran(NamedTuple):
    """What a run wrote, by name of file, and the CPU seconds that it took."""

    images: dict[str, np.ndarray]
    seconds: float


class Apart(NamedTuple):
    """How far two runs are apart: the least decibels, the largest difference of 255, of so many images."""

    images: int
    decibels: float
    most: int


def run(runner: WorkflowRunner, path: Path, precision: PrecisionRule) -> Ran:
    """Run a workflow. Raises RuntimeError where a node fails."""
    images: dict[str, np.ndarray] = {}
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as output:
        request = RunRequest.of(load(path), path.parent, Path(output), device="cpu", precision=precision)
        for event in runner.run(request):
            match event:
                case NodeFailed():
                    raise RuntimeError(f"{path.stem}, {precision}: {event.node} fails: {event.error}")
                case NodeFinished(files=files):
                    for file in (Path(name) for name in files if name.endswith(PICTURES)):
                        at = f"{event.node} {event.item} {len(images)}"
                        images[at] = np.asarray(Image.open(file).convert("RGB"), dtype=np.int16)
    return Ran(images, time.process_time() - begun)


def apart(exact: Ran, fast: Ran) -> Apart:
    """Compare the images of two runs."""
    found = [np.abs(image - fast.images[name]) for name, image in exact.images.items()]
    squares = max((float(np.square(one.astype(np.float64)).mean()) for one in found), default=0.0)
    decibels = 10 * math.log10(255**2 / squares) if squares else SAME
    return Apart(len(found), decibels, max((int(one.max()) for one in found), default=0))


def models(path: Path) -> str:
    """Return which starter models a workflow reads."""
    texts = (str(value) for node in load(path).nodes.values() for value in node.params.values())
    return ", ".join(sorted({text.removeprefix(STARTER) for text in texts if text.startswith(STARTER)}))


def rows(names: list[str]) -> Iterator[str]:
    """The lines of the table, of the workflows of these names or of all."""
    yield "| workflow | starter models | images | least dB | largest difference of 255 | CPU s exact | fast |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    run(WorkflowRunner(), folder("workflows") / "latent-diffusion.json", "exact")  # loads libraries
    for path in sorted(folder("workflows").glob("*.json")):
        if names and path.stem not in names:
            continue
        try:
            exact, fast = run(WorkflowRunner(), path, "exact"), run(WorkflowRunner(), path, "fast")
        except RuntimeError as error:
            yield f"| {path.stem} | {models(path)} | {error} ||||"
            continue
        if not exact.images:
            continue
        told = apart(exact, fast)
        decibels = "equal" if told.decibels == SAME else f"{told.decibels:.1f}"
        yield (
            f"| {path.stem} | {models(path)} | {told.images} | {decibels} | {told.most} "
            f"| {exact.seconds:.1f} | {fast.seconds:.1f} |"
        )


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if not host_has_bfloat16():
        raise SystemExit("this processor does not compute in bfloat16: fast runs are exact here")
    torch.set_num_threads(1)
    found = []
    for row in rows(given.names):
        print(row, flush=True)
        found.append(row)
    if given.write:
        renew("fast", found)


if __name__ == "__main__":
    main()
