"""Stable Cascade's two stages, each a folder."""

from pathlib import Path

from diffusers import (
    DDPMWuerstchenScheduler,
    StableCascadeDecoderPipeline,
    StableCascadePriorPipeline,
    StableCascadeUNet,
)
from diffusers.pipelines.deprecated.wuerstchen import PaellaVQModel

from tests.nodes.families.model_folders import clip_tokenizer
from tests.nodes.families.small.parts import clip, random

TEXT = 64
BLOCKS = "SDCascadeResBlock", "SDCascadeTimestepBlock", "SDCascadeAttnBlock"


def parts() -> dict[str, object]:
    tokenizer = clip_tokenizer(True)
    tokenizer.pad_token = tokenizer.eos_token
    return {
        "tokenizer": tokenizer,
        "text_encoder": clip(TEXT, 32, True),
        "scheduler": DDPMWuerstchenScheduler(),
    }


def stage_c(folder: Path) -> None:
    prior = StableCascadeUNet(
        timestep_ratio_embedding_dim=8,
        conditioning_dim=16,
        block_out_channels=(64, 64),
        num_attention_heads=(1, 1),
        down_num_layers_per_block=(1, 2),
        up_num_layers_per_block=(2, 1),
        block_types_per_layer=(BLOCKS, BLOCKS),
        clip_text_in_channels=TEXT,
        clip_text_pooled_in_channels=TEXT,
        clip_image_in_channels=12,
        switch_level=(False,),
    )
    StableCascadePriorPipeline(prior=random(prior), **parts()).save_pretrained(folder)


def stage_b(folder: Path) -> None:
    decoder = StableCascadeUNet(
        in_channels=4,
        out_channels=4,
        patch_size=2,
        timestep_ratio_embedding_dim=8,
        conditioning_dim=16,
        block_out_channels=(32, 64),
        num_attention_heads=(-1, 1),
        down_num_layers_per_block=(1, 2),
        up_num_layers_per_block=(2, 1),
        down_blocks_repeat_mappers=(1, 1),
        up_blocks_repeat_mappers=(2, 1),
        block_types_per_layer=(BLOCKS[:2], BLOCKS),
        clip_text_pooled_in_channels=TEXT,
        effnet_in_channels=16,
        pixel_mapper_in_channels=3,
        timestep_conditioning_type=("sca",),
    )
    vqgan = PaellaVQModel(bottleneck_blocks=2, embed_dim=16, num_vq_embeddings=8)
    StableCascadeDecoderPipeline(decoder=random(decoder), vqgan=random(vqgan), **parts()).save_pretrained(folder)
