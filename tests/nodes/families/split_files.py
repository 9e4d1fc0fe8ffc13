"""One model three ways: as diffusers' folder, as a file for each part, and as one file with all of it.

Widths are small; what no weight tells (numbers a head, epsilons, vocabularies of CLIP) is as in the true models. Names
of split files are those of Comfy-Org's and Stability AI's repositories: transformers and text encoders under their own
names, VAEs under CompVis' or Wan's. All-in-one files put model.diffusion_model., vae. or first_stage_model. and
text_encoders.<name>.transformer. before them.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from diffusers import (
    AutoencoderKL,
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
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
)

from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.families import small_families as small
from tests.nodes.families.seeing_models import flux_2_klein, krea_2, qwen_image_21
from tests.nodes.language_led_models import letters
from tests.nodes.original_layout import unet_weights, vae_weights
from tests.nodes.original_transformers import original_weights

Weights = dict[str, Tensor]
WIDE = 256
"""Two heads of 128, which Qwen 2.5 VL has."""


class Split(NamedTuple):
    """A model's folder, the files of its parts by what they are, and the file with all, where the field has such."""

    folder: Path
    network: Path
    texts: tuple[Path, ...]
    vae: Path
    whole: Path | None


def clip(width: int, layers: int, projected: bool) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=1,
        hidden_act="gelu" if layers == 32 else "quick_gelu",
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def t5(width: int) -> tuple[T5EncoderModel, T5TokenizerFast]:
    pieces = ["<pad>", "</s>", "<unk>", "▁", "▁red", "▁star", "▁blue", "▁a", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = T5TokenizerFast(vocab=[(piece, -float(rank)) for rank, piece in enumerate(pieces)], extra_ids=0)
    shape = {"d_model": width, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    return T5EncoderModel(T5Config(vocab_size=len(tokenizer), feed_forward_proj="gated-gelu", **shape)), tokenizer


def kl(scaling: float, shift: float) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=16,
        use_quant_conv=False,
        use_post_quant_conv=False,
        scaling_factor=scaling,
        shift_factor=shift,
    )


def language(width: int, heads: int, words: int) -> dict[str, Any]:
    return {
        "vocab_size": words,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 3,
        "num_attention_heads": heads,
        "num_key_value_heads": 1,
    }


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
        vae=kl(0.3611, 0.1159),
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
        vae=kl(1.5305, 0.0609),
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
        vae=kl(0.3611, 0.1159),
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


def small_kl(scaling: float) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        scaling_factor=scaling,
    )


def sd1(folder: Path) -> None:
    StableDiffusionPipeline(
        unet=u_net(16, sample_size=64, attention_head_dim=8),
        scheduler=DDIMScheduler(**STABLE_DIFFUSION, timestep_spacing="trailing"),
        vae=small_kl(0.18215),
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
        vae=small_kl(0.13025),
        text_encoder=clip(16, 12, projected=False),
        tokenizer=clip_tokenizer(False),
        text_encoder_2=clip(20, 32, projected=True),
        tokenizer_2=clip_tokenizer(True),
    ).save_pretrained(folder)


class Kind(NamedTuple):
    """How a family's folder is made; its text encoders with the names of their files and tokenizers' folders; what
    all-in-one files call them, where there are such; and how its VAE's weights are named in a file."""

    save: Callable[[Path], None]
    texts: Mapping[str, tuple[str, str]]
    inside: Mapping[str, str] = {}
    vae: str = "vae."


