"""Kolors with random weights: XL's U-Net led by ChatGLM, whose heads are as wide as they truly are."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import EulerDiscreteScheduler
from diffusers.pipelines.kolors import ChatGLMModel
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig

from tests.nodes.families.model_folders import u_net
from tests.nodes.families.small.parts import kl, random
from tests.nodes.families.test_sentencepiece_file import BPE, BYTES, CONTROL, NORMAL, Given, model

PIECES: list[Given] = [
    ("<unk>", 0, 2), ("<s>", 0, CONTROL), ("</s>", 0, CONTROL), *BYTES, ("▁a", -1, NORMAL), ("▁r", -2, NORMAL),
    ("re", -3, NORMAL), ("red", -4, NORMAL), ("▁red", -5, NORMAL), ("st", -6, NORMAL),
    *((letter, -9.0, NORMAL) for letter in "▁abdelrstu"),
]  # fmt: skip
MARKS = 9
WIDTH = 32


def kolors(folder: Path) -> None:
    text = ChatGLMModel(
        ChatGLMConfig(
            num_layers=3,
            padded_vocab_size=len(PIECES) + MARKS,
            hidden_size=WIDTH,
            ffn_hidden_size=24,
            kv_channels=128,
            num_attention_heads=2,
            seq_length=32768,
            add_qkv_bias=True,
            multi_query_attention=True,
            multi_query_group_num=1,
            original_rope=True,
        ),
        empty_init=False,
    )
    for weight in text.parameters():
        torch.nn.init.normal_(weight, float(weight.ndim == 1), 0.1)
    unet = u_net(
        40,
        sample_size=128,
        attention_head_dim=(1, 1),
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2),
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=WIDTH + 6 * 256,
        encoder_hid_dim=WIDTH,
        encoder_hid_dim_type="text_proj",
    )
    plan = EulerDiscreteScheduler(
        num_train_timesteps=1100,
        beta_start=0.00085,
        beta_end=0.014,
        beta_schedule="scaled_linear",
        timestep_spacing="leading",
        steps_offset=1,
    )
    parts: dict[str, Any] = {"text_encoder": text, "unet": random(unet), "scheduler": plan, "vae": kl(4, 0.13025)}
    for name, part in parts.items():
        part.save_pretrained(folder / name)
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "tokenizer.model").write_bytes(model(PIECES, BPE, {35: 1, 40: 0, 41: 1, 42: 2}))
    (folder / "tokenizer" / "tokenizer_config.json").write_text('{"tokenizer_class": "ChatGLMTokenizer"}')
    classes = {
        "text_encoder": ["kolors", "ChatGLMModel"],
        "tokenizer": ["kolors", "ChatGLMTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "KolorsPipeline", **classes}))
