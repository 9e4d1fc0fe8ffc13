"""Cascades: a diffusion model that paints a larger image beside a small one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Reads, Seed, Slider, Supplied, node
from nodeflow.wires import Conditioning, Denoiser, DiffusionNetwork, Image, Noise, TrainedSchedule
from nodeflow.wires.noise import normal
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.latents.noise import gaussian_noise
from nodes.loaders.families.pixel_diffusion import ddpm_folder
from nodes.loaders.families.unclip import karlo_upsampler
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for

PATTERNS = [*ddpm_folder.PATTERNS, *karlo_upsampler.PATTERNS]


class Upsampler(NamedTuple):
    """The parts of a diffusion model that makes images larger."""

    unet: DiffusionNetwork
    schedule: TrainedSchedule


@node("Load upsampler")
def load_upsampler(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:upsampler-256",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> Upsampler:
    """Loads a diffusion model that makes images larger, with its noise schedule.

    ``model`` is one of
    - a model that ships with nodeflow: ``starter:upsampler-256``, trained to go from 64 x 64 to 256 x 256, takes
      other sizes too
    - a folder with diffusers' UNet2DModel that takes twice as many channels as it paints, and its scheduler; or with
      Karlo's two, from 64 x 64 to 256 x 256, of which one takes the last step alone
    - the id of such a model on the Hugging Face hub, such as ``kakaobrain/karlo-v1-alpha``: taken from the hub's cache
      on this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch,
      tag or commit of it, empty for main

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: Saharia et al. 2021, Image Super-Resolution via Iterative Refinement (arXiv:2104.07636); Ho et al. 2021,
    Cascaded Diffusion Models for High Fidelity Image Generation (arXiv:2106.15282).
    """
    path = find_for("Load upsampler", model, revision, PATTERNS)
    two = (path / karlo_upsampler.FIRST).is_dir()
    load = karlo_upsampler.load_karlo_upsampler if two else ddpm_folder.load_upsampler_folder
    return Upsampler(*load(path, LoadTarget(torch_dtype(dtype))))


@dataclass(frozen=True, eq=False)
class UpsampleDenoiser(NetworkDenoiser):
    """A `UNet2DModel` that sees a small image, enlarged and with noise on it, beside what it denoises."""

    low: Tensor
    """(B, 3, h, w), -1 to 1; a single one serves the whole batch."""
    level: int
    """How much noise is on the small image, as a timestep; 0 is none."""
    keep: float
    """The share of the signal's power that this noise leaves, alpha bar of the timestep."""
    noise: Noise
    """What that noise is drawn from: one seed for each small image."""

    @property
    def learned_variance(self) -> bool:
        return bool(self._config("out_channels") == 2 * self.format.channels)

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        seen = self.beside(x)
        levels = None
        if self._config("class_embed_type") == "timestep":
            levels = torch.full((len(x),), self.level, device=x.device)
        output: Tensor = self.ask(torch.cat([x, seen], 1), timestep.expand(len(x)), class_labels=levels)
        return output

    def beside(self, x: Tensor) -> Tensor:
        """Return what the network sees beside x (B, 3, H, W), as large. Raises NodeError where the two do not fit."""
        (height, width), (h, w) = x.shape[-2:], self.low.shape[-2:]
        if height * w != width * h:
            raise NodeError(f"an image of {w} x {h} cannot become one of {width} x {height}; keep its proportions")
        if len(x) % len(self.low):
            raise NodeError(f"there are {len(self.low)} small images and {len(x)} seeds; make them equal")
        seen = enlarged(self.low.to(x.device, x.dtype), height, width)
        if self.level:
            drawn = normal(self.noise.generators(), len(self.noise.seeds), tuple(seen.shape[1:]))
            noise = drawn.to(x.device, x.dtype)
            seen = self.keep**0.5 * seen + (1 - self.keep) ** 0.5 * noise
        return seen.repeat(len(x) // len(seen), 1, 1, 1)

    def _config(self, name: str) -> object:
        return getattr(self.network.module, "config", {}).get(name)


def enlarged(pictures: Tensor, height: int, width: int) -> Tensor:
    """(B, C, h, w) to (B, C, height, width), by cubic curves."""
    if pictures.shape[-2:] == (height, width):
        return pictures
    fine = pictures.float()  # torch has no such curves for bfloat16 on processors
    return interpolate(fine, (height, width), mode="bicubic", antialias=True).to(pictures.dtype)


@node("Upsample denoiser")
def upsample_denoiser(
    unet: DiffusionNetwork,
    low: Image,
    schedule: TrainedSchedule | None = None,
    augmentation: Annotated[int, Slider(0, 999)] = 0,
    seed: Annotated[int, Seed()] = 0,
    prediction: Literal["auto", "epsilon", "v", "sample", "flow"] = "auto",
) -> Denoiser:
    """A U-Net that paints a large image beside a small one, ready for sampling.

    ``low`` (B, 3, h, w) is enlarged to the size of what is painted (which ``width`` and ``height`` of the noise say,
    or the size that the model was trained at) and goes into the network beside it. A single small image serves all
    seeds.

    ``augmentation`` puts noise on the small image first: as much as ``schedule`` has at that timestep, from 0 for
    none; the network is told how much. Small images that another model made have faults of their own. With noise
    over them the network trusts them less, and repairs what would otherwise be carried on. ``seed``, ``seed + 1``, ...
    draw that noise. ``prediction`` is as for any U-Net: ``auto`` takes what the model's files say.

    Fails for a network of another kind, for augmentation where the network was not trained with it or no schedule is
    wired, for small images of other proportions, and where they are not as many as the seeds.
    Papers: Saharia et al. 2021 (arXiv:2104.07636); augmentation: Ho et al. 2021 (arXiv:2106.15282), section 4.
    """
    config = getattr(unet.module, "config", {})
    if "cross_attention_dim" in config or config.get("in_channels") != 2 * unet.format.channels:
        raise NodeError("this network does not look at a small image; load an upsampler")
    keep = 1.0
    if augmentation:
        if config.get("class_embed_type") != "timestep":
            raise NodeError("this network was not trained with noise on the small image; set augmentation to 0")
        if schedule is None:
            raise NodeError("augmentation needs to know the noise levels; wire the upsampler's schedule")
        keep = _signal(schedule, augmentation)
    return UpsampleDenoiser(
        unet,
        unet.prediction if prediction == "auto" else prediction,
        2 * low.pixels - 1,
        augmentation,
        keep,
        gaussian_noise(seed, len(low.pixels)),
    )


def _signal(schedule: TrainedSchedule, timestep: int) -> float:
    """Alpha bar of a timestep. Raises NodeError where the schedule has none."""
    from diffusers import DDPMScheduler

    scheduler = DDPMScheduler.from_config(dict(schedule.config))
    if timestep >= len(scheduler.alphas_cumprod):
        raise NodeError(f"the schedule's timesteps end at {len(scheduler.alphas_cumprod) - 1}; take less augmentation")
    return float(scheduler.alphas_cumprod[timestep])
