"""Makes a classifier of noisy pictures, 32 x 32, for classifier guidance (Dhariwal & Nichol 2021, arXiv:2105.05233).

The half of the pixel model that looks has learned already what is in a noisy picture: it is taken as it stands, and one
linear layer upon it learns the classes, by logistic regression.
"""

import shutil

import torch
from diffusers import UNet2DModel
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nodes.loading.noisy_classifier import NoisyClassifier
from training.export import without_origin
from training.grammar import SUBJECTS
from training.pixel_base import FOLDER as BASE
from training.pixel_base import NONE, SIDE, new_scheduler, training_pictures
from training.runs import ASSETS

FOLDER = ASSETS.parent / "noisy-classifier"
SEED, SCENE_SEED, COUNT, BATCH = 61, 62, 8192, 128
ROUNDS, DECAY = 120, 1e-3


def new_classifier() -> NoisyClassifier:
    """The pixel model's down blocks and middle as they are for no class, and a head that knows nothing yet."""
    base = UNet2DModel.from_pretrained(BASE / "unet", torch_dtype=torch.float32)
    model = NoisyClassifier({str(number): name for number, name in enumerate(SUBJECTS)}, SIDE)
    found = model.load_state_dict(base.state_dict(), strict=False)
    if set(found.missing_keys) != {"head.weight", "head.bias"}:
        raise RuntimeError(f"the pixel model lacks {found.missing_keys}")
    model.time_embedding.linear_2.bias.data += base.class_embedding.weight[NONE]
    return model.eval().requires_grad_(False)


@torch.no_grad()
def noisy_features(model: NoisyClassifier, scene_seed: int = SCENE_SEED, count: int = COUNT) -> tuple[Tensor, ...]:
    """What the head reads of noisy pictures [count, D], their classes and their timesteps."""
    pictures, labels = training_pictures(scene_seed, count)
    seed = torch.Generator().manual_seed(SEED + scene_seed)
    timesteps = torch.randint(0, 950, (count,), generator=seed)  # beyond there is nothing to see
    noisy = new_scheduler().add_noise(pictures, torch.randn(pictures.shape, generator=seed), timesteps)
    with torch.autocast("cpu", torch.bfloat16):
        parts = [
            model.features(x, times).float()
            for x, times in zip(noisy.split(BATCH), timesteps.split(BATCH), strict=True)
        ]
    return torch.cat(parts), labels, timesteps


def train() -> None:
    """Fits the head, in a quarter of a minute, and writes the model's folder."""
    model = new_classifier()
    features, labels, _ = noisy_features(model)
    middle, width = features.mean(0), features.std(0) + 1e-3
    scaled, head = (features - middle) / width, nn.Linear(features.shape[1], len(SUBJECTS))
    nn.init.zeros_(head.weight)
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=ROUNDS)

    def loss() -> Tensor:
        optimizer.zero_grad()
        found = cross_entropy(head(scaled), labels) + DECAY * head.weight.square().sum()
        found.backward()
        return found

    optimizer.step(loss)  # type: ignore[arg-type]
    model.head.weight.data = head.weight.data / width
    model.head.bias.data = head.bias.data - model.head.weight.data @ middle
    export(model)


def export(model: NoisyClassifier) -> None:
    """Replaces the model's folder, in half precision."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.half().save_pretrained(FOLDER, safe_serialization=True)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    without_origin(FOLDER / "config.json")
