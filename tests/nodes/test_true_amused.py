"""The true shape of aMUSEd with random weights: it loads and fills in codes.

Slow, since it holds more than two gigabytes.
"""

from pathlib import Path

import pytest
import torch
from diffusers import VQModel
from transformers import CLIPTokenizer

from nodes.conditioning.text_encode import clip_text_encode
from nodes.latents.codes import load_vq, vq_decode
from nodes.samplers.masked_tokens import load_masked_tokens, masked_sample
from tests.nodes.test_dit import finish
from tests.nodes.tiny_tokens import AMUSED_256, new_amused

pytestmark = pytest.mark.slow

VQ_256 = {
    "block_out_channels": (128, 256, 256, 512, 768),
    "down_block_types": ("DownEncoderBlock2D",) * 5,
    "up_block_types": ("UpDecoderBlock2D",) * 5,
    "layers_per_block": 2,
    "latent_channels": 64,
    "num_vq_embeddings": 8192,
    "lookup_from_codebook": True,
    "mid_block_add_attention": False,
}
TEXT = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "projection_dim": 768,
}


def test_amused_256(tmp_path: Path, words: CLIPTokenizer) -> None:
    pipeline = new_amused(words, VQModel(**VQ_256), TEXT, num_hidden_layers=22, **AMUSED_256)
    pipeline.to(torch.float16).save_pretrained(tmp_path)
    del pipeline
    model = load_masked_tokens(str(tmp_path))
    assert sum(weight.numel() for weight in model.transformer.module.parameters()) > 600e6
    texts = [clip_text_encode(model.text_encoder, text) for text in ("a red star", "")]
    _, found = finish(masked_sample(model.transformer, *texts, rounds=1, guidance=10.0))
    assert found.codes.values.shape == (1, 16, 16)
    assert int(found.codes.values.min()) >= 0
    assert vq_decode(model.vq, found.codes).pixels.shape == (1, 3, 256, 256)
    assert load_vq(str(tmp_path)).size == 8192
