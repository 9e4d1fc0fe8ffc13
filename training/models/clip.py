"""Trains a CLIP pair: pictures and captions into one space (Radford et al. 2021, arXiv:2103.00020).

A caption may leave things unsaid, so that it fits several pictures of a batch: all that it fits are right answers
(Yang et al. 2022, arXiv:2204.03610). The text tower starts from the text encoder of the latent diffusion starter.
"""

import shutil

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextModel,
    CLIPTokenizer,
    CLIPVisionConfig,
)

from training.data import captions, latents
from training.data.captions import Caption
from training.data.scenes import SIZE, Scene, draw_all
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models.latent_diffusion import READINGS, with_filler

FOLDER = ASSETS.parent / "clip"
SEED, BATCH, PICTURES = 21, 160, 16384
PLAN = TrainingPlan(steps=1000, peak=1e-3, warm_up=60, hold=0.3)
WIDTH, LAYERS, PATCH = 128, 4, 8
READING_WEIGHT = 0.1
GRAIN = 0.06
"""The strongest noise on training pictures, so that small faults of generated ones do no harm."""


def new_model(text: CLIPTextModel) -> CLIPModel:
    """Text tower 3 x 128 as it is given, picture tower 4 x 128 over patches of 8 x 8: 1.7 million parameters."""
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        image_size=SIZE,
        patch_size=PATCH,
        hidden_act="quick_gelu",
    )
    config = CLIPConfig(text_config=text.config.to_dict(), vision_config=vision.to_dict(), projection_dim=WIDTH)
    model = CLIPModel(config)
    model.text_model.load_state_dict(text.state_dict())
    return model


class Learner(nn.Module):
    """The pair, and a linear layer that reads the attributes from both kinds of embedding: thrown away afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.clip = new_model(CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32))
        self.reader = nn.Linear(WIDTH, sum(map(len, READINGS.values())))


class Data:
    """Pictures drawn once from a fixed seed, their captions written anew each time."""

    def __init__(self, count: int = PICTURES) -> None:
        self.tokenizer = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
        self.scenes = latents.training_scenes()[:count]
        self.codes = attribute_codes(self.scenes)
        parts = [draw_all(self.scenes[start : start + 256]) for start in range(0, count, 256)]
        self.pictures = torch.cat([torch.from_numpy((part * 255).round().astype(np.uint8)) for part in parts])

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Tokens [B, L], pictures [B, 3, 64, 64] in -1..1, codes [B, 5], and which of these each caption tells."""
        rng, noise = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, PICTURES)
        told = captions.write_all([self.scenes[index] for index in chosen], rng)
        texts = [with_filler(caption.text, rng) for caption in told]
        tokens = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")["input_ids"]
        pixels = self.pictures[chosen].permute(0, 3, 1, 2).float() / 127.5 - 1
        grain = GRAIN * torch.rand(BATCH, 1, 1, 1, generator=noise)
        pixels = pixels + grain * torch.randn(pixels.shape, generator=noise)
        return tokens, pixels, self.codes[chosen], told_mask(told)


def attribute_codes(scenes: list[Scene]) -> Tensor:
    """[scenes, 5]: the number of each attribute's value among READINGS."""
    return torch.tensor([[values.index(getattr(scene, name)) for name, values in READINGS.items()] for scene in scenes])


def told_mask(told: list[Caption]) -> Tensor:
    """[captions, 5]: whether the caption says the attribute."""
    return torch.tensor([[name in ("subject", "place") or name in c.told for name in READINGS] for c in told])


def fitting(text_codes: Tensor, told: Tensor, picture_codes: Tensor) -> Tensor:
    """[texts, pictures]: whether all that a text tells holds for a picture."""
    return ((text_codes[:, None] == picture_codes[None]) | ~told[:, None]).all(-1)


def contrastive_loss(scores: Tensor, fits: Tensor) -> Tensor:
    """Mean of both directions; every fitting pair counts as a right answer. ``scores`` [texts, pictures]."""
    right = fits.float()
    by_text = cross_entropy(scores, right / right.sum(1, keepdim=True))
    by_picture = cross_entropy(scores.T, right.T / right.T.sum(1, keepdim=True))
    return (by_text + by_picture) / 2


def reading_loss(read: Tensor, codes: Tensor, told: Tensor) -> Tensor:
    """Cross-entropy of each attribute where it is told, summed over the attributes."""
    total = read.new_zeros(())
    for index, scores in enumerate(read.split([*map(len, READINGS.values())], 1)):
        weight = told[:, index].float()
        each = cross_entropy(scores, codes[:, index], reduction="none")
        total = total + (each * weight).sum() / weight.sum().clamp(min=1)
    return total


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.manual_seed(SEED)
    data = Data()

    def losses_of(learner: Learner, step: int) -> dict[str, Tensor]:
        tokens, pixels, codes, told = data.batch(step)
        clip = learner.clip
        with torch.autocast("cpu", torch.bfloat16):
            texts = clip.get_text_features(input_ids=tokens).pooler_output
            pictures = clip.get_image_features(pixel_values=pixels).pooler_output
            read_texts, read_pictures = learner.reader(texts).float(), learner.reader(pictures).float()
        scale = clip.logit_scale.clamp(max=np.log(100.0)).exp()
        scores = scale * normalize(texts.float(), dim=-1) @ normalize(pictures.float(), dim=-1).T
        reading = reading_loss(read_texts, codes, told) + reading_loss(read_pictures, codes, torch.ones_like(told))
        return {
            "contrast": contrastive_loss(scores, fitting(codes, told, codes)),
            "reading": READING_WEIGHT * reading,
        }

    export(fit(TrainingRun("clip"), Learner(), PLAN, losses_of).clip)


def export(model: CLIPModel) -> None:
    """Replaces the model's folder: CLIPModel in half precision, tokenizer, and how pictures are prepared."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.half().save_pretrained(FOLDER)
    CLIPTokenizer.from_pretrained(ASSETS / "tokenizer").save_pretrained(FOLDER)
    side = {"height": SIZE, "width": SIZE}
    CLIPImageProcessor(
        size={"shortest_edge": SIZE}, crop_size=side, image_mean=[0.5] * 3, image_std=[0.5] * 3
    ).save_pretrained(FOLDER)
    for path in FOLDER.glob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.glob("*.json"):
        without_origin(path)
