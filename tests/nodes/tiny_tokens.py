"""Tiny models of tokens with random weights, in the layouts of their libraries."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import VQModel


def new_vq(**options: Any) -> VQModel:
    """16 kinds of codes, a place of 4 x 4 pixels."""
    torch.manual_seed(0)
    shape: dict[str, Any] = {
        "block_out_channels": (8, 8, 8),
        "down_block_types": ("DownEncoderBlock2D",) * 3,
        "up_block_types": ("UpDecoderBlock2D",) * 3,
        "norm_num_groups": 4,
        "latent_channels": 4,
        "num_vq_embeddings": 16,
        "mid_block_add_attention": False,
    }
    model = VQModel(**(shape | options))
    torch.nn.init.normal_(model.quantize.embedding.weight)
    return model.eval()


@pytest.fixture(scope="session")
def tiny_vq(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VQ model as diffusers saves it."""
    path = tmp_path_factory.mktemp("vq") / "random"
    new_vq().save_pretrained(path)
    return path
