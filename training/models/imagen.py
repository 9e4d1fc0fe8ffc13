"""Trains the base of a cascade that a frozen T5 leads (Saharia et al. 2022, Imagen, arXiv:2205.11487), 64 x 64.

It learns what words mean on 32 x 32, from the starter that paints pixels without them, and then grows to 64 x 64. In
GLIDE (Nichol et al. 2021, arXiv:2112.10741) the text goes into the U-Net in the same way, so that this is the model of
its workflow too.
"""

from collections.abc import Callable

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from training.data import pixels
from training.loops import growing
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import Losses, TrainingPlan, epoch_indices, fit
from training.models import t5
from training.models.latent_diffusion import CAPTION_DROP

FOLDER = ASSETS.parent / "imagen"
SEED, BATCH, GROWN_BATCH = 71, 48, 32
PLAN = TrainingPlan(steps=2300, peak=1e-3, warm_up=40, hold=0.3, average=0.995)
GROWN = TrainingPlan(steps=1200, peak=1e-3, warm_up=40, hold=0.3, average=0.99)


def train() -> None:
    """Trains both rounds to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.manual_seed(SEED)
    texts, scenes = t5.Texts.trained(), pixels.training_scenes()
    large = pixels.drawn(scenes)

    def losses_on(pictures: Tensor, batch: int, round_seed: int) -> Callable[[UNet2DConditionModel, int], Losses]:
        def losses_of(unet: UNet2DConditionModel, step: int) -> Losses:
            rng, seed = np.random.default_rng([round_seed, step]), torch.Generator().manual_seed(round_seed + step)
            chosen = epoch_indices(round_seed, step, batch, len(scenes))
            _, words = t5.write_all([scenes[index] for index in chosen], rng)
            clean = pixels.to_signal(pictures[chosen])
            noise = torch.randn(clean.shape, generator=seed)
            timesteps = torch.randint(0, 1000, (batch,), generator=seed)
            noisy = pixels.new_scheduler().add_noise(clean, noise, timesteps)
            with torch.autocast("cpu", torch.bfloat16):
                predicted = unet(noisy, timesteps, told_or_not(texts, words, rng), return_dict=False)[0]
            return {"velocity": pixels.velocity_loss(predicted, clean, noise, timesteps)}

        return losses_of

    small = fit(TrainingRun("imagen"), pixels.started_unet(), PLAN, losses_on(pixels.reduced(large), BATCH, SEED))
    unet = fit(TrainingRun("imagen-grown"), growing.grown(small), GROWN, losses_on(large, GROWN_BATCH, SEED + 10_000))
    pixels.export(FOLDER, unet, texts.tokenizer, texts.encoder)


def told_or_not(texts: t5.Texts, words: list[str], rng: np.random.Generator) -> Tensor:
    """Hidden states [texts, 32, 128]; a tenth of the texts is dropped, for guidance."""
    with torch.no_grad():
        return texts.tokens(["" if rng.random() < CAPTION_DROP else text for text in words])
