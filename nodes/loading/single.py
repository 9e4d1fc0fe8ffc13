"""One safetensors file in the original layout of Stable Diffusion 1.x and 2.x. Nothing is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loading.architecture import VAE_KEY, Weights, is_second, text_config, unet_config, vae_config
from nodes.loading.parts import Parts, Target, denoiser, text_encoder, vae
from nodes.loading.vocabulary import clip_tokenizer
from nodes.solvers import STABLE_DIFFUSION

PREFIXES = ("model.diffusion_model.", VAE_KEY, "cond_stage_model.")
XL_PREFIX = "conditioner.embedders."


def load_single(path: Path, target: Target) -> Parts:
    """All parts of a model. Raises NodeError for another layout, and for missing or damaged weights.

    A file of version 2 is taken as 2.1 at 768 pixels, which predicts v; the 512-pixel base looks the same and
    predicts epsilon, which only the user can know.
    """
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from diffusers.loaders import single_file_utils as convert
    from transformers import CLIPTextConfig, CLIPTextModel

    weights = _read(path)
    second = is_second(weights)
    network = unet_config(weights)
    with torch.device("meta"):
        unet = UNet2DConditionModel(**network)
        decoder = AutoencoderKL(**vae_config(weights))
        encoder = CLIPTextModel(CLIPTextConfig(**text_config(weights)))
    if second:
        text_weights = convert.convert_open_clip_checkpoint(encoder, weights)
    else:
        text_weights = convert.convert_ldm_clip_checkpoint(weights)
    if not hasattr(encoder, "text_model"):  # transformers 5.6 and later
        text_weights = {name.removeprefix("text_model."): value for name, value in text_weights.items()}
    _fill(path, unet, convert.convert_ldm_unet_checkpoint(weights, unet.config), target)
    _fill(path, decoder, convert.convert_ldm_vae_checkpoint(weights, decoder.config), target)
    _fill(path, encoder, text_weights, target)
    side = int(network["sample_size"])
    schedule = TrainedSchedule({**STABLE_DIFFUSION, "prediction_type": "v_prediction" if second else "epsilon"})
    loaded = vae(decoder, side)
    space = LatentFormat(int(network["out_channels"]), loaded.format.downscale, side)
    return Parts(
        text_encoder(clip_tokenizer(second), encoder),
        DiffusionNetwork(denoiser(unet, target), space, "v" if second else "epsilon"),
        loaded,
        schedule,
    )


def _read(path: Path) -> Weights:
    """The weights of the three networks; others in the file (averages from training) stay unread."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            if any(name.startswith(XL_PREFIX) for name in names):
                raise NodeError(
                    f"{path.name} is a Stable Diffusion XL model; this node loads versions 1 and 2 as one file, "
                    "and XL as a folder that diffusers saved"
                )
            for prefix in PREFIXES:
                if not any(name.startswith(prefix) for name in names):
                    raise NodeError(
                        f"{path.name} has no weights named {prefix}...; this node loads whole Stable Diffusion 1 and 2 "
                        "models, with U-Net, VAE and text encoder in one file"
                    )
            return {name: file.get_tensor(name) for name in names if name.startswith(PREFIXES)}
    except (SafetensorError, OSError):
        raise NodeError(f"{path.name} is damaged or was cut short; download it again") from None


def _fill(path: Path, module: torch.nn.Module, weights: Weights, target: Target) -> None:
    """Give a network made without storage its weights, all of them, in the target's precision."""
    cast = {name: value.to(target.dtype) for name, value in weights.items()}
    try:
        missing = module.load_state_dict(cast, strict=False, assign=True).missing_keys
    except RuntimeError:
        raise NodeError(f"{path.name} is not laid out as Stable Diffusion 1 or 2; this node cannot load it") from None
    if missing:
        raise NodeError(f"{path.name} lacks {len(missing)} weights, such as {sorted(missing)[0]}; download it again")
    for name, buffer in list(module.named_buffers()):
        if buffer.is_meta:  # positions 0, 1, 2, ... of the text encoder
            owner: Any = module.get_submodule(name.rpartition(".")[0])
            owner.register_buffer(name.rpartition(".")[2], torch.arange(buffer.shape[-1])[None], persistent=False)
