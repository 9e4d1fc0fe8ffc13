"""unCLIP with random weights, in the layout of kakaobrain/karlo-v1-alpha."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    DDPMScheduler,
    KandinskyV22Pipeline,
    KandinskyV22PriorPipeline,
    PriorTransformer,
    UnCLIPPipeline,
    UnCLIPScheduler,
    UNet2DConditionModel,
    UNet2DModel,
    VQModel,
)
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

KARLO_PRIOR: dict[str, Any] = {
    "num_attention_heads": 32,
    "attention_head_dim": 64,
    "num_layers": 20,
    "embedding_dim": 768,
    "num_embeddings": 77,
    "additional_embeddings": 4,
}
KARLO_DECODER: dict[str, Any] = {
    "sample_size": 64,
    "in_channels": 3,
    "out_channels": 6,
    "block_out_channels": (320, 640, 960, 1280),
    "down_block_types": ("ResnetDownsampleBlock2D", *("SimpleCrossAttnDownBlock2D",) * 3),
    "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
    "up_block_types": (*("SimpleCrossAttnUpBlock2D",) * 3, "ResnetUpsampleBlock2D"),
    "layers_per_block": 3,
    "cross_attention_dim": 1536,
    "attention_head_dim": 64,
    "class_embed_type": "identity",
    "resnet_time_scale_shift": "scale_shift",
}
KARLO_UPSAMPLER: dict[str, Any] = {
    "sample_size": 256,
    "in_channels": 6,
    "out_channels": 3,
    "block_out_channels": (320, 640, 960, 1280),
    "down_block_types": ("ResnetDownsampleBlock2D",) * 4,
    "up_block_types": ("ResnetUpsampleBlock2D",) * 4,
    "layers_per_block": 3,
    "add_attention": False,
}
"""The parts of kakaobrain/karlo-v1-alpha."""
TINY_PRIOR = {"num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 2, "embedding_dim": 24}
TINY_DECODER = {
    "sample_size": 16,
    "block_out_channels": (16, 32, 32, 32),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "cross_attention_dim": 16,
    "attention_head_dim": 8,
}
TINY_UPSAMPLER = {
    "sample_size": 32,
    "block_out_channels": (8, 16),
    "down_block_types": ("ResnetDownsampleBlock2D",) * 2,
    "up_block_types": ("ResnetUpsampleBlock2D",) * 2,
    "layers_per_block": 1,
    "norm_num_groups": 4,
}


def save_unclip(
    folder: Path,
    tokenizer: CLIPTokenizer,
    prior: dict[str, Any],
    decoder: dict[str, Any],
    upsampler: dict[str, Any] = TINY_UPSAMPLER,
) -> Path:
    """A model with random weights as UnCLIPPipeline saves it; the parts given differ from Karlo in size."""
    torch.manual_seed(0)
    prior, decoder = KARLO_PRIOR | prior, KARLO_DECODER | decoder
    width, length = prior["embedding_dim"], tokenizer.model_max_length
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=2,
        num_attention_heads=width // 8,
        max_position_embeddings=length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    projection = UnCLIPTextProjModel(
        clip_extra_context_tokens=4,
        clip_embeddings_dim=width,
        time_embed_dim=4 * decoder["block_out_channels"][0],
        cross_attention_dim=decoder["cross_attention_dim"],
    )
    first, last = (UNet2DModel(**KARLO_UPSAMPLER | upsampler) for _ in range(2))
    made = PriorTransformer(**prior | {"num_embeddings": length})
    for weights in (made.prd_embedding, made.positional_embedding, made.clip_mean, made.clip_std):
        torch.nn.init.normal_(weights)
    torch.nn.init.normal_(projection.learned_classifier_free_guidance_embeddings)
    UnCLIPPipeline(
        prior=made,
        decoder=UNet2DConditionModel(**decoder),
        text_encoder=CLIPTextModelWithProjection(text),
        tokenizer=tokenizer,
        text_proj=projection,
        super_res_first=first,
        super_res_last=last,
        prior_scheduler=UnCLIPScheduler(prediction_type="sample", clip_sample_range=5.0),
        decoder_scheduler=UnCLIPScheduler(variance_type="learned_range"),
        super_res_scheduler=UnCLIPScheduler(),
    ).save_pretrained(folder)
    return folder


def unclip_pipeline(folder: Path) -> UnCLIPPipeline:
    """diffusers' own pipeline; it no longer finds all its parts by itself."""
    return UnCLIPPipeline(
        prior=PriorTransformer.from_pretrained(folder / "prior"),
        decoder=UNet2DConditionModel.from_pretrained(folder / "decoder"),
        text_encoder=CLIPTextModelWithProjection.from_pretrained(folder / "text_encoder"),
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        text_proj=UnCLIPTextProjModel.from_pretrained(folder / "text_proj"),
        super_res_first=UNet2DModel.from_pretrained(folder / "super_res_first"),
        super_res_last=UNet2DModel.from_pretrained(folder / "super_res_last"),
        prior_scheduler=UnCLIPScheduler.from_pretrained(folder / "prior_scheduler"),
        decoder_scheduler=UnCLIPScheduler.from_pretrained(folder / "decoder_scheduler"),
        super_res_scheduler=UnCLIPScheduler.from_pretrained(folder / "super_res_scheduler"),
    )


