"""The workflow of DALL-E 2 takes a model in Karlo's layout by its loading nodes alone."""

from pathlib import Path

from PIL import Image

from nodeflow.engine import events as tell
from nodeflow.engine.worker.session import Session
from nodeflow.graph.edits import SetParam
from nodeflow.graph.files import load
from nodeflow.resources import folder

PATH = folder("workflows") / "dalle2.json"
FEWER = {
    "prior_scheduler.steps": 2,
    "scheduler.steps": 2,
    "medium_schedule.steps": 2,
    "large_schedule.steps": 1,
    "vary_noise.batch": 1,
    "walk.steps": 2,
    "turn.steps": 2,
    "walk_noise.batch": 2,
    "rows_noise.batch": 5,
    **dict.fromkeys(("medium_noise.width", "medium_noise.height", "rows_noise.width", "rows_noise.height"), 32),
    **dict.fromkeys(("large_noise.width", "large_noise.height"), 64),
}


def test_only_the_models_change(tiny_unclip: Path, tiny_clip: Path, tiny_upsampler: Path, tmp_path: Path) -> None:
    workflow, wrote = load(PATH), dict[str, list[str]]()
    models = dict.fromkeys(("prior", "decoder", "upsampler_1"), tiny_unclip)
    models |= {"clip": tiny_clip, "upsampler_2": tiny_upsampler}
    settings = {f"{node}.model": str(model) for node, model in models.items()} | FEWER
    for address, value in settings.items():
        node, _, param = address.partition(".")
        SetParam(node, param, value).apply(workflow)
    for event in Session().run(workflow, PATH.parent, tmp_path, (), on="cpu"):
        assert not isinstance(event, (tell.NodeFailed, tell.NodeSkipped)), str(event)
        if isinstance(event, tell.NodeFinished):
            wrote[event.node] = list(event.files)
    (sheet,), (picture,) = wrote["save_sheet"], wrote["save"]
    with Image.open(sheet) as rows, Image.open(picture) as large:
        assert rows.width > rows.height
        assert large.size == (64, 64)
