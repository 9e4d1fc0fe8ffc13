"""One safetensors file in the original layout of Stable Diffusion 1.x, 2.x and XL. Nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loaders.families.stable_diffusion.other_weights import IGNORABLE, OTHERS
from nodes.loaders.families.stable_diffusion.shapes import (
    CLIP_KEY,
    SECOND,
    UNET_KEY,
    VAE_KEY,
    VERSIONS,
    Version,
    guided_by,
    unet_config,
    vae_config,
)
from nodes.loaders.families.stable_diffusion.text_encoder_file import TEXTS
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import damaged
from nodes.loaders.read.parts import Parts, Target, denoiser, exact, prediction_of, vae
from nodes.loaders.read.weights import fill
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from nodes.schedulers.solvers.edm import COSXL, PLAYGROUND, predicting_v

PLAIN = 4
"""Channels that the U-Net of a model sees that is shown latents alone."""
TEXT_PREFIXES = "cond_stage_model.", "conditioner.embedders."
VELOCITY, ZERO_SNR = "v_pred", "ztsnr"
"""Empty weights by which files of XL say that they predict v, and that their last step is noise alone."""
OLD_CLIP = re.compile(r"^cond_stage_model\.transformer\.(?=embeddings\.|encoder\.|final_layer_norm\.)")
"""How older programs that merge models begin the names of CLIP's weights."""
EDM_ENDS = "edm_vpred.sigma_min", "edm_vpred.sigma_max"
"""By these a file of XL says that it is CosXL: where its noise levels begin and end."""
EDM_LATENTS = "edm_mean", "edm_std"
"""By these that it is Playground 2.5: mean and deviation of each channel of its latents."""
MARKS = (VELOCITY, ZERO_SNR, *EDM_ENDS, *EDM_LATENTS)


def load_single(path: Path, target: Target) -> Parts:
    """All parts of a model. Raises NodeError for another layout, and for missing or damaged weights.

    A file of version 2 is taken as 2.1 at 768 pixels, which predicts v; the 512-pixel base looks the same and
    predicts epsilon, which only the user can know.
    """
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from diffusers.loaders import single_file_utils as convert

    weights = _read(path)
    weights.refuse_others(path, OTHERS)
    version = _version(path, weights)
    network = unet_config(weights, version)
    with torch.device("meta"):
        unet = UNet2DConditionModel(**network)
        decoder = AutoencoderKL(**vae_config(weights, version), **_normalising(weights))
    text = TEXTS[version](path, weights, target)
    with weights.followed:
        painting = convert.convert_ldm_unet_checkpoint(weights, unet.config) | guided_by(weights)
        coding = convert.convert_ldm_vae_checkpoint(weights, decoder.config)
    fill(path, unet, weights.given(unet, painting), target.dtype)
    precision = exact(target.dtype) if version.large else target.dtype
    fill(path, decoder, weights.given(decoder, coding), precision)
    weights.close(path, IGNORABLE)
    schedule = predicting_v(unet, _schedule(version, weights, int(network["in_channels"])))
    loaded = vae(decoder, version.side)
    space = LatentFormat(int(network["out_channels"]), loaded.format.downscale, version.side)
    return Parts(text, DiffusionNetwork(denoiser(unet, target), space, prediction_of(schedule)), loaded, schedule)


def _schedule(version: Version, weights: FileWeights, channels: int) -> TrainedSchedule:
    """How the model was trained, by what marks there are.

    Timesteps are spaced trailing: no file says that it is one of few steps (Turbo, Lightning), which paint mud from any
    other start. Models of version 2 that see more than a latent predict epsilon.
    """
    if EDM_LATENTS[0] in weights:
        return TrainedSchedule(PLAYGROUND)
    if EDM_ENDS[0] in weights:
        low, high = (float(weights[name].float()) for name in EDM_ENDS)
        return TrainedSchedule({**COSXL, "sigma_min": low, "sigma_max": high})
    velocity = VELOCITY in weights or (version is SECOND and channels == PLAIN)
    told = {"prediction_type": "v_prediction" if velocity else "epsilon"}
    ending = {"rescale_betas_zero_snr": True} if ZERO_SNR in weights else {}
    return TrainedSchedule({**STABLE_DIFFUSION, **told, **ending, "timestep_spacing": "trailing"})


def _normalising(weights: FileWeights) -> dict[str, Any]:
    """What `AutoencoderKL` is told of latents that are normalised by channel."""
    if EDM_LATENTS[0] not in weights:
        return {}
    mean, deviation = (weights[name].float().flatten().tolist() for name in EDM_LATENTS)
    return {"latents_mean": mean, "latents_std": deviation}


def _version(path: Path, weights: FileWeights) -> Version:
    for version in VERSIONS:
        if all(any(name.startswith(prefix) for name in weights) for prefix in version.texts):
            return version
    raise NodeError(f"{path.name} is not laid out as Stable Diffusion 1, 2 or XL; this node cannot load it")


def _read(path: Path) -> FileWeights:
    """The weights of the networks; others in the file (averages from training) stay unread."""
    from safetensors import SafetensorError, safe_open

    wanted = (UNET_KEY, VAE_KEY, *TEXT_PREFIXES)
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            for prefixes in (UNET_KEY, VAE_KEY, TEXT_PREFIXES):
                if not any(name.startswith(prefixes) for name in names):
                    lacking = prefixes if isinstance(prefixes, str) else "... or ".join(prefixes)
                    raise NodeError(
                        f"{path.name} has no weights named {lacking}...; this node loads whole Stable Diffusion 1, 2 "
                        "and XL models, with U-Net, VAE and text encoders in one file"
                    )
            taken = [name for name in names if name.startswith(wanted) or name in MARKS]
            left = [name for name in names if name not in {*taken}]
            found = FileWeights({OLD_CLIP.sub(CLIP_KEY, name): file.get_tensor(name) for name in taken}, left)
            found.understood(*MARKS)
            return found
    except (SafetensorError, OSError):
        raise damaged(path) from None
