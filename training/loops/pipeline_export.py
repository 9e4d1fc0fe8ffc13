"""Writes the trained parts as a diffusers StableDiffusionPipeline folder in half precision."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch

from training.data import tokenizer
from training.evaluation import evaluate
from training.loops.run_folders import ASSETS
from training.models import latent_diffusion, vae


def export() -> None:
    """Replaces the model folder and loads it back once, as a user would."""
    parts = (latent_diffusion.FOLDER, tokenizer.FOLDER, vae.FOLDER / "model")
    pipeline = evaluate.trained_pipeline(*parts).to(dtype=torch.float16)
    shutil.rmtree(ASSETS, ignore_errors=True)
    pipeline.save_pretrained(ASSETS, safe_serialization=True)
    for path in ASSETS.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in ASSETS.rglob("*.json"):
        without_origin(path)
    evaluate.exported_pipeline()


def without_origin(path: Path) -> None:
    """Drops the folders of this machine that save_pretrained leaves in a configuration."""
    content = json.loads(path.read_text())
    if (kept := _without(content)) != content:
        path.write_text(json.dumps(kept, indent=2) + "\n")


def _without(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    return {name: _without(value) for name, value in content.items() if name != "_name_or_path"}
