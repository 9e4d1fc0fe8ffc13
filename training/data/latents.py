"""The training set of the latent diffusion model: scenes drawn from a fixed seed and their latents, computed once."""

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.data.scenes import Scene, draw_all, random_scene
from training.loops.run_folders import WORK
from training.models import vae

SEED, COUNT, BATCH = 11, 32768, 256
PATH = WORK / "latents.pt"


def training_scenes() -> list[Scene]:
    """The same scenes at each call."""
    rng = np.random.default_rng(SEED)
    return [random_scene(rng) for _ in range(COUNT)]


@torch.no_grad()
def training_latents(scenes: list[Scene]) -> Tensor:
    """[32768, 4, 16, 16] in bfloat16, kept in a file between runs."""
    if PATH.exists():
        saved: Tensor = torch.load(PATH, weights_only=True)
        return saved
    autoencoder = AutoencoderKL.from_pretrained(vae.FOLDER / "model").eval()
    parts = []
    for start in range(0, len(scenes), BATCH):
        pictures = vae.to_tensor(draw_all(scenes[start : start + BATCH]))
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(autoencoder.encode(pictures).latent_dist.mean.to(torch.bfloat16))
    latents = torch.cat(parts)
    torch.save(latents, PATH)
    return latents
