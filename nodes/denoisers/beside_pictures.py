"""Networks that are shown something of an image beside the latent: for inpainting, editing, and by depth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Seldom, Slider, node
from nodeflow.wires import VAE, Denoiser, DiffusionNetwork, Image, Mask
from nodes.denoisers.denoisers import USUAL_GUIDANCE
from nodes.latents.vae import DiffusersVAE, vae_encode
from nodes.loaders.families.stable_diffusion.unet import UNET_SHOWN, unet_denoiser
from nodes.loaders.models.family import Shown, Told
from nodes.loaders.models.known import family_of_network

Predictions = Literal["auto", "epsilon", "v", "sample", "flow"]


@node("Inpainting denoiser")
def inpainting_denoiser(
    unet: DiffusionNetwork,
    vae: VAE,
    image: Image,
    mask: Mask,
    prediction: Predictions = "auto",
    guidance: Annotated[float, Slider(1, 100, 0.1)] = USUAL_GUIDANCE,
) -> Denoiser:
    """A network that was trained for inpainting, shown an image and what of it to paint anew.

    Beside the latent it sees the mask, 1 where it shall paint, and the latent of the image with grey in place of
    what the mask covers: 1 + 4 channels more for a U-Net of Stable Diffusion, 16 + 64 for FLUX.1 Fill, which sees
    every pixel of the mask. ``image`` (B, 3, H, W) and ``mask`` (B, 1, H, W) are as large as what is painted; a single
    one serves all seeds. Any value of the mask from 0.5 on counts as 1. ``vae`` is the model's own. To paint beyond an
    image, give it a border and cover that (Pad for outpainting). The rest of the image comes back nearly as it was;
    Composite brings back every pixel of it.

    ``prediction`` and ``guidance`` are as for U-Net denoiser and Denoiser; FLUX.1 Fill wants a guidance of 30 and No
    guidance behind it. Fails for a network that was not trained for it (use its plain denoiser and Inpaint), and when
    sizes do not fit.
    Paper: Rombach et al. 2022 (arXiv:2112.10752), section 4.5.
    """
    shown = check_shown(unet, "inpainting")
    if mask.values.shape[-2:] != image.pixels.shape[-2:]:
        sizes = " and the mask ".join(f"{part.shape[-1]} x {part.shape[-2]}" for part in (image.pixels, mask.values))
        raise NodeError(f"the image is {sizes}; make both of one size")
    covered = (mask.values >= 0.5).to(image.pixels.dtype)
    known = vae_encode(vae, Image(torch.where(covered.to(image.pixels.device) > 0, 0.5, image.pixels))).samples
    count = max(len(known), len(covered))
    beside = shown.inpainting(known.expand(count, -1, -1, -1), covered.to(known).expand(count, -1, -1, -1))
    return _showing(unet, prediction, guidance, beside)


@node("Edit denoiser")
def edit_denoiser(
    unet: DiffusionNetwork,
    vae: VAE,
    image: Image,
    prediction: Predictions = "auto",
    guidance: Annotated[float, Slider(1, 100, 0.1)] = USUAL_GUIDANCE,
) -> Denoiser:
    """A network that sees an image's latent beside its own, to change the image or to follow it.

    ``image`` (B, 3, H, W) is as large as what is painted; a single one serves all seeds. ``vae`` is the model's own.
    For InstructPix2Pix and CosXL Edit the text says what to change ("make it snow"); wire them to Image and text
    guidance, which weighs both. FLUX.1 Canny and Depth are shown lines and depths so, and paint what the text says
    along them; wire those to No guidance, with a ``guidance`` of 30 and 10.

    ``prediction`` and ``guidance`` are as for U-Net denoiser and Denoiser. Fails for a network that was not trained for
    it.
    Papers: Brooks et al. 2023, InstructPix2Pix (arXiv:2211.09800); Black Forest Labs 2024, FLUX.1 Tools.
    """
    check_shown(unet, "image")
    known = vae_encode(vae, image).samples
    if unet.prediction not in ("v", "flow"):  # only InstructPix2Pix is shown latents as the VAE gives them
        if not isinstance(vae, DiffusersVAE):
            raise NodeError("this VAE does not say how its latents are scaled; wire that of the model")
        known = known / vae.scaling + vae.shift
    return _showing(unet, prediction, guidance, known)


@node("Depth denoiser")
def depth_denoiser(
    unet: DiffusionNetwork,
    depth: Image,
    prediction: Predictions = "auto",
    guidance: Annotated[float, Slider(1, 20, 0.1), Seldom()] = USUAL_GUIDANCE,
) -> Denoiser:
    """A U-Net that was trained to follow the depth of a scene (Stable Diffusion 2 depth).

    Beside the latent it sees how near things are: the brightness of ``depth`` (B, 3, H, W), white for what is nearest,
    as large as what is painted, brought to the latent's size and stretched from -1 to 1. A single one serves all seeds.
    To keep more of an image than its depth, wire its latent to the sampler with a ``strength`` below 1.

    ``prediction`` and ``guidance`` are as for U-Net denoiser. Fails for a U-Net that was not trained for it.
    Paper: Rombach et al. 2022 (arXiv:2112.10752); depth: Ranftl et al. 2020, MiDaS (arXiv:1907.01341).
    """
    check_shown(unet, "depth")
    height, width = (side // unet.format.downscale for side in depth.pixels.shape[-2:])
    if not height or not width:
        raise NodeError("this image of depths is smaller than a cell of a latent; take a larger one")
    near = interpolate(depth.pixels.mean(1, keepdim=True), (height, width), mode="bicubic", align_corners=False)
    return _showing(unet, prediction, guidance, stretched(near))


def stretched(values: Tensor) -> Tensor:
    """Values (B, 1, h, w) from -1 to 1 in each image; 0 where all are the same."""
    low, high = values.amin((1, 2, 3), keepdim=True), values.amax((1, 2, 3), keepdim=True)
    span = high - low
    return torch.where(span > 0, 2 * (values - low) / span.clamp(min=torch.finfo(values.dtype).tiny) - 1, 0.0)


NODES: Mapping[Told, str] = {
    "inpainting": "an inpainting model; use Inpainting denoiser",
    "image": "a model that is shown an image; use Edit denoiser",
    "depth": "a model that follows depths; use Depth denoiser",
    "": "a plain model; use Denoiser or U-Net denoiser",
}
"""What a network is by what it is shown beside the latent, and what takes it."""


def check_shown(network: DiffusionNetwork, wanted: Told) -> Shown:
    """How a network is shown what a node gives it. Raises NodeError for one that is shown something else."""
    family = family_of_network(network)
    shown = family.network.shown if family else UNET_SHOWN
    found = shown.kind(network) if shown else ""
    if shown is None or found != wanted:
        raise NodeError(f"this network is {NODES[found]}")
    return shown


def refuse_shown(network: DiffusionNetwork) -> None:
    """Raise NodeError for a network of a family that is shown something beside the latent."""
    family = family_of_network(network)
    found = family.network.shown.kind(network) if family and family.network.shown else ""
    if found:
        raise NodeError(f"this network is {NODES[found]}")


def _showing(network: DiffusionNetwork, prediction: Predictions, guidance: float, beside: Tensor) -> Denoiser:
    """A network's denoiser, shown (B, K, h, w) beside the latent."""
    family = family_of_network(network)
    denoiser: Any = family.network.denoiser(network, guidance) if family else unet_denoiser(network, guidance)
    asked = {} if prediction == "auto" else {"prediction": prediction}
    showing: Denoiser = replace(denoiser, shown=beside, **asked)
    return showing
