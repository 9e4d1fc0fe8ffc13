"""Small Stable Diffusion models with random weights, in the layout of the original files."""

import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

Weights = dict[str, Tensor]
LAYERS = 2


def unet_weights(weights: Weights) -> Weights:
    """diffusers' names to those of CompVis' U-Net."""
    attend = {name.split(".")[1] for name in weights if re.match(r"up_blocks\.\d+\.attentions", name)}
    found = {f"model.diffusion_model.{_unet_name(name, attend)}": value for name, value in weights.items()}
    assert len(found) == len(weights)
    return found


def _unet_name(name: str, attend: set[str]) -> str:
    """``attend``: the blocks on the way up that have attention."""
    for old, new in {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "class_embedding.linear_1": "label_emb.0.0",
        "class_embedding.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }.items():
        if name.startswith(old + "."):
            return new + name.removeprefix(old)
    if found := re.match(r"down_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.*)", name):
        block = (LAYERS + 1) * int(found[1]) + int(found[3]) + 1
        return f"input_blocks.{block}.{_inner(found[2], found[4])}"
    if found := re.match(r"down_blocks\.(\d+)\.downsamplers\.0\.conv\.(.*)", name):
        return f"input_blocks.{(LAYERS + 1) * (int(found[1]) + 1)}.0.op.{found[2]}"
    if found := re.match(r"up_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.*)", name):
        return f"output_blocks.{(LAYERS + 1) * int(found[1]) + int(found[3])}.{_inner(found[2], found[4])}"
    if found := re.match(r"up_blocks\.(\d+)\.upsamplers\.0\.conv\.(.*)", name):
        place = 2 if found[1] in attend else 1
        return f"output_blocks.{(LAYERS + 1) * int(found[1]) + LAYERS}.{place}.conv.{found[2]}"
    if found := re.match(r"mid_block\.(resnets|attentions)\.(\d+)\.(.*)", name):
        place = 1 if found[1] == "attentions" else 2 * int(found[2])
        return f"middle_block.{place}.{_inner(found[1], found[3]).partition('.')[2]}"
    raise AssertionError(name)


def _inner(kind: str, rest: str) -> str:
    if kind == "attentions":
        return f"1.{rest}"
    for old, new in {
        "norm1": "in_layers.0",
        "conv1": "in_layers.2",
        "norm2": "out_layers.0",
        "conv2": "out_layers.3",
        "time_emb_proj": "emb_layers.1",
        "conv_shortcut": "skip_connection",
    }.items():
        if rest.startswith(old + "."):
            return f"0.{new}{rest.removeprefix(old)}"
    raise AssertionError(rest)


def vae_weights(weights: Weights, levels: int) -> Weights:
    found: Weights = {}
    for name, value in weights.items():
        new = re.sub(r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block.", name)
        new = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", new)
        new = re.sub(r"up_blocks\.(\d+)\.resnets\.", lambda m: f"up.{levels - 1 - int(m[1])}.block.", new)
        new = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{levels - 1 - int(m[1])}.upsample", new)
        new = re.sub(r"mid_block\.resnets\.(\d+)", lambda m: f"mid.block_{int(m[1]) + 1}", new)
        new = new.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        if "mid_block.attentions.0" in new:
            new = new.replace("mid_block.attentions.0", "mid.attn_1").replace("group_norm", "norm")
            for old, short in {"to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}.items():
                new = new.replace(f".{old}.", f".{short}.")
            if value.ndim == 2:
                value = value[..., None, None].contiguous()
        found[f"first_stage_model.{new}"] = value
    return found


def clip_weights(weights: Weights, prefix: str = "cond_stage_model.transformer.") -> Weights:
    return {f"{prefix}text_model.{_flat(name)}": value for name, value in weights.items()}


def open_clip_weights(weights: Weights, prefix: str = "cond_stage_model.model.") -> Weights:
    """The names of OpenCLIP's text tower."""
    flat = {_flat(name): value for name, value in weights.items()}
    width = flat["embeddings.token_embedding.weight"].shape[1]
    layers = 1 + max(int(name.split(".")[2]) for name in flat if name.startswith("encoder.layers."))
    projection = flat.get("text_projection.weight")
    found = {
        prefix + "token_embedding.weight": flat["embeddings.token_embedding.weight"],
        prefix + "positional_embedding": flat["embeddings.position_embedding.weight"],
        prefix + "ln_final.weight": flat["final_layer_norm.weight"],
        prefix + "ln_final.bias": flat["final_layer_norm.bias"],
        prefix + "text_projection": torch.randn(width, width) if projection is None else projection.T,
        prefix + "logit_scale": torch.tensor(4.6),
    }
    names = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for layer in range(layers):
        ours, theirs = f"encoder.layers.{layer}.", f"{prefix}transformer.resblocks.{layer}."
        for end in ("weight", "bias"):
            for name, other in names.items():
                found[f"{theirs}{other}.{end}"] = flat[f"{ours}{name}.{end}"]
            found[f"{theirs}attn.out_proj.{end}"] = flat[f"{ours}self_attn.out_proj.{end}"]
            parts = [flat[f"{ours}self_attn.{part}_proj.{end}"] for part in "qkv"]
            found[f"{theirs}attn.in_proj_{end}"] = torch.cat(parts)
    return found


def with_spare_layer(weights: Weights, layers: int) -> Weights:
    """With one layer more than the model of version 2 uses."""
    last = f".resblocks.{layers - 1}."
    return weights | {
        name.replace(last, f".resblocks.{layers}."): value.clone() for name, value in weights.items() if last in name
    }


def _flat(name: str) -> str:
    return name.removeprefix("text_model.")


def write_original(path: Path, second: bool) -> tuple[UNet2DConditionModel, AutoencoderKL, CLIPTextModel]:
    """A whole small model of version 1 or 2 in one file, and the networks whose weights it has."""
    torch.manual_seed(1)
    widths = (64, 128)
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=widths,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=LAYERS,
        cross_attention_dim=64,
        attention_head_dim=[1, 2] if second else 8,
        use_linear_projection=second,
    )
    vae = AutoencoderKL(
        block_out_channels=(32, 32, 64),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=2,
    )
    text = CLIPTextModel(
        CLIPTextConfig(
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=1,
            hidden_act="gelu" if second else "quick_gelu",
        )
    )
    weights = {**original_weights(unet, vae, text, second), "model_ema.decay": torch.tensor(0.999)}
    save_file({name: value.contiguous() for name, value in weights.items()}, path)
    return unet.eval(), vae.eval(), text.eval()


def original_weights(unet: UNet2DConditionModel, vae: AutoencoderKL, text: CLIPTextModel, second: bool) -> Weights:
    """All weights of a model by their original names."""
    words = text.state_dict()
    return {
        **unet_weights(unet.state_dict()),
        **vae_weights(vae.state_dict(), len(vae.config.block_out_channels)),
        **(
            with_spare_layer(open_clip_weights(words), text.config.num_hidden_layers) if second else clip_weights(words)
        ),
    }


def true_networks(second: bool) -> tuple[UNet2DConditionModel, AutoencoderKL, CLIPTextModel]:
    """Version 1.5 or 2.1 in full size."""
    unet = UNet2DConditionModel(
        sample_size=96 if second else 64,
        cross_attention_dim=1024 if second else 768,
        attention_head_dim=[5, 10, 20, 20] if second else 8,
        use_linear_projection=second,
        upcast_attention=second,
    )
    vae = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        sample_size=768 if second else 512,
    )
    width, layers = (1024, 23) if second else (768, 12)
    config = CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act="gelu" if second else "quick_gelu",
    )
    return unet, vae, CLIPTextModel(config)
