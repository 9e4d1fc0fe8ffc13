"""Stable unCLIP with random weights, as a folder and as one file; its text encoder is as wide as it truly is."""

from pathlib import Path
from typing import Any

import torch
from diffusers import DDIMScheduler, DDPMScheduler, StableUnCLIPImg2ImgPipeline, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from tests.nodes.families.small.parts import kl, random
from tests.nodes.original_layout import unet_weights, vae_weights

WIDTH, SEEN = 64, 24
"""Of a token, and of the vector of an image."""
PLAN: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def stable_unclip(folder: Path) -> None:
    network = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=WIDTH,
        attention_head_dim=(1, 1),
        use_linear_projection=True,
        upcast_attention=True,
        class_embed_type="projection",
        projection_class_embeddings_input_dim=2 * SEEN,
        norm_num_groups=32,
    )
    statistics = StableUnCLIPImageNormalizer(SEEN)
    torch.nn.init.normal_(statistics.mean)
    torch.nn.init.uniform_(statistics.std, 0.5, 2.0)
    StableUnCLIPImg2ImgPipeline(
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        image_encoder=random(sight()),
        image_normalizer=statistics,
        image_noising_scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        tokenizer=clip_tokenizer(True),
        text_encoder=random(reader()),
        unet=random(network),
        scheduler=DDIMScheduler(
            **PLAN, prediction_type="v_prediction", clip_sample=False, set_alpha_to_one=False, steps_offset=1
        ),
        vae=kl(4, 0.18215),
    ).save_pretrained(folder)


def reader() -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=49408,
            hidden_size=WIDTH,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=1,
            hidden_act="gelu",
            projection_dim=WIDTH,
        )
    )


def sight() -> CLIPVisionModelWithProjection:
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=64,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=1,
            image_size=28,
            patch_size=14,
            projection_dim=SEEN,
            hidden_act="gelu",
        )
    )


def one_file(folder: Path, file: Path) -> Path:
    """All of a folder as `sd21-unclip-h` has it, under names of CompVis and OpenCLIP: the image encoder is called
    embedder.model.visual, the statistics of its vectors noise_augmentor, beside which tables of its levels stand."""
    found = dict(unet_weights(weights(folder / "unet")))
    found |= vae_weights(weights(folder / "vae"), 4)
    text = tower(weights(folder / "text_encoder"), "", TEXT)
    found |= {f"cond_stage_model.model.{name}": value for name, value in text.items()}
    image = tower(weights(folder / "image_encoder"), "vision_model.", SIGHT)
    image["proj"] = image.pop("visual_projection.weight").T.contiguous()
    found |= {f"embedder.model.visual.{name}": value for name, value in image.items()}
    spread = weights(folder / "image_normalizer")
    found |= {"noise_augmentor.data_mean": spread["mean"], "noise_augmentor.data_std": spread["std"]}
    found |= {f"noise_augmentor.{name}": torch.ones(1000) for name in ("betas", "alphas_cumprod")}
    save_file({name: value.contiguous().clone() for name, value in found.items()}, file)
    return file


TEXT = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}
SIGHT = {
    "embeddings.class_embedding": "class_embedding",
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.patch_embedding.weight": "conv1.weight",
    "pre_layrnorm.weight": "ln_pre.weight",
    "pre_layrnorm.bias": "ln_pre.bias",
    "post_layernorm.weight": "ln_post.weight",
    "post_layernorm.bias": "ln_post.bias",
}
PARTS = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def weights(folder: Path) -> dict[str, Tensor]:
    return load_file(next(folder.glob("*.safetensors")))


def tower(given: dict[str, Tensor], before: str, names: dict[str, str]) -> dict[str, Tensor]:
    """A tower of transformers under OpenCLIP's names."""
    plain = {name.removeprefix("text_model.").removeprefix(before): value for name, value in given.items()}
    found = {names.get(name, name): value for name, value in plain.items() if not name.startswith("encoder.")}
    for name in plain:
        if not name.startswith("encoder.layers."):
            continue
        number, part = name.removeprefix("encoder.layers.").split(".", 1)
        layer, _, end = part.rpartition(".")
        block = f"transformer.resblocks.{number}"
        if layer == "self_attn.q_proj":
            pieces = [plain[f"encoder.layers.{number}.self_attn.{letter}_proj.{end}"] for letter in "qkv"]
            found[f"{block}.attn.in_proj_{end}"] = torch.cat(pieces)
        elif layer in PARTS:
            found[f"{block}.{PARTS[layer]}.{end}"] = plain[name]
    return found
