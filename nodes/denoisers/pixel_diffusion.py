"""Text-led diffusion on pixels, and the stages that make its images larger: GLIDE, Imagen, DeepFloyd IF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Range, Reads, Supplied, node
from nodeflow.wires import Conditioning, Denoiser, DiffusionNetwork, Image, Noise, TextEncoder, TrainedSchedule
from nodeflow.wires.noise import normal
from nodes.denoisers.denoisers import UNetDenoiser
from nodes.loaders.families.pixel_diffusion.deepfloyd_folder import (
    PATTERNS,
    load_base_folder,
    load_super_resolution_folder,
)
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for


class TextPixels(NamedTuple):
    """The parts of a text-led diffusion model on pixels."""

    text_encoder: TextEncoder
    unet: DiffusionNetwork
    schedule: TrainedSchedule


@node("Load text-led pixel model")
def load_text_pixels(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:imagen",
    revision: str = "",
    storage: Literal["full", "float8"] = "full",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> TextPixels:
    """Loads a model that paints small images from a text: its text encoder, U-Net and noise schedule.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:imagen``, which reads English and Chinese
    - a folder as diffusers' IFPipeline saves it, with a T5 or CLIP text encoder
    - the id of such a model on the Hugging Face hub, such as ``DeepFloyd/IF-I-M-v1.0``: taken from the hub's cache on
      this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag
      or commit of it, empty for main

    ``storage`` float8 keeps the U-Net's weights in 8 bits and widens each layer's when it computes. The images are
    small (64 x 64 for DeepFloyd IF); wire them to a text-led upsampler. Weights are read from safetensors files only.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: Saharia et al. 2022, Photorealistic Text-to-Image Diffusion Models with Deep Language Understanding
    (arXiv:2205.11487); Nichol et al. 2021, GLIDE (arXiv:2112.10741).
    """
    path = find_for("Load text-led pixel model", model, revision, PATTERNS)
    return TextPixels(*load_base_folder(path, LoadTarget(torch_dtype(dtype), storage == "float8")))


class TextUpsampler(NamedTuple):
    """The parts of a text-led upsampler."""

    unet: DiffusionNetwork
    schedule: TrainedSchedule
    noising: TrainedSchedule


@node("Load text-led upsampler")
def load_text_upsampler(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:imagen-128",
    revision: str = "",
    storage: Literal["full", "float8"] = "full",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> TextUpsampler:
    """Loads a diffusion model that makes an image larger and is led by its text.

    ``model`` is one of
    - a model that ships with nodeflow: ``starter:imagen-128`` goes from 64 x 64 to 128 x 128, ``starter:imagen-256``
      from there, or from 64 x 64 at once, to 256 x 256
    - a folder as diffusers' IFSuperResolutionPipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``DeepFloyd/IF-II-M-v1.0``: taken from the hub's cache on
      this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag
      or commit of it, empty for main

    Its text encoder is that of the base, so that only the U-Net is loaded, its noise schedule, and the one of the noise
    that is put on the small image (``noising``).

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: Ho et al. 2021, Cascaded Diffusion Models (arXiv:2106.15282); Saharia et al. 2022 (arXiv:2205.11487).
    """
    path = find_for("Load text-led upsampler", model, revision, PATTERNS)
    return TextUpsampler(*load_super_resolution_folder(path, LoadTarget(torch_dtype(dtype), storage == "float8")))


@dataclass(frozen=True, eq=False)
class TextUpsampleDenoiser(UNetDenoiser):
    """A `UNet2DConditionModel` that sees a small image, enlarged and with noise on it, beside what it denoises."""

    low: Tensor
    """(B, 3, h, w), -1 to 1; a single one serves the whole batch."""
    level: int
    """How much noise is on the small image, as a timestep."""
    keep: float
    """The share of the signal's power that this noise leaves, alpha bar of the timestep."""
    noise: Noise
    """Whose seeds draw that noise: their second numbers, since the first are what sampling starts from."""

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        levels = torch.full((len(x),), self.level, device=x.device)
        return self.call(torch.cat([x, self.beside(x)], 1), timestep, conditioning, class_labels=levels)

    def beside(self, x: Tensor) -> Tensor:
        """Return what the network sees beside x (B, 3, H, W), as large. Raises NodeError where the two do not fit."""
        (height, width), (h, w) = x.shape[-2:], self.low.shape[-2:]
        if height * w != width * h:
            raise NodeError(f"an image of {w} x {h} cannot become one of {width} x {height}; keep its proportions")
        if len(x) % len(self.noise.seeds):
            raise NodeError(f"there are {len(x)} images to paint and {len(self.noise.seeds)} seeds; make them equal")
        seen = interpolate(self.low, (height, width), mode="bilinear", align_corners=True)
        generators, count, shape = self.noise.generators(), len(self.noise.seeds), tuple(seen.shape[1:])
        _, drawn = normal(generators, count, shape), normal(generators, count, shape)
        seen = self.keep**0.5 * seen + (1 - self.keep) ** 0.5 * drawn.to(seen.device)
        return seen.to(x.device, x.dtype).repeat(len(x) // len(seen), 1, 1, 1)


@node("Text-led upsample denoiser")
def text_upsample_denoiser(
    unet: DiffusionNetwork,
    low: Image,
    noise: Noise,
    noising: TrainedSchedule | None = None,
    augmentation: Annotated[int, Range(0, 999)] = 100,
    prediction: Literal["auto", "epsilon", "v", "sample", "flow"] = "auto",
) -> Denoiser:
    """A U-Net that paints a large image beside a small one and is led by a text, ready for guidance.

    ``low`` (B, 3, h, w) is enlarged to the size of what is painted, and ``noise`` is put on it, as much as the schedule
    ``noising`` has at the timestep ``augmentation``; the network is told how much. Small images that another model
    made have faults of their own: with noise over them the network trusts them less, and repairs what would otherwise
    be carried on. Much of it lets the network paint anew, led by the text. Wire the same ``noise`` here and to the
    sampler: other numbers of its seeds are taken. A single small image serves all seeds. ``prediction`` is as for any
    U-Net: ``auto`` takes what the model's files say.

    Fails for a network of another kind, for small images of other proportions, and where they are not as many as the
    seeds.
    Papers: Ho et al. 2021, Cascaded Diffusion Models (arXiv:2106.15282), section 4; Saharia et al. 2022
    (arXiv:2205.11487), section 2.4.
    """
    config = getattr(unet.module, "config", {})
    if config.get("class_embed_type") != "timestep" or config.get("in_channels") != 2 * unet.format.channels:
        raise NodeError("this network does not look at a small image with noise on it; load a text-led upsampler")
    if len(low.pixels) not in (1, len(noise.seeds)):
        raise NodeError(f"there are {len(low.pixels)} small images and {len(noise.seeds)} seeds; make them equal")
    return TextUpsampleDenoiser(
        unet,
        unet.prediction if prediction == "auto" else prediction,
        2 * low.pixels - 1,
        augmentation,
        _signal(noising, augmentation),
        noise,
    )


def _signal(schedule: TrainedSchedule | None, timestep: int) -> float:
    """Alpha bar of a timestep. Raises NodeError where the schedule has none."""
    from diffusers import DDPMScheduler

    config = {"beta_schedule": "squaredcos_cap_v2", **schedule.config} if schedule else None
    alphas = DDPMScheduler.from_config(config or {"beta_schedule": "squaredcos_cap_v2"}).alphas_cumprod
    if timestep >= len(alphas):
        raise NodeError(f"the schedule's timesteps end at {len(alphas) - 1}; take less augmentation")
    return float(alphas[timestep])
