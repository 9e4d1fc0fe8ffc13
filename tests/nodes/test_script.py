"""Workflows written as scripts over diffusers: each gives the same images."""

from __future__ import annotations

import contextlib
import os
import runpy
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.graph.edits.edits import AddNode, Connect, SetParam
from nodeflow.graph.io.files import dumps, load
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.resources import folder
from nodes.foreign import CannotWriteError, write_foreign
from nodes.schedulers.solvers.diffusers_solver import KINDS as OURS
from nodes.script.gathering import FILES, known_functions, of_file
from nodes.script.schedulers import KINDS
from nodes.script.writing import script_of
from tests.command_line import nodeflow

READY = folder("workflows")
WRITTEN = {
    "autoencoders": 10,
    "cascaded-diffusion": 3,
    "classifier-guidance": 3,
    "clip-and-t5": 5,
    "clip-rank": 1,
    "control-hints": 3,
    "controlnet": 4,
    "dalle": 3,
    "dalle2": 2,
    "ddim": 3,
    "ddpm": 3,
    "diffusion-clip": 2,
    "dit": 1,
    "flow-transformer": 2,
    "flows": 3,
    "forward-diffusion": 3,
    "gan-game": 2,
    "glide": 3,
    "image-codes": 6,
    "image-to-image": 1,
    "imagen": 3,
    "inpainting": 1,
    "latent-diffusion": 1,
    "lora": 1,
    "masked-tokens": 3,
    "networks": 4,
    "sampler-comparison": 2,
    "score": 3,
    "stable-diffusion-2": 1,
    "super-resolution": 3,
    "text-gan": 3,
    "training-step": 3,
    "u-vit": 1,
    "vae": 2,
    "vqvae": 3,
    "what-leads": 2,
}
"""How many images each ready-made workflow on the starter models saves, and makes as a script."""
QUICK = ("image-to-image",)
SHORT = {"steps": 3, "count": 2, "batch": 2}


def shortened(name: str) -> Workflow:
    """A ready-made workflow with fewer steps, items and images."""
    workflow, catalogue = load(READY / f"{name}.json"), known_catalogue()
    for key, node in workflow.nodes.items():
        for param in catalogue.nodes[node.type].params:
            value = node.params.get(param.name, param.default)
            if param.name in SHORT and isinstance(value, int) and value > SHORT[param.name]:
                SetParam(key, param.name, SHORT[param.name]).apply(workflow)
    return workflow


def images(place: Path) -> dict[str, np.ndarray]:
    return {path.name: np.asarray(Image.open(path).convert("RGB")) for path in sorted(place.glob("*.png"))}


def alone(place: Path) -> None:
    """A script in a process of its own, where nodeflow is not to be found."""
    bare = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MKL_CBWR")}
    subprocess.run([sys.executable, "script.py"], cwd=place, check=True, capture_output=True, env=bare)


def here(place: Path) -> None:
    """A script in this process, whose libraries are imported already."""
    with contextlib.chdir(place), torch.enable_grad():  # afterwards there are gradients again
        runpy.run_path("script.py", run_name="__main__")


def check_alike(workflow: Workflow, base: Path, place: Path, ran_as: Callable[[Path], None] = alone) -> None:
    """A script makes what the workflow makes, to the last bit."""
    script = script_of(workflow, known_catalogue(), base)
    (place / "script.py").write_text(script.text)
    (place / "workflow.json").write_bytes(dumps(workflow))
    ran_as(place)
    ran = nodeflow("run", place / "workflow.json", "--output", place / "ours", "--device", "cpu")
    assert ran.returncode == 0, ran.stderr
    made, ours = images(place), images(place / "ours")
    assert made
    assert {name for name, image in made.items() if not np.array_equal(image, ours[name])} == set()
    assert script.told or made.keys() == ours.keys()


def absolute(workflow: Workflow, base: Path) -> Workflow:
    """With its images by whole paths, so that it can lie anywhere."""
    for key, node in workflow.nodes.items():
        if node.type == "nodes.load_image":
            SetParam(key, "path", str((base / node.params["path"]).resolve())).apply(workflow)
    return workflow


@pytest.mark.parametrize("name", QUICK)
def test_a_script_gives_the_same_images_to_the_last_bit(name: str, tmp_path: Path) -> None:
    check_alike(absolute(shortened(name), READY), READY, tmp_path, here)


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITTEN)
def test_each_ready_made_workflow_gives_the_same_images_to_the_last_bit(name: str, tmp_path: Path) -> None:
    check_alike(absolute(load(READY / f"{name}.json"), READY), READY, tmp_path)


def test_each_ready_made_workflow_on_the_starters_is_written(tmp_path: Path) -> None:
    counts = {}
    for path in sorted(READY.glob("*.json")):
        workflow = load(path)
        script = script_of(workflow, known_catalogue(), READY)
        assert not script.told
        counts[path.stem] = sum(node.type == "nodes.save_image" for node in workflow.nodes.values())
        (tmp_path / f"{path.stem}.py").write_text(script.text)
    assert counts == WRITTEN
    for check in (["check"], ["format", "--check"]):
        line = [sys.executable, "-m", "ruff", *check, "--isolated", "--line-length", "120", "."]
        told = subprocess.run(line, cwd=tmp_path, check=False, capture_output=True, text=True)
        assert told.returncode == 0, told.stdout


def test_what_has_no_counterpart_is_named_before_writing() -> None:
    workflow = load(READY / "sampler-comparison.json")
    for name, param, value in (("walk_one", "spacing", "GITS"), ("errors", "second", "sa_solver")):
        SetParam(name, param, value).apply(workflow)
    wanted = "walk_one spaces noise levels by GITS, .*save_errors is left out: errors walks by sa_solver, which"
    with pytest.raises(CannotWriteError, match=wanted):
        write_foreign(workflow, "python", known_catalogue(), READY)


def test_a_list_beside_another_is_read_anew_for_each_of_its_items(tmp_path: Path) -> None:
    """Texts to go by and texts to go away from, each a list: every one with every other, and a sheet of all."""
    workflow = shortened("latent-diffusion")
    for name, lines in (("wanted", "a red star\na blue cup"), ("unwanted", "a house\na moon")):
        AddNode(name, Node("nodes.texts", params={"text": lines})).apply(workflow)
    AddNode("sheet", Node("nodes.contact_sheet")).apply(workflow)
    AddNode("save_sheet", Node("nodes.save_image", params={"name": "sheet"})).apply(workflow)
    for link in (
        Link("wanted", "values", "prompt", "text"),
        Link("unwanted", "values", "negative", "text"),
        Link("decode", "image", "sheet", "images"),
        Link("sheet", "image", "save_sheet", "image"),
    ):
        Connect(link).apply(workflow)
    check_alike(workflow, READY, tmp_path, here)
    assert len(images(tmp_path)) == 5


def test_schedulers_are_those_that_runs_take() -> None:
    assert {kind: (OURS[kind].name, dict(OURS[kind].options)) for kind in OURS} == KINDS


def repeated() -> list[str]:
    """Names that two files of functions have, of which a script would hold one."""
    named = Counter(name for path in FILES.glob("*.py") for name in of_file(path))
    return [name for name, count in named.items() if count > 1]


def test_the_functions_of_scripts_name_one_another() -> None:
    known = known_functions()
    assert len(known) > 50
    assert repeated() == []
    assert "At" in known["walk"].names
    assert ("torch", "") in known["walk"].imports or ("inspect", "") in known["walk"].imports
