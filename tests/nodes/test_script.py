"""Workflows written as scripts over diffusers: each runs in a process of its own and gives the same image."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import dumps, load
from nodeflow.graph.model.workflow import Workflow
from nodeflow.resources import folder
from nodes.foreign import CannotWriteError, write_foreign
from nodes.schedulers.solvers.diffusers_solver import KINDS as OURS
from nodes.script.schedulers import KINDS
from nodes.script.writing import script_of

MET = ("latent-diffusion", "stable-diffusion-2", "dit")


def shortened(name: str) -> Workflow:
    """A ready-made workflow with fewer steps and images."""
    workflow = load(folder("workflows") / f"{name}.json")
    for edit in (SetParam("scheduler", "steps", 3), SetParam("noise", "batch", 2), SetParam("noise", "seed", 11)):
        edit.apply(workflow)
    return workflow


def images(place: Path) -> list[np.ndarray]:
    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(place.glob("*.png"))]


@pytest.mark.parametrize("name", MET)
def test_a_script_gives_the_same_image_to_the_last_bit(name: str, tmp_path: Path) -> None:
    workflow = shortened(name)
    script = script_of(workflow, known_catalogue())
    assert not script.told
    (tmp_path / "script.py").write_text(script.text)
    (tmp_path / "workflow.json").write_bytes(dumps(workflow))
    for check in (["check"], ["format", "--check"]):
        line = [sys.executable, "-m", "ruff", *check, "--isolated", "--line-length", "120", "script.py"]
        assert subprocess.run(line, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    subprocess.run([sys.executable, "script.py"], cwd=tmp_path, check=True, capture_output=True)
    run = [sys.executable, "-m", "nodeflow", "run", "workflow.json", "--output", "ours", "--device", "cpu"]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run(run, cwd=tmp_path, check=True, capture_output=True, env=os.environ | environment)
    made, ours = images(tmp_path), images(tmp_path / "ours")
    assert len(made) == len(ours) == 2
    assert all(np.array_equal(one, other) for one, other in zip(made, ours, strict=True))


@pytest.mark.parametrize("name", ["dalle", "u-vit", "masked-tokens", "text-gan"])
def test_what_diffusers_does_not_have_is_said(name: str) -> None:
    with pytest.raises(CannotWriteError, match="is left out"):
        write_foreign(load(folder("workflows") / f"{name}.json"), "python", known_catalogue())


def test_schedulers_are_those_that_runs_take() -> None:
    assert {kind: (OURS[kind].name, dict(OURS[kind].options)) for kind in KINDS} == KINDS
