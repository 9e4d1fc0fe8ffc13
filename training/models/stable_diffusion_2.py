"""Trains a latent diffusion model that reads texts through OpenCLIP's last layer but one, as Stable Diffusion 2 does.

The U-Net is less than half as large as the starter's and learns to predict what that one does, which is led by its own
text encoder (distillation, Hinton et al. 2015, arXiv:1503.02531). The new text encoder stays as it is.
"""

import shutil

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.loaders.single_file_utils import convert_open_clip_checkpoint
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from nodes.loaders.families.stable_diffusion.shapes import OPEN_CLIP_KEY, open_clip_config
from training.data import captions, latents
from training.data.scenes import Scene, draw_all
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models import openclip, vae
from training.models.latent_diffusion import with_filler
from training.models.part_shapes import new_scheduler

FOLDER = ASSETS.parent / "stable-diffusion-2"
SEED, BATCH, COUNT = 81, 48, 12288
PLAN = TrainingPlan(steps=1800, peak=1.2e-3, warm_up=100, hold=0.4, average=0.997, weight_decay=1e-4)
WIDTHS = (32, 64, 96)
CAPTION_DROP = 0.1


def new_text_encoder() -> CLIPTextModel:
    """The text tower of the OpenCLIP pair without its last layer, converted as diffusers converts version 2's."""
    saved = load_file(openclip.FOLDER / "open_clip_model.safetensors")
    weights = {f"{OPEN_CLIP_KEY}{name}": value.float() for name, value in saved.items()}
    words = openclip.tokenizer()
    special = {f"{name}_token_id": getattr(words, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    shape = {**open_clip_config(weights, OPEN_CLIP_KEY, 1), **special, "num_attention_heads": openclip.HEADS}
    encoder = CLIPTextModel(CLIPTextConfig(**shape))
    converted = convert_open_clip_checkpoint(encoder, weights)
    if not hasattr(encoder, "text_model"):  # transformers 5.6 and later
        converted = {name.removeprefix("text_model."): value for name, value in converted.items()}
    encoder.load_state_dict(converted, strict=False)
    return encoder.requires_grad_(False)


def new_denoiser() -> UNet2DConditionModel:
    """The starter's U-Net made narrower, with a lighter middle."""
    config = UNet2DConditionModel.load_config(ASSETS / "unet")
    return UNet2DConditionModel.from_config(config, block_out_channels=WIDTHS, mid_block_type="UNetMidBlock2D")


class Teacher:
    """The starter: its U-Net, led by its own text encoder."""

    def __init__(self) -> None:
        self.words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
        self.text_encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32)
        self.unet = UNet2DConditionModel.from_pretrained(ASSETS / "unet", torch_dtype=torch.float32)

    @torch.no_grad()
    def velocity(self, noisy: Tensor, timesteps: Tensor, texts: list[str]) -> Tensor:
        """Return what it predicts, (B, 4, 16, 16)."""
        tokens = self.words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        text = self.text_encoder(tokens).last_hidden_state
        predicted: Tensor = self.unet(noisy, timesteps, text, return_dict=False)[0]
        return predicted.float()


@torch.no_grad()
def training_latents(run: TrainingRun, scenes: list[Scene]) -> Tensor:
    """[N, 4, 16, 16], kept in a file between runs."""
    path = run.folder / "latents.pt"
    if not path.exists():
        autoencoder = AutoencoderKL.from_pretrained(ASSETS / "vae", torch_dtype=torch.float32).eval()
        parts = []
        for start in range(0, len(scenes), 128):
            with torch.autocast("cpu", torch.bfloat16):
                pictures = vae.to_tensor(draw_all(scenes[start : start + 128]))
                parts.append(autoencoder.encode(pictures).latent_dist.mean.float())
        torch.save(torch.cat(parts), path)
    saved: Tensor = torch.load(path, weights_only=True)
    return saved


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    run, scheduler, words = TrainingRun("stable-diffusion-2"), new_scheduler(), openclip.tokenizer()
    scenes = latents.training_scenes()[:COUNT]
    pictures, text_encoder, teacher = training_latents(run, scenes), new_text_encoder(), Teacher()
    torch.manual_seed(SEED)

    def losses_of(unet: UNet2DConditionModel, step: int) -> dict[str, Tensor]:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, COUNT)
        told = captions.write_all([scenes[index] for index in chosen], rng)
        texts = ["" if rng.random() < CAPTION_DROP else with_filler(caption.text, rng) for caption in told]
        tokens = words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        clean = pictures[chosen]
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            text = text_encoder(tokens).last_hidden_state
            wanted = teacher.velocity(noisy, timesteps, texts)
            velocity = unet(noisy, timesteps, text, return_dict=False)[0]
        return {"velocity": (velocity.float() - wanted).pow(2).mean()}

    export(fit(run, new_denoiser().train(), PLAN, losses_of), text_encoder)


def export(unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
    """Replaces the model's folder: a StableDiffusionPipeline in half precision, with the starter's VAE."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(ASSETS / "vae"),
        text_encoder=text_encoder,
        tokenizer=openclip.tokenizer(),
        unet=unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(dtype=torch.float16).save_pretrained(FOLDER)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
