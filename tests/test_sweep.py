"""Lists and sweeps with the starter model, end to end: what is shared, and that an item is the single run."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from test_cli import nodeflow, refused, write

from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.protocol.events import Event, NodeFinished
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load, loads
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.graph.validate.sweeps import Sweep
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"
SWEEPS = (Sweep("guidance", "scale", (1, 2.5, 5)), Sweep("noise", "seed", (1, 2)))


@pytest.fixture(scope="module")
def session() -> WorkflowRunner:
    return WorkflowRunner()


def starter(**params: Any) -> Workflow:
    workflow = load(STARTER)
    for place, value in {"scheduler__steps": 4, **params}.items():
        node, _, name = place.partition("__")
        SetParam(node, name, value).apply(workflow)
    return workflow


def run(session: WorkflowRunner, workflow: Workflow, output: Path, *sweeps: Sweep) -> list[Event]:
    return list(session.run(RunRequest.of(workflow, STARTER.parent, output, device="cpu", sweeps=sweeps)))


def ran(events: list[Event], node: str) -> list[tuple[int, ...]]:
    return [e.item for e in events if isinstance(e, NodeFinished) and e.node == node and e.state == "ran"]


def pictures(events: list[Event], node: str = "save") -> list[Path]:
    return [Path(path) for e in events if isinstance(e, NodeFinished) and e.node == node for path in e.files]


def pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        return picture.tobytes()


def workflow_in(path: Path) -> Workflow:
    with Image.open(path) as picture:
        return loads(picture.text["nodeflow"].encode())  # type: ignore[attr-defined]


def test_a_sweep_shares_what_it_can_and_each_picture_is_that_of_the_single_run(
    session: WorkflowRunner, tmp_path: Path
) -> None:
    events = run(session, starter(), tmp_path, *SWEEPS)
    assert {node: len(ran(events, node)) for node in ("model", "prompt", "negative", "denoiser", "scheduler")} == {
        "model": 1,
        "prompt": 1,
        "negative": 1,
        "denoiser": 1,
        "scheduler": 1,
    }
    assert {node: len(ran(events, node)) for node in ("guidance", "noise", "sampler", "save")} == {
        "guidance": 3,
        "noise": 2,
        "sampler": 6,
        "save": 6,
    }
    found = pictures(events)
    assert [path.name for path in found] == [
        f"picture-guidance.scale={scale},noise.seed={seed}-00001.png" for scale in ("1", "2.5", "5") for seed in (1, 2)
    ]
    alone = WorkflowRunner()
    for path, (scale, seed) in zip(found, [(s, n) for s in (1, 2.5, 5) for n in (1, 2)], strict=True):
        single = run(alone, starter(guidance__scale=scale, noise__seed=seed), tmp_path)
        assert pixels(pictures(single)[0]) == pixels(path)
        carried = workflow_in(path)
        assert (carried.nodes["guidance"].params["scale"], carried.nodes["noise"].params["seed"]) == (scale, seed)
        again = run(session, carried, tmp_path)
        assert ran(again, "sampler") == [], "what an image carries makes it again, from the cache"
    with Image.open(found[3]) as picture:
        assert json.loads(picture.text["seeds"]) == {"noise.seed": 2}  # type: ignore[attr-defined]


def test_one_more_value_costs_one_more_picture(session: WorkflowRunner, tmp_path: Path) -> None:
    run(session, starter(), tmp_path, Sweep("noise", "seed", (21, 22)))
    events = run(session, starter(), tmp_path, Sweep("noise", "seed", (20, 21, 22)))
    assert ran(events, "sampler") == ran(events, "save") == [(0,)]


def prompts(text: str) -> Workflow:
    """The starter with a list of texts, and a labelled sheet of what comes of it."""
    workflow = starter()
    workflow.nodes["texts"] = Node("nodes.texts", params={"text": text})
    workflow.nodes["sheet"] = Node("nodes.contact_sheet")
    workflow.nodes["save_sheet"] = Node("nodes.save_image", params={"name": "sheet"})
    for link in (
        Link("texts", "values", "prompt", "text"),
        Link("decode", "image", "sheet", "images"),
        Link("texts", "values", "sheet", "labels"),
        Link("sheet", "image", "save_sheet", "image"),
    ):
        workflow.links[link.socket] = link
    return workflow


def test_a_list_of_texts_makes_a_picture_each_and_a_sheet(session: WorkflowRunner, tmp_path: Path) -> None:
    events = run(session, prompts("a red star\na yellow fish"), tmp_path)
    first, second = pictures(events)
    assert first.name == "picture-texts=a-red-star-00001.png"
    assert ran(events, "prompt") == [(0,), (1,)]
    single = run(session, starter(prompt__text="a yellow fish"), tmp_path)
    assert ran(single, "sampler") == []
    assert pixels(pictures(single)[0]) == pixels(second)
    assert len(pictures(events, "save_sheet")) == 1
    carried = workflow_in(second)
    assert carried.nodes["prompt"].params["text"] == "a yellow fish"
    assert not any(link.source == "texts" and link.target == "prompt" for link in carried.links.values())
    more = run(session, prompts("a blue cup\na red star\na yellow fish"), tmp_path)
    assert ran(more, "sampler") == [(0,)]
    assert len(ran(more, "sheet")) == 1


def test_texts_encoded_together_are_those_encoded_alone(session: WorkflowRunner) -> None:
    functions = session.packs.functions
    encoder = functions["nodes.load_latent_diffusion"]("starter:latent-diffusion").text_encoder
    texts = ["a red star", "", "on a black background, a purple moon", "a blue cup on the left " * 20, "x"]
    together = encoder.encode_each(texts)
    for text, found in zip(texts, together, strict=True):
        alone = functions["nodes.clip_text_encode"](encoder, text)
        assert torch.equal(found.tokens, alone.tokens)
        assert torch.equal(found.pooled, alone.pooled)
        assert found.words == alone.words


def test_a_batch_equals_its_singles_also_as_a_list_of_seeds(session: WorkflowRunner, tmp_path: Path) -> None:
    batch = pictures(run(session, starter(noise__seed=7, noise__batch=3), tmp_path))
    singles = pictures(run(session, starter(), tmp_path, Sweep("noise", "seed", (7, 8, 9))))
    assert [pixels(path) for path in batch] == [pixels(path) for path in singles]


def test_a_cancel_keeps_the_pictures_that_are_done(session: WorkflowRunner, tmp_path: Path) -> None:
    control = RunControl()
    events = []
    sweep = Sweep("noise", "seed", tuple(range(100, 110)))
    for event in session.run(
        RunRequest.of(starter(), STARTER.parent, tmp_path, device="cpu", sweeps=(sweep,)), control
    ):
        events.append(event)
        if pictures(events):
            control.cancel()
    assert len(pictures(events)) == 1
    again = run(session, starter(), tmp_path, sweep)
    assert len(ran(again, "sampler")) == 9


# --- the command line


def test_the_command_line_writes_pictures_a_sheet_and_a_report(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    before = STARTER.read_bytes()
    sweeps = ("--sweep", "guidance.scale=1,2.5,5", "--sweep", "noise.seed=1,2")
    done = nodeflow("run", STARTER, "scheduler.steps=3", *sweeps, "--output", tmp_path, "--report", report)
    assert done.returncode == 0, done.stderr
    assert STARTER.read_bytes() == before
    printed = [Path(line) for line in done.stdout.splitlines()]
    assert len(printed) == 7
    assert all(path.is_file() for path in printed)
    assert printed[-1].name == "contact-sheet-00001.png"
    told = json.loads(report.read_text())
    assert told["outputs"] == [str(path) for path in printed]
    items = told["nodes"]["save"]["items"]
    assert [item["values"] for item in items] == [
        {"guidance.scale": scale, "noise.seed": seed} for scale in (1, 2.5, 5) for seed in (1, 2)
    ]
    assert [item["files"] for item in items] == [[str(path)] for path in printed[:-1]]
    assert {item["state"] for item in items} == {"ran"}
    assert [item["seeds"] for item in told["nodes"]["noise"]["items"]] == [{"seed": 1}, {"seed": 2}]
    assert told["nodes"]["model"]["state"] == "ran"


def test_an_item_that_fails_leaves_a_gap_and_exit_status_one(tmp_path: Path) -> None:
    good = tmp_path / "good.png"
    Image.new("RGB", (64, 64), "red").save(good)
    nodes = {
        "load": {"type": "nodes.load_image", "params": {"path": "good.png"}},
        "save": {"type": "nodes.save_image", "inputs": {"image": "load.image"}},
    }
    file, report = write(tmp_path / "w.json", {"nodeflow": 1, "nodes": nodes}), tmp_path / "r.json"
    done = nodeflow("run", file, "--sweep", "load.path=good.png,gone.png", "--output", tmp_path, "--report", report)
    assert done.returncode == 1, done.stderr
    assert "there is no such file" in done.stderr
    told = json.loads(report.read_text())
    assert [item["state"] for item in told["nodes"]["load"]["items"]] == ["ran", "failed"]
    assert [item["state"] for item in told["nodes"]["save"]["items"]] == ["ran", "skipped"]
    assert "load.path 'gone.png'" in told["nodes"]["load"]["error"]
    assert [Path(path).name for path in told["outputs"]] == [
        "picture-load.path=good.png-00001.png",
        "contact-sheet-00001.png",
    ]


def test_a_wrong_sweep_is_refused_before_anything_runs(tmp_path: Path) -> None:
    file = shutil.copy(STARTER, tmp_path / "w.json")
    done = nodeflow("run", file, "--sweep", "noise.seed=1,x", "--sweep", "guidance.scal=1", "--output", tmp_path)
    refused(done, "noise.seed: 'x' is not a whole number", "did you mean 'scale'?")
    assert list(tmp_path.glob("*.png")) == []


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_still_writes_the_sheet(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nodeflow", "run", str(STARTER), "--output", str(tmp_path), "--report", "r.json"]
    command += ["scheduler.kind=DDPM", "--sweep", "scheduler.steps=11,1000", "--sweep", "noise.batch=1,2"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None and process.stdout is not None
        while not process.stderr.readline().startswith("save (scheduler.steps 11, noise.batch 2)"):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        rest, printed = process.stderr.read(), process.stdout.read()
        assert process.wait(30) == 130
    assert "Traceback" not in rest
    assert printed.splitlines()[-1].endswith("contact-sheet-00001.png")
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["state"] == "cancelled"
    assert [item["values"] for item in told["nodes"]["save"]["items"]] == [
        {"scheduler.steps": 11, "noise.batch": batch} for batch in (1, 2)
    ]
