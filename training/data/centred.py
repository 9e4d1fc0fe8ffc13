"""The training set that the later latent models share: centred subjects, and their latents in the starter's VAE."""

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.data import captions
from training.data.scenes import Scene, draw_all, random_scene
from training.loops.run_folders import ASSETS, WORK
from training.models import vae

SEED, COUNT, BATCH = 61, 16384, 128
PATH = WORK / "centred.pt"
TEXT_LENGTH = 24
"""Tokens of a text: the longest caption has 20, and to a transformer each costs as much as a patch."""


def centred_scenes() -> list[Scene]:
    """The same scenes at each call, all with their subject in the middle."""
    rng = np.random.default_rng(SEED)
    return [random_scene(rng, centre_share=1.0) for _ in range(COUNT)]


def centred_captions(seed: int, count: int) -> list[str]:
    """Captions of other such scenes, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return [captions.write(random_scene(rng, centre_share=1.0), rng).text for _ in range(count)]


@torch.no_grad()
def centred_latents(scenes: list[Scene]) -> Tensor:
    """[16384, 4, 16, 16], kept in a file between runs."""
    if PATH.exists():
        saved: Tensor = torch.load(PATH, weights_only=True)
        return saved
    autoencoder = AutoencoderKL.from_pretrained(ASSETS / "vae", torch_dtype=torch.float32).eval()
    parts = []
    for start in range(0, len(scenes), BATCH):
        pictures = vae.to_tensor(draw_all(scenes[start : start + BATCH]))
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(autoencoder.encode(pictures).latent_dist.mean.float())
    latents = torch.cat(parts)
    draft = PATH.with_suffix(".draft")
    torch.save(latents, draft)
    draft.replace(PATH)
    return latents
