"""The first image: the starter workflow with the starter model, as a user runs it."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.memory.device import host_has_bfloat16
from nodeflow.engine.planning.content_keys import FAST
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import PrecisionRule, RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load, loads
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.resources import folder
from training.evaluation import silhouettes
from training.evaluation.checker import analyse, compare
from training.evaluation.claims import parse

STARTER = folder("workflows") / "latent-diffusion.json"


class Studio:
    """One session whose runs share a cache."""

    def __init__(self, output: Path) -> None:
        self.session, self.output = WorkflowRunner(), output

    def run(self, *targets: str, precision: PrecisionRule = "exact", **settings: object) -> dict[str, str]:
        """Run the starter workflow with ``node__param=value``; the state of each node."""
        workflow = load(STARTER)
        for address, value in settings.items():
            node, _, param = address.partition("__")
            SetParam(node, param, value).apply(workflow)
        return self.go(workflow, *targets, precision=precision)

    def go(self, workflow: Workflow, *targets: str, precision: PrecisionRule = "exact") -> dict[str, str]:
        states: dict[str, str] = {}
        self.files: list[Path] = []
        self.notes: dict[str, tuple[str, ...]] = {}
        self.steps = 0
        about = (workflow, STARTER.parent, self.output, targets)
        for event in self.session.run(RunRequest.of(*about, device="cpu", precision=precision)):
            match event:
                case tell.NodeFinished():
                    states[event.node] = event.state
                    self.files += map(Path, event.files)
                    self.notes[event.node] = event.notes
                case tell.NodesKept(nodes):
                    states |= dict.fromkeys(nodes, "cached")
                case tell.NodeProgress():
                    self.steps += 1
                case tell.NodeFailed() | tell.NodeSkipped():
                    pytest.fail(str(event))
        return states


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("pictures"))


def ran(states: dict[str, str]) -> set[str]:
    return {name for name, state in states.items() if state == "ran"}


def test_the_file_speaks() -> None:
    nodes = json.loads(STARTER.read_bytes())["nodes"]
    speaking = {"prompt", "negative", "noise", "scheduler", "denoiser", "guidance", "sampler", "decode", "save"}
    assert speaking < nodes.keys()
    assert nodes["prompt"]["params"]["text"]
    for address in ("noise.seed", "noise.batch", "scheduler.steps", "guidance.scale"):
        node, param = address.split(".")
        assert param in nodes[node]["params"]


def test_the_first_picture_is_right(studio: Studio) -> None:
    states = studio.run(prompt__text="a red star on a blue background")
    assert set(states.values()) == {"ran"}
    (file,) = studio.files
    pixels = np.asarray(Image.open(file).convert("RGB"))
    assert pixels.shape[0] >= 64
    assert pixels.shape[1] >= 64
    found = analyse(pixels / np.float32(255), silhouettes.load())
    assert all(compare(found, parse("a red star on a blue background")).values()), found


def test_a_fast_run_differs_little_says_so_and_is_kept_apart(studio: Studio) -> None:
    studio.run(noise__seed=5)
    (picture,) = studio.files
    fast = studio.run(noise__seed=5, precision="fast")
    assert studio.notes.get("model", ()) == ((FAST,) if host_has_bfloat16() else ())
    assert ({"model", "prompt", "sampler", "decode"} <= ran(fast)) == host_has_bfloat16()
    apart = np.abs(np.asarray(Image.open(picture)).astype(int) - np.asarray(Image.open(studio.files[0])))
    assert apart.max() <= 24 and apart.mean() < 1
    assert ran(studio.run(noise__seed=5)) == set()


def test_an_identical_run_computes_nothing(studio: Studio) -> None:
    studio.run()
    assert ran(studio.run()) == set()
    assert studio.steps == 0


def test_another_guidance_scale_takes_text_and_model_from_the_cache(studio: Studio) -> None:
    studio.run()
    states = studio.run(guidance__scale=2.0)
    assert ran(states) == {"guidance", "sampler", "decode", "save"}
    assert states["model"] == states["prompt"] == states["negative"] == states["denoiser"] == "cached"


def test_another_text_encodes_only_that_text(studio: Studio) -> None:
    studio.run()
    assert ran(studio.run(prompt__text="a yellow fish")) == {"prompt", "guidance", "sampler", "decode", "save"}


def test_the_picture_carries_its_workflow_and_that_makes_it_again(studio: Studio) -> None:
    studio.run(noise__seed=11)
    (file,) = studio.files
    carried = loads(Image.open(file).text["nodeflow"].encode())
    assert carried.nodes["noise"].params["seed"] == 11
    assert json.loads(Image.open(file).text["seeds"]) == {"noise.seed": 11}
    again = Studio(studio.output / "again")
    again.go(carried)
    assert np.array_equal(np.asarray(Image.open(again.files[0])), np.asarray(Image.open(file)))


def test_a_deleted_picture_is_saved_again_without_sampling(studio: Studio) -> None:
    studio.run()
    (file,) = studio.files
    file.unlink()
    assert ran(studio.run()) == {"save"}


def test_a_batch_equals_its_singles(studio: Studio) -> None:
    def decoded() -> np.ndarray:
        return studio.session.executor.value("decode", "image").pixels.numpy()

    studio.run("decode", noise__seed=5, noise__batch=3, scheduler__steps=6)
    batch = decoded()
    for index in range(3):
        studio.run("decode", noise__seed=5 + index, noise__batch=1, scheduler__steps=6)
        np.testing.assert_array_equal(decoded()[0], batch[index])


def test_guidance_changed_from_a_step_on_runs_only_the_steps_behind_it(studio: Studio) -> None:
    def changed(scale: float) -> Workflow:
        workflow = load(STARTER)
        SetParam("scheduler", "steps", 6).apply(workflow)
        workflow.nodes["later"] = Node("nodes.classifier_free_guidance", params={"scale": scale})
        workflow.nodes["change"] = Node("nodes.change_guidance", params={"step": 4})
        for source, target, port in (
            ("denoiser.denoiser", "later", "denoiser"),
            ("prompt.conditioning", "later", "positive"),
            ("negative.conditioning", "later", "negative"),
            ("guidance.guider", "change", "before"),
            ("later.guider", "change", "after"),
            ("change.guider", "sampler", "guider"),
        ):
            link = Link(*source.split("."), target, port)
            workflow.links[link.socket] = link
        return workflow

    def value(which: Studio, node: str, output: str) -> Any:
        return which.session.executor.value(node, output)

    studio.run("sampler", scheduler__steps=6)
    studio.go(changed(6.0), "sampler")
    assert studio.steps == 2
    alone = Studio(studio.output)
    alone.go(changed(6.0), "sampler")
    assert alone.steps == 6
    for name in ("x", "original", "conditional", "unconditional"):
        pairs = zip(*(getattr(value(one, "sampler", "trajectory"), name) for one in (studio, alone)), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs)
    assert torch.equal(*(value(one, "sampler", "latent").samples for one in (studio, alone)))


def test_running_to_a_node_stops_there(studio: Studio) -> None:
    states = studio.run("prompt", prompt__text="a green cup")
    assert states.keys() == {"model", "prompt"}
    assert ran(states) == {"prompt"}


def test_a_cancel_takes_effect_inside_a_step(studio: Studio) -> None:
    studio.run("denoiser", "guidance")
    workflow = load(STARTER)
    SetParam("noise", "seed", 99).apply(workflow)
    SetParam("noise", "batch", 64).apply(workflow)
    cancel, states = RunControl(), []
    for event in studio.session.run(RunRequest.of(workflow, STARTER.parent, studio.output, device="cpu"), cancel):
        states.append(event)
        if isinstance(event, tell.NodeStarted) and event.node == "sampler":
            threading.Timer(0.05, cancel.cancel).start()
    assert states[-1].state == "cancelled"
    assert sum(isinstance(event, tell.NodeProgress) for event in states) == 0
    assert ran(studio.run(noise__seed=98)) >= {"sampler"}
