"""Z-Image-Omni: Z-Image with the eyes of SigLIP 2."""

from pathlib import Path

from diffusers import FlowMatchEulerDiscreteScheduler, ZImageOmniPipeline, ZImageTransformer2DModel
from transformers import Siglip2ImageProcessor, Siglip2VisionConfig, Siglip2VisionModel

from tests.nodes.families.small.parts import kl, qwen_3, random, words

SIGHT = 72
"""As wide as one of its heads is, by which their number is told."""


def z_image_omni(folder: Path) -> None:
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=64,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        siglip_feat_dim=SIGHT,
        axes_dims=(8, 12, 12),
        axes_lens=(1536, 512, 512),
    )
    sight = Siglip2VisionConfig(
        hidden_size=SIGHT,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_patches=256,
    )
    ZImageOmniPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=qwen_3(16, 8),
        tokenizer=words(),
        transformer=random(transformer),
        siglip=Siglip2VisionModel(sight),
        siglip_processor=Siglip2ImageProcessor(),
    ).save_pretrained(folder)
