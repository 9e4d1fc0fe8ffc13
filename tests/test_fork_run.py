"""A fork from a step of a past run, evaluated with the starter model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nodeflow.engine.events import NodeFinished
from nodeflow.engine.session import Session
from nodeflow.graph.edits import SetParam
from nodeflow.graph.files import load
from nodeflow.graph.fork import What, fork
from nodeflow.graph.workflow import Workflow
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"


def run(session: Session, workflow: Workflow, output: Path, *targets: str) -> dict[str, NodeFinished]:
    events = session.run(workflow, STARTER.parent, output, targets, on="cpu")
    return {event.node: event for event in events if isinstance(event, NodeFinished)}


@pytest.mark.parametrize(
    ("what", "edit", "kind"),
    [
        ("guidance", SetParam("guidance_2", "scale", 6.0), "DDIM"),
        ("text", SetParam("prompt_2", "text", "a green heart on a blue background"), "DPM++ 2M"),
        ("guidance", SetParam("guidance_2", "rescale", 0.5), "Euler ancestral"),
    ],
)
def test_a_fork_equals_the_run_that_had_the_change_from_there_on(
    what: What, edit: SetParam, kind: str, tmp_path: Path
) -> None:
    workflow = load(STARTER)
    SetParam("scheduler", "kind", kind).apply(workflow)
    session = Session()
    run(session, workflow, tmp_path)
    made = fork(workflow, "sampler", 8, what)
    assert made is not None
    made.edit.apply(workflow)
    edit.apply(workflow)
    finished = run(session, workflow, tmp_path)["sampler_2"]
    assert (finished.resumed, finished.steps) == (8, 20)
    fresh = Session()
    assert run(fresh, workflow, tmp_path, "sampler_2")["sampler_2"].resumed == 0
    forked, whole, first = (
        one.executor.value(name, "trajectory")
        for one, name in ((session, "sampler_2"), (fresh, "sampler_2"), (session, "sampler"))
    )
    assert all(torch.equal(a, b) for a, b in zip(forked.x, whole.x, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(forked.x[:9], first.x[:9], strict=True))
    assert not torch.equal(forked.x[9], first.x[9])
