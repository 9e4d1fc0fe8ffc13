"""Families that came last: PRX, Fibo, Ideogram 4."""

import json
from pathlib import Path

from diffusers import (
    AutoencoderKLWan,
    BriaFiboPipeline,
    BriaFiboTransformer2DModel,
    Ideogram4Pipeline,
    Ideogram4Transformer2DModel,
    PRXPipeline,
    PRXTransformer2DModel,
)
from diffusers.pipelines.prx import T5GemmaEncoder
from transformers import Qwen3VLModel, SmolLM3Config, SmolLM3ForCausalLM
from transformers.models.t5gemma.configuration_t5gemma import T5GemmaConfig, T5GemmaModuleConfig

from nodes.loaders.families.fibo.wan_22 import DEVIATION, MEAN
from tests.nodes.families.seeing_models import qwen_3_vl
from tests.nodes.families.small.parts import dc_ae, flow, flux_2_vae, gemma_2, kl, language, random, shifted, words


def prx(folder: Path, deep: bool = False) -> None:
    """Its text encoder is of its pipeline's own class, and has the configuration of a whole T5Gemma."""
    tokenizer = gemma_2(16)[1]
    tokenizer.model_max_length = 24
    shape = {**language(16, 2, len(tokenizer)), "head_dim": 256, "num_hidden_layers": 2, "dropout_rate": 0.0}
    encoder = T5GemmaEncoder(T5GemmaModuleConfig(**shape))
    encoder.config = T5GemmaConfig(encoder=shape, decoder=shape)
    cells = {"in_channels": 32, "patch_size": 1} if deep else {}
    PRXPipeline(
        transformer=random(
            PRXTransformer2DModel(context_in_dim=16, hidden_size=48, num_heads=2, depth=2, axes_dim=[12, 12], **cells)
        ),
        scheduler=flow(3.0),
        text_encoder=encoder,
        tokenizer=tokenizer,
        vae=dc_ae() if deep else kl(16, 0.3611, 0.1159),
    ).save_pretrained(folder)
    index = folder / "model_index.json"
    index.write_text(json.dumps({**json.loads(index.read_text()), "text_encoder": ["prx", "T5GemmaEncoder"]}))


def prx_deep(folder: Path) -> None:
    """On latents of 32 x 32 pixels a cell."""
    prx(folder, True)


def wan_22_vae() -> AutoencoderKLWan:
    return AutoencoderKLWan(
        base_dim=8,
        decoder_base_dim=12,
        z_dim=48,
        dim_mult=[1, 2, 4, 4],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        is_residual=True,
        in_channels=12,
        out_channels=12,
        patch_size=2,
        scale_factor_spatial=16,
        latents_mean=list(MEAN),
        latents_std=list(DEVIATION),
    )


def fibo(folder: Path) -> None:
    """With a vocabulary as large as it truly is, in which the token of an empty text has its number."""
    rotary = {"rope_type": "default", "rope_theta": 5e6}
    text = SmolLM3Config(**language(256, 2, 128256), rope_parameters=rotary, pad_token_id=0)
    BriaFiboPipeline(
        transformer=random(
            BriaFiboTransformer2DModel(
                in_channels=48,
                num_layers=2,
                num_single_layers=3,
                attention_head_dim=32,
                num_attention_heads=2,
                joint_attention_dim=512,
                axes_dims_rope=[4, 14, 14],
                text_encoder_dim=256,
            )
        ),
        scheduler=shifted(),
        vae=wan_22_vae(),
        text_encoder=SmolLM3ForCausalLM(text),
        tokenizer=words(),
    ).save_pretrained(folder)


def ideogram_4(folder: Path) -> None:
    """Its text encoder has as many layers as are read of it."""
    tokenizer = words()

    def transformer() -> Ideogram4Transformer2DModel:
        return random(
            Ideogram4Transformer2DModel(
                num_layers=2,
                attention_head_dim=64,
                num_attention_heads=1,
                intermediate_size=48,
                adaln_dim=16,
                llm_features_dim=13 * 32,
                mrope_section=(6, 5, 5),
            )
        )

    Ideogram4Pipeline(
        scheduler=flow(1.0),
        vae=flux_2_vae(),
        text_encoder=Qwen3VLModel(qwen_3_vl(tokenizer, 32, 36)),
        tokenizer=tokenizer,
        transformer=transformer(),
        unconditional_transformer=transformer(),
    ).save_pretrained(folder)
