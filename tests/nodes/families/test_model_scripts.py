"""The ready-made workflows for models that people have, written as scripts, with tiny random weights."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.export.exporter import CannotExportError
from nodes.loaders.models.known import families
from nodes.script.families import FAMILIES, family_of
from nodes.script.writing import script_of
from tests.nodes.families.test_model_workflows import FILES, small
from tests.nodes.test_script import here

NEEDS = {"kolors": "sentencepiece"}
"""Packages that a script needs and nodeflow does not."""
QUICK = ("krea-2", "lumina-2", "stable-cascade", "stable-diffusion-1-ip-adapter")
"""A text of several layers' states, and one that is read in another way to be led away from; two stages; images
beside the text."""
UNETS = {"Stable Diffusion 1", "Stable Diffusion 2", "Stable Diffusion XL", "Kolors", "Stable unCLIP"}
NOT_WRITTEN = {"Qwen-Image-Edit"}
WRITTEN = [path for path in FILES if path.stem != "fibo-2-edit"]
"""All but one whose references have sizes that scripts do not know."""


@pytest.fixture(scope="module")
def session() -> WorkflowRunner:
    return WorkflowRunner()


def alone(place: Path) -> None:
    """A script in a process of its own, where nodeflow is not to be found."""
    bare = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MKL_CBWR")}
    subprocess.run([sys.executable, "script.py"], cwd=place, check=True, capture_output=True, env=bare)


@pytest.mark.slow
@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_a_script_gives_the_same_image(path: Path, session: WorkflowRunner, tmp_path: Path) -> None:
    if path.stem in NEEDS:
        pytest.importorskip(NEEDS[path.stem])
    check_alike(path, session, tmp_path, alone)


@pytest.mark.parametrize("path", [path for path in FILES if path.stem in QUICK], ids=lambda path: path.stem)
def test_a_script_of_each_kind_gives_the_same_image(path: Path, session: WorkflowRunner, tmp_path: Path) -> None:
    check_alike(path, session, tmp_path, here)


def test_families_that_are_not_written_are_known() -> None:
    written = {one.name for one in FAMILIES} | UNETS
    assert set(families()) - written == NOT_WRITTEN


def test_the_first_edit_of_qwen_image_is_no_later_one(tmp_path: Path) -> None:
    (tmp_path / "transformer").mkdir()
    (tmp_path / "transformer" / "config.json").write_text('{"_class_name": "QwenImageTransformer2DModel"}')
    index = tmp_path / "model_index.json"
    index.write_text('{"_class_name": "QwenImageEditPlusPipeline"}')
    assert family_of(tmp_path, "model").name == "Qwen-Image"
    index.write_text('{"_class_name": "QwenImageEditPipeline"}')
    with pytest.raises(CannotExportError, match="scripts do not know"):
        family_of(tmp_path, "model")


def check_alike(path: Path, session: WorkflowRunner, tmp_path: Path, ran_as: Callable[[Path], None]) -> None:
    """A script makes what the workflow makes."""
    workflow = small(path, tmp_path, session.packs.catalogue)
    for key, node in workflow.nodes.items():
        if node.type == "nodes.load_image":
            SetParam(key, "path", str((path.parent / node.params["path"]).resolve())).apply(workflow)
    same_images(workflow, session, tmp_path, ran_as, path.parent)


def same_images(
    workflow: Workflow,
    session: WorkflowRunner,
    tmp_path: Path,
    ran_as: Callable[[Path], None],
    base: Path | None = None,
) -> None:
    """A script, in order, makes what its workflow makes; ``base`` is where relative paths begin."""
    base = base or tmp_path
    script = script_of(workflow, known_catalogue(), base)
    assert not script.told
    (tmp_path / "script.py").write_text(script.text)
    for check in (["check"], ["format", "--check"]):
        line = [sys.executable, "-m", "ruff", *check, "--isolated", "--line-length", "120", "script.py"]
        assert subprocess.run(line, cwd=tmp_path, check=False, capture_output=True).returncode == 0
    ran_as(tmp_path)
    for event in session.run(RunRequest.of(workflow, base, tmp_path / "ours", device="cpu")):
        assert not isinstance(event, (tell.NodeFailed, tell.NodeSkipped)), event
    made, ours = (
        [np.asarray(Image.open(one).convert("RGB")) for one in sorted(place.glob("*.png"))]
        for place in (tmp_path, tmp_path / "ours")
    )
    assert made
    assert all(np.array_equal(one, other) for one, other in zip(made, ours, strict=True))
