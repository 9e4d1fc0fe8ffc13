"""Trains a classifier of noisy pictures, 32 x 32, for classifier guidance (Dhariwal & Nichol 2021, arXiv:2105.05233).

It is a small U-Net with one output channel a class, averaged over the picture, so that diffusers' own class holds it.
The noise is that of the pixel model, and so is what the timesteps mean.
"""

import torch
from diffusers import UNet2DModel
from torch import Tensor
from torch.nn.functional import cross_entropy

from training.grammar import SUBJECTS
from training.loop import Plan, epoch_indices, fit
from training.pixel_base import SIDE, new_scheduler, save, training_pictures
from training.runs import ASSETS, Run

FOLDER = ASSETS.parent / "noisy-classifier"
SEED, SCENE_SEED, BATCH, COUNT = 61, 62, 64, 8192
PLAN = Plan(steps=600, peak=1.5e-3, warm_up=40, hold=0.3, average=0.99, weight_decay=1e-2)


def new_classifier() -> UNet2DModel:
    """Three levels, attention on the lowest; a channel for each class."""
    return UNet2DModel(
        sample_size=SIDE,
        out_channels=len(SUBJECTS),
        block_out_channels=(16, 32, 64),
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=32,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
    )


def logits_of(model: UNet2DModel, noisy: Tensor, timesteps: Tensor) -> Tensor:
    """[B, classes], of noisy pictures [B, 3, 32, 32]."""
    found: Tensor = model(noisy, timesteps, return_dict=False)[0]
    return found.float().mean((2, 3))


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    pictures, labels = training_pictures(SCENE_SEED, COUNT)
    torch.manual_seed(SEED)
    scheduler = new_scheduler()

    def losses_of(model: UNet2DModel, step: int) -> dict[str, Tensor]:
        seed = torch.Generator().manual_seed(1000 * SEED + step)
        chosen = torch.from_numpy(epoch_indices(SEED, step, BATCH, COUNT))
        timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
        noisy = scheduler.add_noise(pictures[chosen], torch.randn(BATCH, 3, SIDE, SIDE, generator=seed), timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            logits = logits_of(model, noisy, timesteps)
        return {"class": cross_entropy(logits, labels[chosen])}

    export(fit(Run("noisy-classifier"), new_classifier(), PLAN, losses_of))


def export(model: UNet2DModel) -> None:
    """Replaces the model's folder."""
    save(FOLDER, model, dict(enumerate(SUBJECTS)))
