"""Fibo 2.0: its network with a block that reads of the text for each bundle of layers."""

from pathlib import Path

import torch
from diffusers import BriaFibo2Pipeline, BriaFibo2Transformer2DModel
from transformers import Qwen2VLImageProcessor, Qwen3VLForConditionalGeneration, Qwen3VLProcessor, Qwen3VLVideoProcessor

from nodes.loaders.text_encoders.kinds.qwen import EYES_3
from tests.nodes.families.seeing_models import TEMPLATE, qwen_3_vl
from tests.nodes.families.small.parts import flux_2_vae, random, shifted, words


def network() -> BriaFibo2Transformer2DModel:
    return random(
        BriaFibo2Transformer2DModel(
            dim=64,
            n_layers=6,
            n_refiner_layers=1,
            n_heads=2,
            cap_feat_dim=96,
            injection_layer_ids=(0, 2, 3, 4, 5),
            perceiver_num_layers=1,
            axes_dims=(8, 12, 12),
        )
    )


def fibo_2(folder: Path) -> None:
    """Its text encoder has as many layers as are read of it."""
    tokenizer = words()
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**EYES_3),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=TEMPLATE,
    )
    torch.manual_seed(0)
    BriaFibo2Pipeline(
        transformer=network(),
        scheduler=shifted(),
        vae=flux_2_vae(),
        text_encoder=Qwen3VLForConditionalGeneration(qwen_3_vl(tokenizer, 32, 36)),
        processor=processor,
    ).save_pretrained(folder)
