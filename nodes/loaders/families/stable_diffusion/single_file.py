"""One safetensors file in the original layout of Stable Diffusion 1.x, 2.x and XL. Nothing is fetched."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat
from nodes.loaders.families.stable_diffusion.marks import MARKS, TELLING, normalising, predicts_velocity, schedule_of
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
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.made_of import made_of
from nodes.loaders.read.parts import LoadTarget, Parts, denoiser, exact, prediction_of, vae
from nodes.loaders.read.weights import fill
from nodes.schedulers.solvers.edm import predicting_v

TEXT_PREFIXES = "cond_stage_model.", "conditioner.embedders."
OLD_CLIP = re.compile(r"^cond_stage_model\.transformer\.(?=embeddings\.|encoder\.|final_layer_norm\.)")
"""How older programs that merge models begin the names of CLIP's weights."""


def load_single(path: Path, target: LoadTarget) -> Parts:
    """All parts of a model. Raises NodeError for another layout, and for missing or damaged weights.

    A file of version 2 is taken as 2.1 at 768 pixels, which predicts v; the 512-pixel base looks the same and
    predicts epsilon, which only the user can know. Those that see more than a latent predict epsilon too.
    """
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from diffusers.loaders import single_file_utils as convert

    weights = _read(path)
    weights.refuse_others(path, OTHERS)
    version = _version(path, weights)
    with made_of(path, "Stable Diffusion", weights), torch.device("meta"):
        network = unet_config(weights, version)
        unet = UNet2DConditionModel(**network)
        coder = vae_config(weights, version)
        decoder = AutoencoderKL(**coder, **normalising(path, weights, coder["latent_channels"]))
    text = TEXTS[version](path, weights, target)
    with made_of(path, "Stable Diffusion", weights), weights.followed:
        painting = convert.convert_ldm_unet_checkpoint(weights, unet.config) | guided_by(weights)
        coding = convert.convert_ldm_vae_checkpoint(weights, decoder.config)
    fill(path, unet, weights.given(unet, painting), target.dtype, "U-Net")
    precision = exact(target.dtype) if version.large else target.dtype
    fill(path, decoder, weights.given(decoder, coding), precision, "VAE")
    weights.close(path, IGNORABLE)
    plain = network["in_channels"] == network["out_channels"]
    velocity = version is SECOND and plain and predicts_velocity(weights.get(TELLING))
    schedule = predicting_v(unet, schedule_of(path, weights, velocity))
    loaded = vae(decoder, version.side)
    space = LatentFormat(int(network["out_channels"]), loaded.format.downscale, version.side)
    return Parts(text, DiffusionNetwork(denoiser(unet, target), space, prediction_of(schedule)), loaded, schedule)


def _version(path: Path, weights: FileWeights) -> Version:
    for version in VERSIONS:
        if all(any(name.startswith(prefix) for name in weights) for prefix in version.texts):
            return version
    raise NodeError(f"{path.name} is not laid out as Stable Diffusion 1, 2 or XL; this node cannot load it")


def _read(path: Path) -> FileWeights:
    """The weights of the networks; others in the file (averages from training) stay unread."""
    weights = open_weights(path)
    for prefixes in (UNET_KEY, VAE_KEY, TEXT_PREFIXES):
        if not any(name.startswith(prefixes) for name in weights):
            lacking = prefixes if isinstance(prefixes, str) else "... or ".join(prefixes)
            raise NodeError(
                f"{path.name} has no weights named {lacking}...; this node loads whole Stable Diffusion 1, 2 "
                "and XL models, with U-Net, VAE and text encoders in one file"
            )
    wanted = (UNET_KEY, VAE_KEY, *TEXT_PREFIXES)
    taken = {name: value for name, value in weights.items() if name.startswith(wanted) or name in MARKS}
    left = [name for name in weights if name not in taken]
    found = FileWeights({OLD_CLIP.sub(CLIP_KEY, name): value for name, value in taken.items()}, left)
    found.understood(*MARKS)
    return found
