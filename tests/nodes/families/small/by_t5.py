"""Families that are led by T5."""

from pathlib import Path

from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    BriaPipeline,
    BriaTransformer2DModel,
    ChromaPipeline,
    ChromaTransformer2DModel,
    DPMSolverMultistepScheduler,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
)

from tests.nodes.families.small.parts import (
    flow,
    kl,
    pile_t5,
    random,
    t5,
)

LINEAR = {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear", "num_train_timesteps": 1000}


def chroma(folder: Path) -> None:
    encoder, tokenizer = t5(24)
    ChromaPipeline(
        transformer=random(
            ChromaTransformer2DModel(
                in_channels=64,
                num_layers=2,
                num_single_layers=1,
                num_attention_heads=2,
                attention_head_dim=32,
                joint_attention_dim=24,
                axes_dims_rope=(4, 14, 14),
                approximator_num_channels=16,
                approximator_hidden_dim=20,
                approximator_layers=2,
            )
        ),
        scheduler=flow(3.0, use_dynamic_shifting=True),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def bria(folder: Path) -> None:
    """As wide as T5-XXL is, by which its file is told."""
    encoder, tokenizer = t5(4096)
    BriaPipeline(
        transformer=random(
            BriaTransformer2DModel(
                in_channels=16,
                num_layers=2,
                num_single_layers=2,
                attention_head_dim=32,
                num_attention_heads=2,
                joint_attention_dim=4096,
                axes_dims_rope=[4, 14, 14],
            )
        ),
        scheduler=flow(3.0, use_dynamic_shifting=True),
        vae=kl(4, 0.13025),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def pixart(told: bool) -> PixArtTransformer2DModel:
    return random(
        PixArtTransformer2DModel(
            num_attention_heads=2,
            num_layers=2,
            cross_attention_dim=144,
            caption_channels=24,
            sample_size=128,
            use_additional_conditions=told,
        )
    )


def pixart_alpha(folder: Path) -> None:
    encoder, tokenizer = t5(24)
    PixArtAlphaPipeline(
        transformer=pixart(True),
        scheduler=DPMSolverMultistepScheduler(**LINEAR),
        vae=kl(4, 0.18215),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def pixart_sigma(folder: Path) -> None:
    encoder, tokenizer = t5(24)
    PixArtSigmaPipeline(
        transformer=pixart(False),
        scheduler=DPMSolverMultistepScheduler(**LINEAR),
        vae=kl(4, 0.13025),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def aura_flow(folder: Path) -> None:
    encoder, tokenizer = pile_t5()
    AuraFlowPipeline(
        transformer=random(
            AuraFlowTransformer2DModel(
                sample_size=128,
                num_mmdit_layers=1,
                num_single_dit_layers=2,
                num_attention_heads=1,
                joint_attention_dim=2048,
                caption_projection_dim=256,
                pos_embed_max_size=4096,
            )
        ),
        scheduler=flow(1.73),
        vae=kl(4, 0.13025),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)
