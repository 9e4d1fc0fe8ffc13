"""Makes a classifier of noisy pictures, 32 x 32, for classifier guidance (Dhariwal & Nichol 2021, arXiv:2105.05233).

It begins as the half of the pixel model that looks, which has learned already what is in a noisy picture.
"""

import shutil

import torch
from diffusers import UNet2DModel
from torch import Tensor
from torch.nn.functional import cross_entropy

from nodes.loaders.families.pixel_diffusion.noisy_classifier import NoisyClassifier
from training.data.grammar import SUBJECTS
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import Losses, TrainingPlan, epoch_indices, fit
from training.models.pixel_base import FOLDER as BASE
from training.models.pixel_base import NONE, SIDE, new_scheduler, training_pictures

FOLDER = ASSETS.parent / "noisy-classifier"
SEED, SCENE_SEED, COUNT, BATCH = 61, 62, 16384, 64
PLAN = TrainingPlan(steps=1200, peak=3e-4, warm_up=50, hold=0.3, average=0.99, weight_decay=0.05)
MAX_NOISE = 980
"""Beyond this timestep there is nothing to see."""


def new_classifier() -> NoisyClassifier:
    """The pixel model's down blocks and middle as they are for no class, and a head that knows nothing yet."""
    base = UNet2DModel.from_pretrained(BASE / "unet", torch_dtype=torch.float32)
    model = NoisyClassifier({str(number): name for number, name in enumerate(SUBJECTS)}, SIDE)
    found = model.load_state_dict(base.state_dict(), strict=False)
    if set(found.missing_keys) != {"head.weight", "head.bias"}:
        raise RuntimeError(f"the pixel model lacks {found.missing_keys}")
    model.time_embedding.linear_2.bias.data += base.class_embedding.weight[NONE]
    return model


def noisy(pictures: Tensor, seed: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pictures [count, 3, 32, 32] with noise of random timesteps, and these [count]."""
    timesteps = torch.randint(0, MAX_NOISE, (len(pictures),), generator=seed)
    return new_scheduler().add_noise(pictures, torch.randn(pictures.shape, generator=seed), timesteps), timesteps


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    pictures, labels = training_pictures(SCENE_SEED, COUNT)
    torch.manual_seed(SEED)

    def losses_of(model: NoisyClassifier, step: int) -> Losses:
        seed = torch.Generator().manual_seed(1000 * SEED + step)
        chosen = torch.from_numpy(epoch_indices(SEED, step, BATCH, COUNT))
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(*noisy(pictures[chosen], seed)).float()
        return {"class": cross_entropy(logits, labels[chosen])}

    export(fit(TrainingRun("noisy-classifier"), new_classifier(), PLAN, losses_of))


def export(model: NoisyClassifier) -> None:
    """Replaces the model's folder, in half precision."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.half().save_pretrained(FOLDER, safe_serialization=True)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    without_origin(FOLDER / "config.json")
