"""Models from files."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from nodeflow.node import Choices, Reads, Supplied, node
from nodeflow.wires import VAE, Classes, DiffusionNetwork, TextEncoder, TrainedSchedule
from nodes.loaders.families.autoencoders import vae_folder
from nodes.loaders.families.autoencoders.vae_file import load_autoencoder_file, old_names, spaces
from nodes.loaders.families.class_transformers import dit_folder
from nodes.loaders.families.pixel_diffusion import ddpm_folder
from nodes.loaders.families.stable_diffusion.folder import load_folder
from nodes.loaders.families.stable_diffusion.single_file import load_single
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.read.locate import PATTERNS
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for


class LatentDiffusion(NamedTuple):
    """The parts of a latent diffusion model."""

    text_encoder: TextEncoder
    unet: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule


@node("Load latent diffusion", version=2)
def load_latent_diffusion(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:latent-diffusion",
    revision: str = "",
    storage: Literal["full", "float8"] = "full",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> LatentDiffusion:
    """Loads a latent diffusion model: its text encoder, U-Net, VAE and noise schedule.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:latent-diffusion``
    - a folder as diffusers' StableDiffusionPipeline or StableDiffusionXLPipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``stabilityai/stable-diffusion-xl-base-1.0``: taken from
      the hub's cache on this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is
      then a branch, tag or commit of it, empty for main
    - one .safetensors or .gguf file of Stable Diffusion 1.x, 2.x or XL in its original layout, with U-Net, VAE and text
      encoders

    Quantised files are taken too, and stay as they are in memory, each layer widened when it computes: float8 (plain,
    scaled, BFL's), ComfyUI's int8_tensorwise, nvfp4, mxfp8, convrot_w4a4, asym_w4a8_int8 and awq_w4a16, bitsandbytes'
    int8, nf4 and fp4, and GGUF. Other formats are refused by their name.

    CosXL and Playground 2.5 are of XL's kind; wire their schedule to a Scheduler of the kind Euler or DPM++ 2M. A file
    says nothing of how its timesteps are spaced; they start at the noisiest, as models of few steps (Turbo, Lightning,
    Hyper, DMD2) need it. Models that see an image beside the latent go with Inpainting denoiser, Edit denoiser and
    Depth denoiser. Every weight is used, or known to do nothing to images, or the model is refused by the first that
    has no place.

    The refiner of XL is such a model too: give the sampler the latent that XL made, and a ``strength`` of about 0.3.

    ``storage`` float8 keeps the U-Net's weights in 8 bits and widens each layer's when it computes: half to a quarter
    of the memory, a little slower, and images differ a little.

    Networks are loaded into the host's memory and come to the GPU when a node needs them there. Weights are read from
    safetensors and GGUF files only. Files that can hold programs (.ckpt, .bin, .pt, .pth) are never opened; convert
    those to safetensors first.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind (Stable Diffusion 3, for example).
    Papers: Rombach et al. 2022, High-Resolution Image Synthesis with Latent Diffusion Models (arXiv:2112.10752); XL:
    Podell et al. 2023 (arXiv:2307.01952).
    """
    target = LoadTarget(torch_dtype(dtype), storage == "float8")
    path = find_for("Load latent diffusion", model, revision, PATTERNS)
    return LatentDiffusion(*(load_folder(path, target) if path.is_dir() else load_single(path, target)))


class DiT(NamedTuple):
    """The parts of a diffusion transformer that is led by classes."""

    transformer: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule
    classes: Classes


@node("Load DiT")
def load_dit(
    model: Annotated[str, Reads("model", True, tuple(dit_folder.PATTERNS))] = "starter:dit",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> DiT:
    """Loads a diffusion transformer that paints classes, with its VAE and noise schedule.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:dit``
    - a folder as diffusers' DiTPipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``facebook/DiT-XL-2-256``: taken from the hub's cache on
      this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag
      or commit of it, empty for main

    Weights are read from safetensors files only; a model that has others must be converted first.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Peebles & Xie 2023, Scalable Diffusion Models with Transformers (arXiv:2212.09748).
    """
    path = find_for("Load DiT", model, revision, dit_folder.PATTERNS)
    return DiT(*dit_folder.load_dit_folder(path, LoadTarget(torch_dtype(dtype))))


@node("Load VAE", version=3)
def load_vae(
    model: Annotated[str, Reads("model", True, tuple(vae_folder.PATTERNS))] = "starter:latent-diffusion",
    revision: str = "",
    made_for: Annotated[str, Choices(("auto", *spaces(), *old_names()))] = "auto",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> VAE:
    """Loads an autoencoder by itself: from images to latents and back.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:latent-diffusion``, whose VAE is taken
    - a folder with diffusers' AutoencoderKL, AutoencoderKLQwenImage or AutoencoderTiny, or with a pipeline that has one
    - the id of such a model on the Hugging Face hub, such as ``stabilityai/sd-vae-ft-mse`` or ``madebyollin/taesd``:
      taken from the hub's cache on this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1;
      ``revision`` is then a branch, tag or commit of it, empty for main
    - one .safetensors or .gguf file, such as ``ae.safetensors``, by path or by its name in your model library; of a
      file with a whole model its VAE is taken. Where names and shapes do not tell whose latents it makes (FLUX.1 and
      Stable Diffusion 3 have alike VAEs, and scale latents otherwise), set ``made_for``. A folder says so itself

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: Kingma & Welling 2013 (arXiv:1312.6114); AutoencoderKL: Rombach et al. 2022 (arXiv:2112.10752).
    """
    path = find_for("Load VAE", model, revision, vae_folder.PATTERNS)
    target = LoadTarget(torch_dtype(dtype))
    if path.is_file():
        return load_autoencoder_file(path, ComputePrecision("auto", dtype, device), made_for)
    return vae_folder.load_autoencoder(path, target)


class PixelDiffusion(NamedTuple):
    """The parts of a diffusion model on pixels."""

    unet: DiffusionNetwork
    schedule: TrainedSchedule
    classes: Classes


@node("Load DDPM", version=2)
def load_ddpm(
    model: Annotated[str, Reads("model", True, tuple(ddpm_folder.PATTERNS))] = "starter:pixel-base",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> PixelDiffusion:
    """Loads a diffusion model that paints pixels, with its noise schedule and the classes it knows.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:pixel-base``
    - a folder as diffusers' DDPMPipeline or DDIMPipeline saves it, or with a UNet2DModel alone
    - the id of such a model on the Hugging Face hub, such as ``google/ddpm-cifar10-32``: taken from the hub's cache on
      this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag
      or commit of it, empty for main

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Ho et al. 2020, Denoising Diffusion Probabilistic Models (arXiv:2006.11239).
    """
    path = find_for("Load DDPM", model, revision, ddpm_folder.PATTERNS)
    return PixelDiffusion(*ddpm_folder.load_ddpm_folder(path, LoadTarget(torch_dtype(dtype))))
