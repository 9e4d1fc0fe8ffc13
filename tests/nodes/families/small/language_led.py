"""Families that are led by a language model."""

from pathlib import Path
from typing import Any

from diffusers import (
    AnimaAutoBlocks,
    AnimaTextConditioner,
    AutoencoderKLQwenImage,
    CogView4Pipeline,
    CogView4Transformer2DModel,
    CosmosTransformer3DModel,
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    LongCatImagePipeline,
    LongCatImageTransformer2DModel,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
)
from transformers import (
    GlmConfig,
    GlmModel,
    Ministral3Config,
    Mistral3Config,
    Mistral3Model,
)

from tests.nodes.families.small.parts import (
    dc_ae,
    flow,
    flux_2_vae,
    gemma_2,
    kl,
    language,
    qwen_3,
    qwen_25_vl,
    random,
    shifted,
    t5,
    words,
)


def lumina_2(folder: Path) -> None:
    encoder, tokenizer = gemma_2(16)
    Lumina2Pipeline(
        transformer=random(
            Lumina2Transformer2DModel(
                in_channels=16,
                hidden_size=48,
                num_layers=2,
                num_refiner_layers=1,
                num_attention_heads=2,
                num_kv_heads=1,
                multiple_of=16,
                ffn_dim_multiplier=0.7,
                axes_dim_rope=(8, 8, 8),
                cap_feat_dim=16,
            )
        ),
        scheduler=flow(6.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def sana_transformer(**more: Any) -> SanaTransformer2DModel:
    return random(
        SanaTransformer2DModel(
            num_attention_heads=7,
            attention_head_dim=32,
            num_layers=2,
            num_cross_attention_heads=2,
            cross_attention_head_dim=112,
            cross_attention_dim=224,
            caption_channels=16,
            **more,
        )
    )


def sana(folder: Path) -> None:
    encoder, tokenizer = gemma_2(16)
    SanaPipeline(
        transformer=sana_transformer(),
        scheduler=flow(3.0),
        vae=dc_ae(),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def sana_sprint(folder: Path) -> None:
    encoder, tokenizer = gemma_2(16)
    SanaSprintPipeline(
        transformer=sana_transformer(guidance_embeds=True, qk_norm="rms_norm_across_heads"),
        scheduler=SCMScheduler(),
        vae=dc_ae(),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def flux_shaped(text: int) -> dict[str, Any]:
    """Of transformers of FLUX's shape, for tokens of a width."""
    return {
        "in_channels": 64,
        "num_layers": 2,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 32,
        "joint_attention_dim": text,
        "axes_dims_rope": (4, 14, 14),
    }


def ovis_image(folder: Path) -> None:
    OvisImagePipeline(
        transformer=random(OvisImageTransformer2DModel(**flux_shaped(16))),
        scheduler=shifted(3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=qwen_3(16, 8),
        tokenizer=words(),
    ).save_pretrained(folder)


def longcat_image(folder: Path) -> None:
    LongCatImagePipeline(
        transformer=random(LongCatImageTransformer2DModel(**flux_shaped(256))),
        scheduler=shifted(3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=qwen_25_vl(),
        tokenizer=words(),
        text_processor=None,
    ).save_pretrained(folder)


def ernie_image(folder: Path) -> None:
    text = Ministral3Config(**language(32), head_dim=128)
    sight = {"model_type": "pixtral", "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    ErnieImagePipeline(
        transformer=random(
            ErnieImageTransformer2DModel(
                hidden_size=64,
                num_attention_heads=2,
                num_layers=2,
                ffn_hidden_size=48,
                text_in_dim=32,
                rope_axes_dim=(8, 12, 12),
            )
        ),
        scheduler=flow(3.0),
        vae=flux_2_vae(),
        text_encoder=Mistral3Model(
            Mistral3Config(text_config=text, vision_config={**sight, "num_attention_heads": 2, "head_dim": 8})
        ),
        tokenizer=words(),
    ).save_pretrained(folder)


def cogview_4(folder: Path) -> None:
    tokenizer = words()
    CogView4Pipeline(
        transformer=random(
            CogView4Transformer2DModel(
                num_layers=2,
                attention_head_dim=128,
                num_attention_heads=1,
                text_embed_dim=32,
                time_embed_dim=24,
                condition_dim=8,
            )
        ),
        scheduler=shifted(1.0, base_shift=0.25, max_shift=0.75, time_shift_type="linear"),
        vae=kl(16, 1.0, 0.0),
        text_encoder=GlmModel(GlmConfig(**language(32), head_dim=128, pad_token_id=tokenizer.pad_token_id)),
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def anima(folder: Path) -> None:
    """A modular pipeline; its text encoder is as wide as it truly is, by which its file is told."""
    pieces = t5(24)[1]
    pipeline = AnimaAutoBlocks().init_pipeline()
    pipeline.update_components(
        transformer=random(
            CosmosTransformer3DModel(
                num_attention_heads=2,
                attention_head_dim=24,
                num_layers=2,
                text_embed_dim=16,
                adaln_lora_dim=8,
                max_size=(128, 240, 240),
                rope_scale=(1.0, 4.0, 4.0),
                extra_pos_embed_type=None,
            )
        ).eval(),
        text_conditioner=AnimaTextConditioner(
            source_dim=1024,
            target_dim=16,
            model_dim=24,
            num_layers=2,
            num_attention_heads=2,
            target_vocab_size=len(pieces),
        ).eval(),
        scheduler=flow(3.0),
        vae=AutoencoderKLQwenImage(base_dim=8).eval(),
        text_encoder=qwen_3(1024, 128).eval(),
        tokenizer=words(),
        t5_tokenizer=pieces,
    )
    pipeline.save_pretrained(str(folder))
