"""A person's model folders for tests of the window: files with true headers and no weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from nodeflow.app.window.main_window import MainWindow
from tests.library.files import write_sparse
from tests.library.layouts.shapes import FLUX, SD1, VAE, XL, kohya, under

CHECKPOINT = {**under("model.diffusion_model.", XL), **under("first_stage_model.", VAE)}


def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models, the only one that the library knows."""
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setenv("NODEFLOW_MODELS", str(models))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return models


def fill(models: Path) -> None:
    """A few files of several kinds, in folders as people have them."""
    write_sparse(models / "vae" / "xl.safetensors", VAE)
    write_sparse(models / "diffusion_models" / "flux-dev.safetensors", FLUX)
    write_sparse(models / "strange.safetensors", {"strange.weight": (4, 4)})
    write_sparse(models / "unet" / "sd15.safetensors", SD1)
    write_sparse(
        models / "loras" / "styles" / "ink.safetensors",
        kohya("double_blocks_0_img_attn_qkv", columns=3072),
        {"modelspec.title": "Ink drawings"},
    )


def look(window: MainWindow, qtbot: QtBot) -> None:
    """Let the library look through the folders to the end."""
    library = window.hub.models
    with qtbot.waitSignal(library.scanned, timeout=30_000):
        library.scan()
    qtbot.waitUntil(lambda: library.idle, timeout=30_000)
