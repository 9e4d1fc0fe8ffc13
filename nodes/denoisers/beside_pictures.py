"""U-Nets that are shown something of an image beside the latent: for inpainting, editing, and by depth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import VAE, Denoiser, DiffusionNetwork, Image, Mask
from nodes.denoisers.denoisers import USUAL_GUIDANCE, channels_beside, new_unet_denoiser
from nodes.latents.vae import DiffusersVAE, vae_encode

MASK, DEPTH = 1, 1
"""Channels of what is shown besides the latent of an image, or in its place."""
Predictions = Literal["auto", "epsilon", "v", "sample", "flow"]


@node("Inpainting denoiser")
def inpainting_denoiser(
    unet: DiffusionNetwork,
    vae: VAE,
    image: Image,
    mask: Mask,
    prediction: Predictions = "auto",
    guidance: Annotated[float, Slider(1, 20, 0.1)] = USUAL_GUIDANCE,
) -> Denoiser:
    """A U-Net that was trained for inpainting, shown an image and what of it to paint anew.

    Beside the latent it sees the mask, 1 where it shall paint, and the latent of the image with grey in place of
    what the mask covers: 4 + 1 + 4 channels. ``image`` (B, 3, H, W) and ``mask`` (B, 1, H, W) are as large as what is
    painted; a single one serves all seeds. Any value of the mask from 0.5 on counts as 1. ``vae`` is the model's own.
    The rest of the image comes back nearly as it was; Composite brings back every pixel of it.

    ``prediction`` and ``guidance`` are as for U-Net denoiser. Fails for a U-Net that was not trained for it (use that
    and Inpaint), and when sizes do not fit.
    Paper: Rombach et al. 2022 (arXiv:2112.10752), section 4.5.
    """
    check_channels(unet, unet.format.channels + MASK)
    if mask.values.shape[-2:] != image.pixels.shape[-2:]:
        sizes = " and the mask ".join(f"{part.shape[-1]} x {part.shape[-2]}" for part in (image.pixels, mask.values))
        raise NodeError(f"the image is {sizes}; make both of one size")
    covered = (mask.values >= 0.5).to(image.pixels.dtype)
    known = vae_encode(vae, Image(torch.where(covered.to(image.pixels.device) > 0, 0.5, image.pixels))).samples
    count = max(len(known), len(covered))
    where = interpolate(covered, known.shape[-2:]).to(known)
    beside = torch.cat([where.expand(count, -1, -1, -1), known.expand(count, -1, -1, -1)], 1)
    return new_unet_denoiser(unet, prediction, guidance, beside)


@node("Edit denoiser")
def edit_denoiser(
    unet: DiffusionNetwork,
    vae: VAE,
    image: Image,
    prediction: Predictions = "auto",
    guidance: Annotated[float, Slider(1, 20, 0.1)] = USUAL_GUIDANCE,
) -> Denoiser:
    """A U-Net that was trained to change an image as a text tells it (InstructPix2Pix, CosXL Edit).

    Beside the latent it sees that of ``image`` (B, 3, H, W), as large as what is painted; a single one serves all
    seeds. ``vae`` is the model's own. The text says what to change ("make it snow"). Wire it to Image and text
    guidance, which weighs both.

    ``prediction`` and ``guidance`` are as for U-Net denoiser. Fails for a U-Net that was not trained for it.
    Paper: Brooks et al. 2023, InstructPix2Pix (arXiv:2211.09800).
    """
    check_channels(unet, unet.format.channels)
    known = vae_encode(vae, image).samples
    if unet.prediction != "v":  # CosXL Edit is shown latents as it paints them, InstructPix2Pix as the VAE gives them
        if not isinstance(vae, DiffusersVAE):
            raise NodeError("this VAE does not say how its latents are scaled; wire that of the model")
        known = known / vae.scaling + vae.shift
    return new_unet_denoiser(unet, prediction, guidance, known)


@node("Depth denoiser")
def depth_denoiser(
    unet: DiffusionNetwork,
    depth: Image,
    prediction: Predictions = "auto",
    guidance: Annotated[float, Slider(1, 20, 0.1)] = USUAL_GUIDANCE,
) -> Denoiser:
    """A U-Net that was trained to follow the depth of a scene (Stable Diffusion 2 depth).

    Beside the latent it sees how near things are: the brightness of ``depth`` (B, 3, H, W), white for what is nearest,
    as large as what is painted, brought to the latent's size and stretched from -1 to 1. A single one serves all seeds.
    To keep more of an image than its depth, wire its latent to the sampler with a ``strength`` below 1.

    ``prediction`` and ``guidance`` are as for U-Net denoiser. Fails for a U-Net that was not trained for it.
    Paper: Rombach et al. 2022 (arXiv:2112.10752); depth: Ranftl et al. 2020, MiDaS (arXiv:1907.01341).
    """
    check_channels(unet, DEPTH)
    height, width = (side // unet.format.downscale for side in depth.pixels.shape[-2:])
    if not height or not width:
        raise NodeError("this image of depths is smaller than a cell of a latent; take a larger one")
    near = interpolate(depth.pixels.mean(1, keepdim=True), (height, width), mode="bicubic", align_corners=False)
    return new_unet_denoiser(unet, prediction, guidance, stretched(near))


def stretched(values: Tensor) -> Tensor:
    """Values (B, 1, h, w) from -1 to 1 in each image; 0 where all are the same."""
    low, high = values.amin((1, 2, 3), keepdim=True), values.amax((1, 2, 3), keepdim=True)
    span = high - low
    return torch.where(span > 0, 2 * (values - low) / span.clamp(min=torch.finfo(values.dtype).tiny) - 1, 0.0)


KINDS: Mapping[int, str] = {
    5: "an inpainting model; use Inpainting denoiser",
    4: "a model that changes images; use Edit denoiser",
    1: "a model that follows depths; use Depth denoiser",
    0: "a plain model; use U-Net denoiser",
}
"""What a U-Net is that is shown so many channels beside the latent, of models whose latents have four."""


def check_channels(unet: DiffusionNetwork, wanted: int) -> None:
    """Raise NodeError for a U-Net that is shown another number of channels beside the latent."""
    found = channels_beside(unet)
    if found != wanted:
        known = KINDS.get(found, f"shown {found} channels beside a latent, which no node here gives it")
        raise NodeError(f"this U-Net is {known}")
