"""Accuracy of each ready-made system: every workflow on held-out captions, judged by the checker from pixels alone.

    python -m benchmarks.systems [--count 200] [--seed N] [--set NODE.PARAM=VALUE] [SYSTEM...]

Each case is a run of the workflow itself, as a user runs it, with another text and another seed. Settings are chosen
by ``--set`` on the cases of another ``--seed``.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import safe_open

from benchmarks.cases import SEED, Case, systems
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import AddNode, Connect, SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.graph.validate.param_assignments import parse
from nodeflow.resources import folder, locate
from training.cards.controlnet_card import lines, overlap
from training.data.picture_files import read
from training.data.scenes import Picture
from training.evaluation import silhouettes
from training.evaluation.checker import analyse, compare


def picture(path: Path) -> Picture:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"), np.float32) / np.float32(255)


def where(name: str) -> Path:
    """The file of a system's workflow."""
    return folder("workflows") / f"{systems()[name].workflow or name}.json"


def saved(workflow: Workflow, picture: str) -> str:
    """The node that saves the image; one is added behind an output."""
    source, _, output = picture.partition(".")
    if not output:
        return source
    AddNode("measured", Node("nodes.save_image", params={"name": "measured"})).apply(workflow)
    Connect(Link(source, output, "measured", "image")).apply(workflow)
    return "measured"


def asked(session: WorkflowRunner, name: str, case: Case, settings: list[str]) -> Workflow:
    """The workflow of a system with a case's parameters, and others as they are typed.

    Raises WorkflowError where one of these cannot be set.
    """
    workflow = load(where(name))
    for text in settings:
        SetParam(*parse(text, workflow, session.packs.catalogue)).apply(workflow)
    for address, value in (systems()[name].settings | case.settings).items():
        at, _, param = address.partition(".")
        SetParam(at, param, value).apply(workflow)
    return workflow


def run(session: WorkflowRunner, name: str, workflow: Workflow, output: Path) -> tuple[Path, float]:
    """The first image that a system made, and the seconds it took."""
    system, path, files = systems()[name], where(name), list[Path]()
    node = saved(workflow, system.picture)
    begin = time.perf_counter()
    for event in session.run(RunRequest.of(workflow, path.parent, output, (node,), device="cpu")):
        if isinstance(event, tell.NodeFailed):
            raise SystemExit(str(event))
        if isinstance(event, tell.NodeFinished) and event.node == node:
            files = [Path(file) for file in event.files]
    return files[0], time.perf_counter() - begin


def size(workflow: Workflow) -> tuple[float, float]:
    """Millions of parameters and megabytes of the weights that a workflow's models hold."""
    named = {str(node.params["model"]) for node in workflow.nodes.values() if "model" in node.params}
    places = [place for model in sorted(named) if (place := locate(model, Path()))]
    files = [file for place in places for file in place.rglob("*.safetensors")]
    parameters = 0
    for file in files:
        with safe_open(file, framework="np") as weights:
            parameters += sum(math.prod(weights.get_slice(key).get_shape()) for key in weights.keys())  # noqa: SIM118 (it is no dict)
    return parameters / 1e6, sum(file.stat().st_size for file in files) / 1e6


def measure(session: WorkflowRunner, name: str, count: int, seed: int, settings: list[str]) -> str:
    """One line of the table."""
    system, known = systems()[name], silhouettes.load()
    right, seconds, decibels, overlaps = list[bool](), list[float](), list[float](), list[float]()
    looks = {look: list[float]() for look in system.looks}
    with tempfile.TemporaryDirectory() as place:
        cases = system.cases(Path(place), seed)
        for _ in range(count):
            case = next(cases)
            file, took = run(session, name, asked(session, name, case, settings), Path(place))
            made, shown = picture(file), read(file)
            found = compare(analyse(system.seen(shown) if system.seen else shown, known), case.claims)
            right.append(all(found.values()))
            seconds.append(took)
            for look, of in system.looks.items():
                looks[look].append(of(made))
            if case.original:
                decibels.append(float(-10 * np.log10(((made - picture(case.original)) ** 2).mean())))
            if case.edges:
                overlaps.append(overlap(lines(made[None]), lines(picture(case.edges)[None])))
    parameters, megabytes = size(load(where(name)))
    also = [f"{np.mean(decibels):.1f} dB"] if decibels else []
    also += [f"edges {np.mean(overlaps):.2f}"] if overlaps else []
    also += [f"{look} {np.median(seen):.2f}" for look, seen in looks.items()]
    also += [system.also(count)] if system.also else []
    told = f"{np.mean(right):.1%} | {np.median(seconds):.2f} | {parameters:.2f} | {megabytes:.1f} | {', '.join(also)}"
    return f"| {name} | {told} |"


def main() -> None:
    """Prints the table, a line as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.systems", description=__doc__)
    parser.add_argument("system", nargs="*", help="all that are there")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED, help="of the cases; those of %(default)s are reported")
    parser.add_argument("--set", action="append", default=[], metavar="NODE.PARAM=VALUE", help="in each run")
    arguments = parser.parse_args()
    print("| system | right in all that was asked for | seconds a run | parameters, millions | megabytes | also |")
    print("|---|---|---|---|---|---|")
    for name in arguments.system or sorted(systems()):
        runner = WorkflowRunner()  # with nothing from the cache of the one before
        line = measure(runner, name, arguments.count, arguments.seed, arguments.set)
        print(line, flush=True)


if __name__ == "__main__":
    main()
