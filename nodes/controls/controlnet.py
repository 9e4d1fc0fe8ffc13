"""ControlNets: an image of lines that a text-led U-Net follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Reads, Rule, Slider, Supplied, node
from nodeflow.wires import VAE, ControlNet, Denoiser, Image, Mask
from nodes.denoisers.attached import AttachedControl
from nodes.denoisers.calls.flow_calls import FlowDenoiser
from nodes.denoisers.denoisers import UNetDenoiser
from nodes.denoisers.unet_controls import BLACK, UNetControl
from nodes.latents.vae import DiffusersVAE, vae_encode
from nodes.loaders.families.controlnet.control_lora import load_control_lora
from nodes.loaders.families.controlnet.controlnet_file import load_controlnet_file
from nodes.loaders.families.controlnet.controlnet_folder import PATTERNS, load_controlnet_folder
from nodes.loaders.families.controlnet.lllite import load_lllite
from nodes.loaders.families.controlnet.t2i_adapter import load_t2i_adapter
from nodes.loaders.families.controlnet.transformer_control import (
    TransformerControlNet,
    family_of_file,
    family_of_folder,
    load_transformer_control,
)
from nodes.loaders.families.controlnet.union import ControlType
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.recognise import recognise
from nodes.loaders.read.right_kind import find_for

SMALL: Mapping[str, Callable[[Path, torch.dtype], ControlNet]] = {
    "t2i adapter": load_t2i_adapter,
    "control lora": load_control_lora,
    "lllite": load_lllite,
}
"""What leads a U-Net and is no ControlNet of its own, by its kind."""


ORDER = Rule("end >= start", "the control ends at {end}, before it starts at {start}; make end the larger one")


@node("Load ControlNet", version=2)
def load_controlnet(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:controlnet-edges",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> ControlNet:
    """Loads a ControlNet: a network that leads a denoiser by an image of edges, lines or the like.

    ``model`` is one of
    - a model that ships with nodeflow: ``starter:controlnet-edges`` or ``starter:controlnet-scribble``, both for
      ``starter:latent-diffusion``
    - a folder as diffusers' ControlNetModel saves it
    - the id of such a model on the Hugging Face hub, such as ``lllyasviel/sd-controlnet-canny`` or
      ``diffusers/controlnet-canny-sdxl-1.0``: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it, empty for main
    - one .safetensors file of a ControlNet, as diffusers or its authors name the weights, such as
      ``control_v11p_sd15_canny.safetensors``

    A union of ControlNets (xinsir's union and promax) is one too: *Control* tells it what its image shows. So are
    T2I-Adapters, which are smaller and look at the image alone; Control-LoRAs, which are the difference of a ControlNet
    from the U-Net that they lead; and ControlNet-LLLites, which change what the U-Net's attention looks at.

    A ControlNet fits the model that it was trained beside, and those that come from it: Stable Diffusion 1, 2 or XL,
    and as diffusers names their weights Stable Diffusion 3 and 3.5, FLUX.1, Qwen-Image, Sana and Z-Image (its union
    too). Those of DiffSynth-Studio, which stand between Qwen-Image's blocks, lead it also beside reference images.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Zhang et al. 2023, Adding Conditional Control to Text-to-Image Diffusion Models (arXiv:2302.05543);
    Control-LoRA: Stability AI 2023 (huggingface.co/stabilityai/control-lora); LLLite: Kohya 2023
    (github.com/kohya-ss/sd-scripts).
    """
    path = find_for("Load ControlNet", model, revision, PATTERNS)
    kind = recognise(path).kind
    if kind in SMALL:
        return SMALL[kind](path, torch_dtype(dtype))
    family = family_of_folder(path) if path.is_dir() else family_of_file(path)
    if family is not None:
        return load_transformer_control(family, path, ComputePrecision("auto", dtype, device))
    target = LoadTarget(torch_dtype(dtype))
    return load_controlnet_folder(path, target) if path.is_dir() else load_controlnet_file(path, target)


NO_MASK = "this ControlNet looks at its image alone; leave mask unwired"


@node("Control", rules=(ORDER,))
def control(
    denoiser: Denoiser,
    controlnet: ControlNet,
    image: Image,
    strength: Annotated[float, Slider(0, 2, 0.05)] = 1.0,
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    end: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    control_type: ControlType = "lines",
    counted: Literal["steps", "trained timesteps"] = "steps",
    vae: VAE | None = None,
    mask: Mask | None = None,
) -> Denoiser:
    """Leads a denoiser by an image: what it paints has its lines where the image has them.

    ``image`` (B, 3, H, W) is what the ControlNet was trained to be shown, such as edges, as large as what is painted. A
    single one serves all seeds; otherwise there is one for each. ``strength`` scales what the ControlNet adds: at 0 the
    result is that without it, to the last bit. It acts from the share ``start`` of the steps up to the share ``end``:
    the early steps settle where things are, the late ones their details. Counted in ``trained timesteps``, they are
    shares of the 1000 that the model was trained with, from the noisiest on, as in ComfyUI. Put two of these nodes one
    behind the other for two controls at once; what they add is summed.

    ``control_type`` says what the image shows to a union of ControlNets, which serves several kinds: lines are those
    of Canny and of drawings, soft edges those of HED and scribbles; tile and repaint only larger unions know. Others
    were trained for one kind, and do not look at it.

    ControlNets of transformers (Stable Diffusion 3, FLUX.1, Qwen-Image, Z-Image, Sana) see the latent of the image:
    wire the model's own VAE to ``vae``. A union of these looks at the image alone. One of inpainting (of Stable
    Diffusion 1, 3 and Qwen-Image) sees the image without what ``mask`` (B, 1, H, W) covers, 1 where it shall paint
    anew, and the mask.

    Fails for denoisers that no ControlNet leads, when the control ends before it starts, when images or models do not
    fit together, and for a mask where none is looked at, or none where one is.
    Paper: Zhang et al. 2023, Adding Conditional Control to Text-to-Image Diffusion Models (arXiv:2302.05543).
    """
    if isinstance(controlnet, TransformerControlNet):
        latent = _latent(denoiser, controlnet, image, vae, mask)
        shown = AttachedControl(controlnet.of(control_type), latent, strength, start, end, counted != "steps")
        led: Any = denoiser
        return replace(led, controls=(*led.controls, shown))  # type: ignore[no-any-return]
    if not isinstance(denoiser, UNetDenoiser):
        raise NodeError("this ControlNet leads a U-Net that works on latents and reads texts; this denoiser is another")
    if not isinstance(controlnet, UNetControl):
        raise NodeError("this ControlNet leads no U-Net; choose one that was trained beside this denoiser")
    if mask is not None and controlnet.covered is None:
        raise NodeError(NO_MASK)
    net = controlnet.of_unet(denoiser.network.module, control_type)
    pixels = image.pixels if controlnet.covered is None else _uncovered(image, mask, controlnet.covered).pixels
    added = AttachedControl(net, pixels, strength, start, end, counted != "steps")
    return replace(denoiser, controls=(*denoiser.controls, added))


def _latent(denoiser: Denoiser, net: TransformerControlNet, image: Image, vae: VAE | None, mask: Mask | None) -> Tensor:
    """What a ControlNet is shown of an image. Raises NodeError for another family's denoiser, and without a VAE."""
    network = getattr(denoiser, "network", None)
    family = getattr(network, "family", "") if isinstance(denoiser, FlowDenoiser) else ""
    if family != net.family:
        raise NodeError(f"this ControlNet leads {net.family}, and this denoiser is {family or 'of another kind'}'s")
    if vae is None:
        raise NodeError("this ControlNet is shown its image as a latent; wire the model's own VAE to vae")
    if net.inpaints != (mask is not None):
        raise NodeError(NO_MASK if mask is not None else "this ControlNet is one of inpainting; wire a mask to mask")
    samples = vae_encode(vae, _uncovered(image, mask)).samples
    samples = samples + vae.shift * vae.scaling if net.unshifted and isinstance(vae, DiffusersVAE) else samples
    return samples if mask is None else _with_known(samples, mask)


def _uncovered(image: Image, mask: Mask | None, value: float = BLACK) -> Image:
    """An image with a value in place of what a mask covers. Raises NodeError for another size."""
    if mask is None:
        return image
    if mask.values.shape[-2:] != image.pixels.shape[-2:]:
        sizes = " and the mask ".join(f"{part.shape[-1]} x {part.shape[-2]}" for part in (image.pixels, mask.values))
        raise NodeError(f"the image is {sizes}; make both of one size")
    return Image(torch.where(mask.values.to(image.pixels.device) > 0.5, value, image.pixels))


def _with_known(samples: Tensor, mask: Mask) -> Tensor:
    """A latent (B, C, h, w) and, in one channel more, what of it is known."""
    known = 1 - interpolate(mask.values.to(samples), samples.shape[-2:])
    return torch.cat([samples, known.expand(len(samples), -1, -1, -1)], 1)
