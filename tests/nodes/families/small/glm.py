"""GLM-Image: a language model that plans in a few codes, ByT5, and the transformer."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, GlmImagePipeline, GlmImageTransformer2DModel
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as Bytes
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    ByT5Tokenizer,
    GlmImageConfig,
    GlmImageForConditionalGeneration,
    GlmImageImageProcessor,
    GlmImageProcessor,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

from nodes.loaders.families.glm_image.family import DEVIATION, MEAN
from nodes.loaders.families.glm_image.planner import ROTARY
from tests.nodes.families.small.parts import random, shifted

CODES = 64
SPECIAL = {"image_token": "<|image|>", "grid_bos_token": "<sop>", "grid_eos_token": "<eop>"}
TEMPLATE = (
    "{% for one in messages %}{% for part in one.content %}{% if part.type == 'image' %}"
    "<|begin|><|image|><|end|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endfor %}"
)


def words() -> PreTrainedTokenizerFast:
    """The codes of images, what begins and what ends one, and each byte a token."""
    first = [f"<|code_{number}|>" for number in range(CODES)] + ["<|begin|>", "<|end|>"]
    pieces = first + sorted(ByteLevel.alphabet())
    plain = Tokenizer(BPE(vocab={piece: number for number, piece in enumerate(pieces)}, merges=[]))
    plain.pre_tokenizer, plain.decoder = ByteLevel(add_prefix_space=False), Bytes()
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        bos_token="<|begin|>",
        eos_token="<|end|>",
        pad_token="<|end|>",
        extra_special_tokens=SPECIAL,
        chat_template=TEMPLATE,
    )


def glm_image(folder: Path) -> None:
    """Heads are as wide as they truly are, by which their number is told."""
    tokenizer = words()
    config = GlmImageConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "vision_vocab_size": CODES + 2,
            "hidden_size": 128,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 1,
            "num_key_value_heads": 1,
            "rope_parameters": dict(ROTARY),
            "pad_token_id": CODES + 1,
            "eos_token_id": CODES + 1,
        },
        vision_config={
            "depth": 1,
            "hidden_size": 96,
            "num_heads": 1,
            "patch_size": 16,
            "image_size": 64,
            "intermediate_size": 32,
        },
        vq_config={"num_embeddings": CODES, "embed_dim": 16, "latent_channels": 96},
        image_token_id=tokenizer.convert_tokens_to_ids(SPECIAL["image_token"]),
        image_start_token_id=CODES,
        image_end_token_id=CODES + 1,
    )
    planner = GlmImageForConditionalGeneration(config)
    torch.nn.init.normal_(planner.lm_head.weight, std=1.0)
    eyes = GlmImageImageProcessor(
        patch_size=16, temporal_patch_size=1, merge_size=1, size={"shortest_edge": 64**2, "longest_edge": 512**2}
    )
    glyphs = T5Config(vocab_size=384, d_model=24, d_kv=8, d_ff=32, num_layers=1, num_heads=2)
    GlmImagePipeline(
        tokenizer=ByT5Tokenizer(),
        processor=GlmImageProcessor(eyes, tokenizer, chat_template=TEMPLATE),
        text_encoder=T5EncoderModel(glyphs),
        vision_language_encoder=planner,
        vae=AutoencoderKL(
            block_out_channels=(32, 32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=1,
            latent_channels=16,
            use_quant_conv=False,
            use_post_quant_conv=False,
            mid_block_add_attention=False,
            latents_mean=list(MEAN),
            latents_std=list(DEVIATION),
        ),
        transformer=random(
            GlmImageTransformer2DModel(
                num_layers=2,
                attention_head_dim=128,
                num_attention_heads=1,
                text_embed_dim=24,
                time_embed_dim=24,
                condition_dim=8,
                prior_vq_quantizer_codebook_size=CODES,
            )
        ),
        scheduler=shifted(1.0, base_shift=0.25, max_shift=0.75, time_shift_type="linear"),
    ).save_pretrained(folder)
