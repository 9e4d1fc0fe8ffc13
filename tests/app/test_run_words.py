"""Tests of what the queue says of a run."""

from __future__ import annotations

from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.model.run_words import run_words
from nodeflow.graph.edits.edits import SetMode, SetParam
from nodeflow.graph.io import files
from nodeflow.resources import folder


def test_prompt_seed_model_and_changes_are_named() -> None:
    workflow, catalogue = files.load(folder("workflows") / "latent-diffusion.json"), shipped_catalogue()
    before = dict(workflow.nodes)
    assert run_words(workflow, catalogue, {}) == "“a red star on a blue background” · seed 0 · starter:latent-diffusion"
    for name, param, value in (("guidance", "scale", 4.0), ("scheduler", "steps", 9), ("noise", "seed", 5)):
        SetParam(name, param, value).apply(workflow)
    words = run_words(workflow, catalogue, before)
    assert "seed 5" in words and "scale 2.5 → 4.0" in words and "steps 20 → 9" in words
    for name, param, value in (("noise", "width", 8), ("noise", "height", 8), ("noise", "batch", 2)):
        SetParam(name, param, value).apply(workflow)
    assert "2 more changes" in run_words(workflow, catalogue, before)
    SetMode("prompt", "mute").apply(workflow)
    SetParam("negative", "text", "x" * 100).apply(workflow)
    assert f"“{'x' * 70}…”" in run_words(workflow, catalogue, before)