KINDS: Mapping[str, Kind] = {
    "Stable Diffusion 1": Kind(sd1, {"text_encoder": ("clip_l", "")}),
    "Stable Diffusion XL": Kind(xl, {"text_encoder": ("clip_l", ""), "text_encoder_2": ("clip_g", "")}),
    "FLUX.1": Kind(
        flux,
        {"text_encoder": ("clip_l", ""), "text_encoder_2": ("t5xxl_fp16", "tokenizer_2")},
        {"text_encoder": "clip_l", "text_encoder_2": "t5xxl"},
    ),
    "Stable Diffusion 3": Kind(
        sd3,
        {
            "text_encoder": ("clip_l", ""),
            "text_encoder_2": ("clip_g", ""),
            "text_encoder_3": ("t5xxl_fp16", "tokenizer_3"),
        },
        {"text_encoder": "clip_l", "text_encoder_2": "clip_g", "text_encoder_3": "t5xxl"},
        "first_stage_model.",
    ),
    "Z-Image": Kind(z_image, {"text_encoder": ("qwen_3_4b", "tokenizer")}, {"text_encoder": "qwen3_4b"}),
    "Qwen-Image": Kind(qwen_image, {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer")}),
    "Qwen-Image 2.1": Kind(qwen_image_21, {"text_encoder": ("qwen3vl_8b", "processor")}),
    "FLUX.2 Klein": Kind(flux_2_klein, {"text_encoder": ("qwen_3_4b", "tokenizer")}),
    "Krea 2": Kind(krea_2, {"text_encoder": ("qwen3vl_4b", "tokenizer")}),
    "Chroma": Kind(small.chroma, {"text_encoder": ("t5xxl_fp16", "tokenizer")}),
    "Lumina 2": Kind(small.lumina_2, {"text_encoder": ("gemma_2_2b_fp16", "tokenizer")}, {"text_encoder": "gemma2_2b"}),
    "PixArt-alpha": Kind(small.pixart_alpha, {"text_encoder": ("t5xxl_fp16", "tokenizer")}),
    "PixArt-Sigma": Kind(small.pixart_sigma, {"text_encoder": ("t5xxl_fp16", "tokenizer")}),
    "Sana": Kind(small.sana, {"text_encoder": ("gemma_2_2b_it", "tokenizer")}),
    "Sana Sprint": Kind(small.sana_sprint, {"text_encoder": ("gemma_2_2b_it", "tokenizer")}),
    "Ovis-Image": Kind(small.ovis_image, {"text_encoder": ("ovis_2.5", "tokenizer")}, {"text_encoder": "qwen3_2b"}),
    "LongCat-Image": Kind(small.longcat_image, {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer")}),
    "ERNIE-Image": Kind(small.ernie_image, {"text_encoder": ("ministral-3-3b", "tokenizer")}),
    "CogView 4": Kind(small.cogview_4, {"text_encoder": ("glm-4-9b", "tokenizer")}),
    "Kandinsky 5": Kind(
        small.kandinsky_5, {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer"), "text_encoder_2": ("clip_l", "")}
    ),
    "HiDream": Kind(
        small.hidream,
        {
            "text_encoder": ("clip_l_hidream", ""),
            "text_encoder_2": ("clip_g_hidream", ""),
            "text_encoder_3": ("t5xxl_fp16", "tokenizer_3"),
            "text_encoder_4": ("llama_3.1_8b_instruct", "tokenizer_4"),
        },
    ),
    "HunyuanImage": Kind(
        small.hunyuan_image,
        {"text_encoder": ("qwen_2.5_vl_7b", "tokenizer"), "text_encoder_2": ("byt5_small_glyphxl", "")},
    ),
    "AuraFlow": Kind(small.aura_flow, {"text_encoder": ("pile_t5_xl", "tokenizer")}, {"text_encoder": "pile_t5xl"}),
}


def weights_of(folder: Path) -> Weights:
    return load_file(next(folder.glob("*.safetensors")))


def split(name: str, path: Path) -> Split:
    """A family's model, saved all three ways below a folder."""
    torch.manual_seed(0)
    kind, folder = KINDS[name], path / "model"
    kind.save(folder)
    parts = path / "parts"
    parts.mkdir()
    network = _network_names(folder)
    save_file(network, parts / "network.safetensors")
    texts: list[Path] = []
    whole: Weights = {f"model.diffusion_model.{key}": value for key, value in network.items()}
    for place, (file, tokenizer) in kind.texts.items():
        weights = weights_of(folder / place)
        texts.append(parts / file / f"{file}.safetensors")
        texts[-1].parent.mkdir()
        save_file(weights, texts[-1])
        if tokenizer:
            shutil.copytree(folder / tokenizer, texts[-1].parent / "tokenizer")
            shutil.copytree(folder / tokenizer, path / "tokenizer", dirs_exist_ok=True)
        inside = f"text_encoders.{kind.inside.get(place)}.transformer."
        whole |= {inside + key: value for key, value in weights.items()}
    coder = _vae_names(weights_of(folder / "vae"))
    save_file(coder, parts / "vae.safetensors")
    whole |= {kind.vae + key: value for key, value in coder.items()}
    if kind.inside:
        save_file({key: value.contiguous().clone() for key, value in whole.items()}, path / "whole.safetensors")
    return Split(
        folder,
        parts / "network.safetensors",
        tuple(texts),
        parts / "vae.safetensors",
        path / "whole.safetensors" if kind.inside else None,
    )


def _network_names(folder: Path) -> Weights:
    """The original names of a network's weights."""
    if (folder / "unet").is_dir():
        found = unet_weights(weights_of(folder / "unet"))
        return {name.removeprefix("model.diffusion_model."): value for name, value in found.items()}
    return original_weights(_class(folder / "transformer"), weights_of(folder / "transformer"))


def _class(folder: Path) -> str:
    import json

    return str(json.loads((folder / "config.json").read_text())["_class_name"])


def _vae_names(weights: Weights) -> Weights:
    """CompVis' names of an AutoencoderKL; Qwen-Image's stays as diffusers names it."""
    if "encoder.down_blocks.0.downsamplers.0.conv.weight" in weights and "bn.running_mean" not in weights:
        return {name.removeprefix("first_stage_model."): value for name, value in vae_weights(weights, 4).items()}
    return weights
