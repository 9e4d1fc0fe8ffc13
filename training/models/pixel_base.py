"""Trains a small U-Net on pixels, 32 x 32, led by a class or by none (Ho et al. 2020, arXiv:2006.11239).

The classes are the subjects, in the middle of the picture; colour, background and style are up to chance. The last
class is "none": the same network paints without a class, can be led by a classifier, and begins a cascade.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from torch import Tensor

from training.data.grammar import SUBJECTS
from training.data.scenes import Scene, draw_all, random_scene
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import Losses, TrainingPlan, epoch_indices, fit
from training.models.vae import to_tensor

FOLDER = ASSETS.parent / "pixel-base"
SIDE = 32
SEED, SCENE_SEED, BATCH, COUNT = 41, 42, 48, 8192
PLAN = TrainingPlan(steps=1750, peak=1e-3, warm_up=100, hold=0.4, average=0.995, weight_decay=1e-4)
AGAIN = TrainingPlan(steps=1400, peak=7e-4, warm_up=50, hold=0.3, average=0.995, weight_decay=1e-4)
WIDTHS = (32, 64, 128)
NONE = len(SUBJECTS)
"""The label of "no class": the row after those of the subjects."""
LABEL_DROP, LABEL_DROP_AGAIN = 0.15, 0.5
"""How often a picture is shown as one of no class: seldom in the first round, half of the time in the second."""


def new_unet() -> UNet2DModel:
    """Three levels, attention on the lowest."""
    return UNet2DModel(
        sample_size=SIDE,
        block_out_channels=WIDTHS,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=32,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        num_class_embeds=NONE + 1,
    )


def new_scheduler() -> DDPMScheduler:
    """Cosine betas (Nichol and Dhariwal, 2021) down to no signal, v-prediction (Salimans and Ho, 2022)."""
    return DDPMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def training_pictures(scene_seed: int = SCENE_SEED, count: int = COUNT) -> tuple[Tensor, Tensor]:
    """Centred subjects and their classes, the same at each call: [count, 3, 32, 32] in -1..1, and [count]."""
    rng = np.random.default_rng(scene_seed)
    scenes = [random_scene(rng, centre_share=1.0) for _ in range(count)]
    pictures = [small_pictures(scenes[start : start + 256]) for start in range(0, count, 256)]
    return torch.cat(pictures), torch.tensor([SUBJECTS.index(scene.subject) for scene in scenes])


def small_pictures(scenes: list[Scene]) -> Tensor:
    """[count, 3, 32, 32] in -1..1."""
    return torch.nn.functional.avg_pool2d(to_tensor(draw_all(scenes)), 2)


def train() -> None:
    """Trains both rounds to the end, or goes on where a killed run stopped, and writes the model's folder.

    The second round is for painting without a class, which a network learns much more slowly than with one.
    """
    pictures, labels = training_pictures()
    torch.manual_seed(SEED)
    scheduler = new_scheduler()

    def losses_with(drop: float, seed_of_round: int) -> Callable[[UNet2DModel, int], Losses]:
        def losses_of(model: UNet2DModel, step: int) -> Losses:
            seed = torch.Generator().manual_seed(seed_of_round + step)
            chosen = torch.from_numpy(epoch_indices(seed_of_round, step, BATCH, COUNT))
            clean = pictures[chosen]
            wanted = labels[chosen].masked_fill(torch.rand(BATCH, generator=seed) < drop, NONE)
            noise = torch.randn(clean.shape, generator=seed)
            timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
            with torch.autocast("cpu", torch.bfloat16):
                noisy = scheduler.add_noise(clean, noise, timesteps)
                velocity = model(noisy, timesteps, wanted, return_dict=False)[0].float()
            return {"velocity": (velocity - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean()}

        return losses_of

    first = fit(TrainingRun("pixel-base"), new_unet(), PLAN, losses_with(LABEL_DROP, SEED))
    second = fit(
        TrainingRun("pixel-base-again"), first.requires_grad_(), AGAIN, losses_with(LABEL_DROP_AGAIN, SEED + 10_000)
    )
    export(second)


def export(model: UNet2DModel) -> None:
    """Replaces the model's folder."""
    save(FOLDER, model, dict(enumerate(SUBJECTS)))


def save(folder: Path, model: UNet2DModel, names: dict[int, str]) -> None:
    """Replaces a folder by network and schedule as diffusers' pipelines save them, in half precision.

    The names of classes stand in its index, as in that of a DiTPipeline.
    """
    shutil.rmtree(folder, ignore_errors=True)
    pipeline = DDPMPipeline(unet=model.half(), scheduler=new_scheduler())
    pipeline.register_to_config(**({"id2label": names} if names else {}))
    pipeline.save_pretrained(folder, safe_serialization=True)
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in folder.rglob("*.json"):
        without_origin(path)
