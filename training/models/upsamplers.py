"""Trains a diffusion upsampler with noise-conditioning augmentation (Ho et al. 2021, arXiv:2106.15282).

It makes 256 x 256 out of 64 x 64, and learns the steps of a cascade from 32 as well, so that it serves every size; the
two text-led ones begin from it. It sees the small picture, enlarged and with noise on it, beside the picture that it
paints, and is told how much noise that is. It is not told what is painted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DModel
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from training.data.scenes import SIZE, draw_all, random_scene
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import Losses, TrainingPlan, epoch_indices, fit
from training.models.pixel_base import new_scheduler, save

CLEAN_SHARE = 0.25
"""How often the small picture is given without noise."""


@dataclass(frozen=True)
class UpsamplerStage:
    """Hold what an upsampler is trained on: crops of pictures of ``side`` pixels, and smaller ones by ``factor``."""

    name: str
    seed: int
    side: int
    factor: int
    pictures: int
    crop: int
    batch: int
    widths: tuple[int, ...]
    most_noise: int
    """The highest timestep whose noise is put on the small picture."""
    plan: TrainingPlan
    others: tuple[tuple[int, int], ...] = ()
    """Other sides and factors that take turns with them, where a round shows them."""

    @property
    def folder(self) -> Path:
        """Return where the trained network is written."""
        return ASSETS.parent / self.name


PLAIN = UpsamplerStage(
    "upsampler-256",
    52,
    256,
    4,
    768,
    64,
    16,
    (24, 48, 64),
    400,
    TrainingPlan(steps=1000, peak=1e-3, warm_up=60, average=0.99),
    others=((128, 4), (64, 2)),
)
AGAIN = TrainingPlan(steps=1800, peak=7e-4, warm_up=40, hold=0.3, average=0.99)
"""Its second round, which shows the others too, at a lower rate."""


def new_unet(stage: UpsamplerStage) -> UNet2DModel:
    """Convolutions alone, so that it takes pictures of any size."""
    levels = len(stage.widths)
    return UNet2DModel(
        sample_size=stage.side,
        in_channels=6,
        block_out_channels=stage.widths,
        down_block_types=("DownBlock2D",) * levels,
        up_block_types=("UpBlock2D",) * levels,
        layers_per_block=1,
        add_attention=False,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        class_embed_type="timestep",
    )


def training_pictures(stage: UpsamplerStage) -> Tensor:
    """[count, 3, side, side] in 0..255, the same at each call."""
    rng = np.random.default_rng(stage.seed)
    scenes = [random_scene(rng) for _ in range(stage.pictures)]
    parts = [draw_all(scenes[start : start + 64], stage.side // SIZE) for start in range(0, len(scenes), 64)]
    return torch.cat([torch.from_numpy((part * 255).round().astype(np.uint8)) for part in parts]).permute(0, 3, 1, 2)


def enlarged(pictures: Tensor, factor: int) -> Tensor:
    """Pictures [B, 3, H, W], made smaller by averaging and larger again by cubic curves."""
    small = avg_pool2d(pictures, factor)
    return interpolate(small, pictures.shape[-2:], mode="bicubic", antialias=True)


def crops(pictures: Tensor, size: int, rng: np.random.Generator) -> list[tuple[slice, slice]]:
    """A place in each picture: of four drawn by chance the one with the most to see."""
    places = []
    for picture in pictures:
        corners = rng.integers(0, picture.shape[-1] - size + 1, (4, 2))
        cuts = [(slice(y, y + size), slice(x, x + size)) for y, x in corners.tolist()]
        places.append(max(cuts, key=lambda cut: float(picture[:, *cut].var())) if rng.random() < 0.8 else cuts[0])
    return places


def examples(
    stage: UpsamplerStage,
    pictures: Tensor,
    step: int,
    enlarged: Callable[[Tensor, int], Tensor] = enlarged,
    others: tuple[tuple[int, int], ...] = (),
) -> tuple[Tensor, Tensor]:
    """Return what is to be painted in a step and the small picture, enlarged: each [batch, 3, crop, crop] in -1..1.

    The stage's side and factor take turns with ``others``.
    """
    chosen = pictures[torch.from_numpy(epoch_indices(stage.seed, step, stage.batch, len(pictures)))].float() / 127.5 - 1
    kinds = ((stage.side, stage.factor), *others)
    side, factor = kinds[step % len(kinds)]
    chosen = avg_pool2d(chosen, stage.side // side)
    low = enlarged(chosen, factor)
    if stage.crop == side:
        return chosen, low
    places = crops(chosen, stage.crop, np.random.default_rng([stage.seed, 2, step]))
    return tuple(
        torch.stack([one[:, *place] for one, place in zip(whole, places, strict=True)])  # type: ignore[return-value]
        for whole in (chosen, low)
    )


def augmented(low: Tensor, scheduler: DDPMScheduler, most: int, seed: torch.Generator) -> tuple[Tensor, Tensor]:
    """The small picture with noise of a random timestep, and the timestep; 0 stands for no noise at all."""
    levels = torch.randint(1, most + 1, (len(low),), generator=seed)
    clean = torch.rand(len(low), generator=seed) < CLEAN_SHARE
    noisy = scheduler.add_noise(low, torch.randn(low.shape, generator=seed), levels)
    return torch.where(clean[:, None, None, None], low, noisy), levels.masked_fill(clean, 0)


def train() -> None:
    """Trains both rounds to the end, or goes on where a killed run stopped, and writes the model's folder."""
    pictures, scheduler, before = training_pictures(PLAIN), new_scheduler(), PLAIN.plan.steps
    torch.manual_seed(PLAIN.seed)

    def losses_of(model: UNet2DModel, step: int) -> Losses:
        seed = torch.Generator().manual_seed(1000 * PLAIN.seed + step)
        clean, low = examples(PLAIN, pictures, step, others=PLAIN.others if step >= before else ())
        low, levels = augmented(low, scheduler, PLAIN.most_noise, seed)
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (PLAIN.batch,), generator=seed)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            velocity = model(torch.cat([noisy, low], 1), timesteps, levels, return_dict=False)[0].float()
        return {"velocity": (velocity - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean()}

    first = fit(TrainingRun(PLAIN.name), new_unet(PLAIN), PLAIN.plan, losses_of).requires_grad_()
    second = fit(TrainingRun(f"{PLAIN.name}-again"), first, AGAIN, lambda model, step: losses_of(model, before + step))
    save(PLAIN.folder, second, {})
