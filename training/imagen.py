"""Trains the base of a cascade that a frozen T5 leads (Saharia et al. 2022, Imagen, arXiv:2205.11487), 32 x 32.

It starts from the starter that paints pixels without words. In GLIDE (Nichol et al. 2021, arXiv:2112.10741) the text
goes into the U-Net in the same way, so that this is the model of its workflow too.
"""

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from training import pixels, t5
from training.latent_diffusion import CAPTION_DROP
from training.loop import Plan, epoch_indices, fit
from training.runs import ASSETS, Run

FOLDER = ASSETS.parent / "imagen"
SEED, BATCH = 71, 48
PLAN = Plan(steps=2300, peak=1e-3, warm_up=40, hold=0.3, average=0.995)


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.manual_seed(SEED)
    texts, scenes = t5.Texts.trained(), pixels.training_scenes()
    pictures = pixels.reduced(pixels.drawn(scenes))

    def losses_of(unet: UNet2DConditionModel, step: int) -> dict[str, Tensor]:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, len(scenes))
        _, words = t5.write_all([scenes[index] for index in chosen], rng)
        clean = pixels.to_signal(pictures[chosen])
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
        noisy = pixels.new_scheduler().add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = unet(noisy, timesteps, told_or_not(texts, words, rng), return_dict=False)[0]
        return {"velocity": pixels.velocity_loss(predicted, clean, noise, timesteps)}

    unet = fit(Run("imagen"), pixels.started_unet(), PLAN, losses_of)
    pixels.export(FOLDER, unet, texts.tokenizer, texts.encoder)


def told_or_not(texts: t5.Texts, words: list[str], rng: np.random.Generator) -> Tensor:
    """Hidden states [texts, 32, 128]; a tenth of the texts is dropped, for guidance."""
    with torch.no_grad():
        return texts.tokens(["" if rng.random() < CAPTION_DROP else text for text in words])
