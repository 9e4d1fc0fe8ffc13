"""Trains a text-conditional diffusion model on pixels (Nichol et al. 2021, GLIDE, arXiv:2112.10741), 32 x 32.

The text encoder is that of the latent diffusion starter, frozen. The folder is an `IFPipeline` of diffusers, whose
U-Net is GLIDE's: text tokens join the keys and values of the attention, their summary joins the timestep.
"""

import shutil

import numpy as np
import torch
from diffusers import IFPipeline, UNet2DConditionModel
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from training import captions, pixels
from training.export import without_origin
from training.latent_diffusion import CAPTION_DROP, HIGH_NOISE_TILT, with_filler
from training.loop import Plan, epoch_indices, fit
from training.runs import ASSETS, Run

FOLDER = ASSETS.parent / "glide"
SEED, BATCH = 51, 48
PLAN = Plan(steps=1750, peak=1.5e-3, warm_up=100, hold=0.3, average=0.995)


class Texts:
    """The frozen text encoder, and captions that are written anew each time."""

    def __init__(self) -> None:
        self.tokenizer = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
        encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32)
        self.encoder = encoder.requires_grad_(False).eval()

    @torch.no_grad()
    def tokens(self, texts: list[str]) -> Tensor:
        """Hidden states [texts, 32, 128]."""
        options = {"padding": "max_length", "truncation": True, "return_tensors": "pt"}
        states: Tensor = self.encoder(self.tokenizer(texts, **options)["input_ids"]).last_hidden_state
        return states


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.manual_seed(SEED)
    texts, scenes = Texts(), pixels.training_scenes()
    pictures = pixels.reduced(pixels.drawn(scenes))

    def losses_of(unet: UNet2DConditionModel, step: int) -> dict[str, Tensor]:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, len(scenes))
        told = captions.write_all([scenes[index] for index in chosen], rng)
        dropped = rng.random(BATCH) < CAPTION_DROP
        words = ["" if drop else with_filler(caption.text, rng) for drop, caption in zip(dropped, told, strict=True)]
        clean = pixels.to_signal(pictures[chosen])
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = pixels.random_timesteps(BATCH, HIGH_NOISE_TILT if step < PLAN.hold * PLAN.steps else 1.0, seed)
        noisy = pixels.new_scheduler().add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = unet(noisy, timesteps, texts.tokens(words), return_dict=False)[0]
        return {"velocity": pixels.velocity_loss(predicted, clean, noise, timesteps)}

    export(fit(Run("glide"), pixels.new_unet(), PLAN, losses_of), texts)


def export(unet: UNet2DConditionModel, texts: Texts) -> None:
    """Replaces the model's folder, in half precision."""
    pipeline = IFPipeline(
        tokenizer=texts.tokenizer,
        text_encoder=texts.encoder,
        unet=unet,
        scheduler=pixels.new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    pipeline.to(dtype=torch.float16).save_pretrained(FOLDER, safe_serialization=True)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
