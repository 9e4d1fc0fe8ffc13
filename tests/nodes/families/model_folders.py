"""Models of the families that most people have, in diffusers' folders.

Widths are small; what no weight tells (numbers a head, epsilons, vocabularies of CLIP) is as in the true models.
"""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3Model,
)

from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.families.small.parts import clip, kl, language, t5
from tests.nodes.language_led_models import letters

WIDE = 256
"""Two heads of 128, which Qwen 2.5 VL has."""


def flux(folder: Path, pipeline: Any = FluxPipeline, channels: int = 64) -> None:
    """Channels beyond 64 are shown beside the latent."""
    transformer = FluxTransformer2DModel(
        in_channels=channels,
        out_channels=64,
        num_layers=2,
        num_single_layers=2,
        num_attention_heads=2,
        attention_head_dim=32,
        joint_attention_dim=24,
        pooled_projection_dim=16,
        axes_dims_rope=(4, 14, 14),
        guidance_embeds=True,
    )
    encoder, pieces = t5(24)
    pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=clip(16, 12, projected=False),
        tokenizer=clip_tokenizer(False),
        text_encoder_2=encoder,
        tokenizer_2=pieces,
    ).save_pretrained(folder)


def sd3(folder: Path) -> None:
    transformer = SD3Transformer2DModel(
        sample_size=128,
        in_channels=16,
        out_channels=16,
        num_layers=3,
        num_attention_heads=2,
        attention_head_dim=64,
        joint_attention_dim=40,
        caption_projection_dim=128,
        pooled_projection_dim=36,
        pos_embed_max_size=96,
        qk_norm="rms_norm",
        dual_attention_layers=(0, 1),
    )
    encoder, pieces = t5(40)
    first, second = clip(16, 12, projected=True), clip(20, 32, projected=True)
    torch.nn.init.eye_(first.text_projection.weight)  # as in the published folders: see kinds/clip.py
    StableDiffusion3Pipeline(
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=kl(16, 1.5305, 0.0609),
        text_encoder=first,
        tokenizer=clip_tokenizer(False),
        text_encoder_2=second,
        tokenizer_2=clip_tokenizer(True),
        text_encoder_3=encoder,
        tokenizer_3=pieces,
    ).save_pretrained(folder)


def z_image(folder: Path) -> None:
    tokenizer = letters()
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=64,
        n_layers=2,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=(8, 12, 12),
        axes_lens=(1536, 512, 512),
    )
    ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=Qwen3Model(
            Qwen3Config(
                **language(16, 2, len(tokenizer)),
                head_dim=8,
                rope_parameters={"rope_type": "default", "rope_theta": 1e6},
            )
        ),
        tokenizer=tokenizer,
        transformer=transformer,
    ).save_pretrained(folder)


def qwen_image(folder: Path, tokenizer: Qwen2Tokenizer | None = None, **shape: Any) -> None:
    tokenizer = tokenizer or letters()
    transformer = QwenImageTransformer2DModel(
        in_channels=64,
        out_channels=16,
        num_layers=2,
        num_attention_heads=2,
        attention_head_dim=32,
        joint_attention_dim=WIDE,
        axes_dims_rope=(4, 14, 14),
        **shape,
    )
    text = {
        **language(WIDE, 2, len(tokenizer)),
        "rms_norm_eps": 1e-6,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
    }
    place = tokenizer.get_vocab().get("<|image_pad|>", 0)
    sight = {"depth": 1, "hidden_size": 80, "num_heads": 1, "intermediate_size": 16, "out_hidden_size": WIDE}
    QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(
            shift=1.0,
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=0.9,
            base_image_seq_len=256,
            max_image_seq_len=8192,
            shift_terminal=0.02,
        ),
        vae=AutoencoderKLQwenImage(base_dim=8),
        text_encoder=Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(text_config=text, vision_config=sight, image_token_id=place)
        ),
        tokenizer=tokenizer,
        transformer=transformer,
    ).save_pretrained(folder)


def u_net(text: int, **shape: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=shape.pop("sample_size"),
        block_out_channels=(32, 64),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=text,
        **shape,
    )


def sd1(folder: Path) -> None:
    StableDiffusionPipeline(
        unet=u_net(16, sample_size=64, attention_head_dim=8),
        scheduler=DDIMScheduler(**STABLE_DIFFUSION, timestep_spacing="trailing"),
        vae=kl(4, 0.18215),
        text_encoder=clip(16, 12, projected=False),
        tokenizer=clip_tokenizer(False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def xl(folder: Path) -> None:
    unet = u_net(
        36,
        sample_size=128,
        attention_head_dim=(1, 1),
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2),
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=20 + 6 * 256,
    )
    StableDiffusionXLPipeline(
        unet=unet,
        scheduler=DDIMScheduler(**STABLE_DIFFUSION, timestep_spacing="trailing"),
        vae=kl(4, 0.13025),
        text_encoder=clip(16, 12, projected=False),
        tokenizer=clip_tokenizer(False),
        text_encoder_2=clip(20, 32, projected=True),
        tokenizer_2=clip_tokenizer(True),
    ).save_pretrained(folder)
