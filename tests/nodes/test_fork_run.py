"""A fork from a step of a past run, evaluated with the starter workflow on tiny models."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nodeflow.engine.protocol.events import NodeFinished
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import AddNode, Connect, Disconnect, SetParam
from nodeflow.graph.edits.fork import fork
from nodeflow.graph.io.files import load
from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Link, Node, Socket, Workflow
from nodeflow.resources import folder
from nodes.loaders.load_models import load_latent_diffusion
from tests.nodes.tiny_controls import tiny_controlnet
from tests.telling import telling_pairs

CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())
STARTER = folder("workflows") / "latent-diffusion.json"


def run(session: WorkflowRunner, workflow: Workflow, output: Path, *targets: str) -> dict[str, NodeFinished]:
    events = session.run(RunRequest.of(workflow, STARTER.parent, output, targets, device="cpu"))
    return {event.node: event for event in events if isinstance(event, NodeFinished)}


@pytest.fixture
def workflow(tiny_folder: Path) -> Workflow:
    made = load(STARTER)
    SetParam("model", "model", str(tiny_folder)).apply(made)
    return made


def set_up(workflow: Workflow, kind: str, steps: int = 6) -> None:
    for edit in (SetParam("scheduler", "kind", kind), SetParam("scheduler", "steps", steps)):
        edit.apply(workflow)


def check(workflow: Workflow, step: int, other: str, edit: SetParam, output: Path, sampler: str = "sampler") -> None:
    """A fork from a step on, made after a run, gives bit by bit what it gives where nothing is known."""
    session = WorkflowRunner()
    first_steps = run(session, workflow, output)[sampler].steps
    first = session.executor.value(sampler, "trajectory")
    made = fork(workflow, CATALOGUE, sampler, step + first.first, other)
    assert made is not None
    made.edit.apply(workflow)
    edit.apply(workflow)
    finished = run(session, workflow, output)[made.sampler]
    assert (finished.resumed, finished.steps) == (step, first_steps)
    fresh = WorkflowRunner()
    assert run(fresh, workflow, output, made.sampler)[made.sampler].resumed == 0
    forked, whole = (one.executor.value(made.sampler, "trajectory") for one in (session, fresh))
    assert all(torch.equal(a, b) for a, b in zip(forked.x, whole.x, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(forked.original, whole.original, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(forked.x[: step + 1], first.x[: step + 1], strict=True))
    assert not torch.equal(forked.x[step + 1], first.x[step + 1])


USUAL = {("DDIM", "guidance"), ("DPM++ 2M", "prompt"), ("DPM++ 2M", "scheduler"), ("DPM++ 2M SDE", "noise")}


@pytest.mark.parametrize(
    ("kind", "other", "edit"),
    telling_pairs(
        [
            ("DDIM", "guidance", SetParam("guidance_2", "scale", 6.0)),
            ("DPM++ 2M", "prompt", SetParam("prompt_2", "text", "a green heart on a blue background")),
            ("Euler ancestral", "guidance", SetParam("guidance_2", "rescale", 0.5)),
            ("DDIM", "scheduler", SetParam("scheduler_2", "eta", 0.7)),
            ("DPM++ 2M", "scheduler", SetParam("scheduler_2", "kind", "DPM++ 2M SDE")),
            ("Euler", "scheduler", SetParam("scheduler_2", "kind", "Euler ancestral")),
            ("Euler ancestral", "noise", SetParam("noise_2", "seed", 99)),
            ("DPM++ 2M SDE", "noise", SetParam("noise_2", "seed", 99)),
        ],
        lambda kind, other, edit: (kind, other) in USUAL,
    ),
)
def test_a_fork_equals_the_run_that_had_the_change_from_there_on(
    workflow: Workflow, kind: str, other: str, edit: SetParam, tmp_path: Path
) -> None:
    set_up(workflow, kind)
    check(workflow, 3, other, edit, tmp_path)


@pytest.mark.parametrize(
    ("kind", "other", "edit"),
    telling_pairs(
        [
            ("DDIM", "guidance", SetParam("guidance_2", "scale", 6.0)),
            ("Euler ancestral", "noise", SetParam("noise_2", "seed", 99)),
            ("DPM++ 2M", "scheduler", SetParam("scheduler_2", "kind", "DPM++ 2M SDE")),
        ],
        lambda kind, other, edit: other != "scheduler",
    ),
)
def test_so_does_one_of_a_run_that_begins_with_a_latent(
    workflow: Workflow, kind: str, other: str, edit: SetParam, tmp_path: Path
) -> None:
    set_up(workflow, kind, steps=8)
    AddNode("again", Node("nodes.sample", 2, {"strength": 0.5})).apply(workflow)
    for source, output, name in (
        ("guidance", "guider", "guider"),
        ("scheduler", "schedule", "schedule"),
        ("noise", "noise", "noise"),
        ("sampler", "latent", "latent"),
    ):
        Connect(Link(source, output, "again", name)).apply(workflow)
    check(workflow, 2, other, edit, tmp_path, sampler="again")


def test_a_fork_of_a_fork_shares_what_both_have(workflow: Workflow, tmp_path: Path) -> None:
    set_up(workflow, "DDIM")
    made = fork(workflow, CATALOGUE, "sampler", 2, "scheduler")
    assert made is not None
    made.edit.apply(workflow)
    SetParam("scheduler_2", "eta", 0.5).apply(workflow)
    check(workflow, 4, "noise", SetParam("noise_2", "seed", 7), tmp_path, sampler="sampler_2")


def test_so_does_one_with_another_control(tmp_path: Path) -> None:
    net = tiny_controlnet(load_latent_diffusion(), tmp_path / "controlnet")
    workflow = load(STARTER)
    set_up(workflow, "DPM++ 2M")
    for name, node in (
        ("lines", Node("nodes.load_controlnet", 1, {"model": str(net)})),
        ("picture", Node("nodes.load_image", 1, {"path": str(folder("assets") / "pictures" / "fish.png")})),
        ("control", Node("nodes.control", 1, {"strength": 0.3})),
    ):
        AddNode(name, node).apply(workflow)
    Disconnect(Socket("guidance", "denoiser")).apply(workflow)
    for source, output, target, name in (
        ("denoiser", "denoiser", "control", "denoiser"),
        ("lines", "control_net", "control", "controlnet"),
        ("picture", "image", "control", "image"),
        ("control", "denoiser", "guidance", "denoiser"),
    ):
        Connect(Link(source, output, target, name)).apply(workflow)
    check(workflow, 3, "control", SetParam("control_2", "strength", 0.0), tmp_path)
