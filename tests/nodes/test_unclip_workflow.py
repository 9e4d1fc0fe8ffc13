"""The workflow of DALL-E 2 takes models in the layouts of Karlo and Kandinsky 2.2 by its loading nodes alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.resources import folder
from tests.nodes.unclip_models import TINY_KANDINSKY, TINY_MOVQ, save_kandinsky_decoder, save_kandinsky_prior

PATH = folder("workflows") / "dalle2.json"
FEWER = {
    "prior_scheduler.steps": 2,
    "scheduler.steps": 2,
    "large_schedule.steps": 2,
    "vary_noise.batch": 1,
    "walk.steps": 2,
    "turn.steps": 2,
    "walk_noise.batch": 2,
    **dict.fromkeys(("large_noise.width", "large_noise.height"), 32),
}


def karlo(unclip: Path, clip: Path, _: Path) -> dict[str, Path]:
    return dict.fromkeys(("prior", "decoder"), unclip) | {"clip": clip}


def kandinsky(unclip: Path, _: Path, at: Path) -> dict[str, Path]:
    """Its prior is a CLIP too."""
    save_kandinsky_prior(at / "prior", unclip)
    save_kandinsky_decoder(at / "decoder", TINY_KANDINSKY, TINY_MOVQ)
    return dict.fromkeys(("prior", "clip"), at / "prior") | {"decoder": at / "decoder"}


@pytest.mark.parametrize("made", [karlo, kandinsky])
def test_only_the_models_change(
    made: Callable[[Path, Path, Path], dict[str, Path]],
    tiny_unclip: Path,
    tiny_clip: Path,
    tmp_path: Path,
) -> None:
    workflow, wrote = load(PATH), dict[str, list[str]]()
    models = made(tiny_unclip, tiny_clip, tmp_path) | {"upsampler": tiny_unclip}
    settings = {f"{node}.model": str(model) for node, model in models.items()} | FEWER
    for address, value in settings.items():
        node, _, param = address.partition(".")
        SetParam(node, param, value).apply(workflow)
    for event in WorkflowRunner().run(RunRequest.of(workflow, PATH.parent, tmp_path, device="cpu")):
        assert not isinstance(event, (tell.NodeFailed, tell.NodeSkipped)), str(event)
        if isinstance(event, tell.NodeFinished):
            wrote[event.node] = list(event.files)
    (sheet,), (picture,) = wrote["save_sheet"], wrote["save"]
    with Image.open(sheet) as rows, Image.open(picture) as large:
        assert rows.width > rows.height
        assert large.size == (128, 128)