KANDINSKY_DECODER: dict[str, Any] = {
    "sample_size": 64,
    "in_channels": 4,
    "out_channels": 8,
    "block_out_channels": (384, 768, 1152, 1536),
    "down_block_types": ("ResnetDownsampleBlock2D", *("SimpleCrossAttnDownBlock2D",) * 3),
    "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
    "up_block_types": (*("SimpleCrossAttnUpBlock2D",) * 3, "ResnetUpsampleBlock2D"),
    "layers_per_block": 3,
    "cross_attention_dim": 768,
    "attention_head_dim": 64,
    "encoder_hid_dim": 1280,
    "encoder_hid_dim_type": "image_proj",
    "addition_embed_type": "image",
    "resnet_time_scale_shift": "scale_shift",
}
MOVQ: dict[str, Any] = {
    "block_out_channels": (128, 256, 256, 512),
    "down_block_types": (*("DownEncoderBlock2D",) * 3, "AttnDownEncoderBlock2D"),
    "up_block_types": ("AttnUpDecoderBlock2D", *("UpDecoderBlock2D",) * 3),
    "layers_per_block": 2,
    "latent_channels": 4,
    "num_vq_embeddings": 16384,
    "vq_embed_dim": 4,
    "norm_type": "spatial",
}
"""The parts of kandinsky-community/kandinsky-2-2-decoder."""
TINY_KANDINSKY = {
    "sample_size": 8,
    "block_out_channels": (16, 32, 32, 32),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "cross_attention_dim": 16,
    "attention_head_dim": 8,
    "encoder_hid_dim": 24,
}
TINY_MOVQ = {"block_out_channels": (32,) * 4, "layers_per_block": 1, "num_vq_embeddings": 16}


def save_kandinsky_decoder(folder: Path, unet: dict[str, Any], movq: dict[str, Any]) -> KandinskyV22Pipeline:
    """As kandinsky-community/kandinsky-2-2-decoder lies, and the pipeline of it; the parts given differ in size."""
    torch.manual_seed(0)
    pipeline = KandinskyV22Pipeline(
        unet=UNet2DConditionModel(**KANDINSKY_DECODER | unet),
        scheduler=DDPMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            clip_sample_range=2.0,
            sample_max_value=2.0,
            thresholding=True,
            dynamic_thresholding_ratio=1,
            variance_type="learned_range",
        ),
        movq=VQModel(**MOVQ | movq),
    )
    pipeline.save_pretrained(folder)
    return pipeline


def save_kandinsky_prior(folder: Path, karlo: Path) -> KandinskyV22PriorPipeline:
    """The prior of ``karlo`` as kandinsky-community/kandinsky-2-2-prior lies, and the pipeline of it."""
    prior = PriorTransformer.from_pretrained(karlo / "prior")
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        projection_dim=prior.config.embedding_dim,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
    )
    pipeline = KandinskyV22PriorPipeline(
        prior=prior,
        image_encoder=CLIPVisionModelWithProjection(vision),
        text_encoder=CLIPTextModelWithProjection.from_pretrained(karlo / "text_encoder"),
        tokenizer=CLIPTokenizer.from_pretrained(karlo / "tokenizer"),
        scheduler=UnCLIPScheduler(prediction_type="sample", clip_sample_range=10.0),
        image_processor=CLIPImageProcessor(size={"shortest_edge": 16}, crop_size={"height": 16, "width": 16}),
    )
    pipeline.save_pretrained(folder)
    return pipeline
