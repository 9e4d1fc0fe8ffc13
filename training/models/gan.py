"""Trains a generator from words against a discriminator (after AttnGAN, Xu et al. 2018, arXiv:1711.10485).

Adversarial with the hinge loss (Lim & Ye 2017), spectral norms (Miyato et al. 2018) and a discriminator that also
refuses real pictures with the wrong words (Reed et al. 2016), by a projection on the sentence (Miyato & Koyama 2018).
The frozen CLIP pair stands where AttnGAN has its DAMSM. So that twenty minutes suffice there is a help: the noise of a
training picture is made of what its words leave open (place, size, tilt, ...), so that the generator can also be told
by how much it misses that very picture.
"""

import shutil
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, leaky_relu, normalize, relu
from torch.nn.utils.parametrizations import spectral_norm
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from nodes.networks.wordgan_network import WordGenerator
from training.data import captions
from training.data.centred import COUNT, centred_scenes
from training.data.grammar import BACKGROUNDS, COLOURS, STYLES
from training.data.scenes import SIZE, STYLE_SHARES, Scene, draw_all
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models import clip
from training.models.latent_diffusion import with_filler
from training.models.part_shapes import TEXT_WIDTH

FOLDER = ASSETS.parent / "text-gan"
SEED, BATCH = 71, 32
PLAN = TrainingPlan(steps=1200, peak=5e-4, warm_up=50, hold=0.5, average=0.995, weight_decay=0.0, betas=(0.0, 0.99))
LOW, WIDTHS = 48, (64, 96, 128, 128)
MISS_WEIGHT, MEANING_WEIGHT = 20.0, 0.1
NOISE = 8


class Discriminator(nn.Module):
    """Is this a drawing, and one of these words? Half a million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.first = spectral_norm(nn.Conv2d(12, LOW, 3, padding=1))
        widths = [LOW, *WIDTHS]
        pairs = list(zip(widths, WIDTHS, strict=False))
        self.wide = nn.ModuleList([spectral_norm(nn.Conv2d(a, b, 3, padding=1)) for a, b in pairs])
        self.deep = nn.ModuleList([spectral_norm(nn.Conv2d(b, b, 3, padding=1)) for _, b in pairs[1:]])
        self.score = spectral_norm(nn.Linear(WIDTHS[-1], 1))
        self.sentence = spectral_norm(nn.Linear(TEXT_WIDTH, WIDTHS[-1]))

    def features(self, pictures: Tensor) -> Tensor:
        """[B, 3, 64, 64] to [B, 128]."""
        x = leaky_relu(self.first(nn.functional.pixel_unshuffle(pictures, 2)), 0.2)
        for step, wide in enumerate(self.wide):
            x = leaky_relu(wide(x), 0.2)
            if step:
                x = x + leaky_relu(self.deep[step - 1](x), 0.2)
            if step + 1 < len(self.wide):
                x = avg_pool2d(x, 2)
        return x.mean((2, 3)) * 4

    def judge(self, features: Tensor, pooled: Tensor) -> Tensor:
        """[B]: above 0 for what looks drawn and fits the sentence."""
        return self.score(features)[:, 0] + (features * self.sentence(pooled)).sum(1) / features.shape[1] ** 0.5


class Learner(nn.Module):
    """Both sides; they are trained in one step, each with its own loss."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = WordGenerator(noise_dim=NOISE, text_dim=TEXT_WIDTH, pooled_dim=TEXT_WIDTH)
        self.discriminator = Discriminator()


def left_open(scenes: Sequence[Scene], rng: np.random.Generator) -> Tensor:
    """[scenes, 8]: what words leave open about each scene, as numbers that are normal over all scenes.

    Place (2), size, tilt, brightness of the background; and style, colour and background, for captions without them.
    """
    shares: NDArray[np.float64] = np.cumsum([0.0, *STYLE_SHARES])
    rows = []
    for scene in scenes:
        style = STYLES.index(scene.style)
        rows.append(
            (
                (scene.x - SIZE / 2 + 1.5) / 3,
                (scene.y - SIZE / 2 + 1.5) / 3,
                (scene.radius / 21.0 - 0.96) / 0.08,
                (scene.tilt + 6) / 12,
                (scene.gradient - 0.01) / 0.04,
                shares[style] + rng.random() * STYLE_SHARES[style],
                (list(COLOURS).index(scene.colour) + rng.random()) / len(COLOURS),
                (list(BACKGROUNDS).index(scene.background) + rng.random()) / len(BACKGROUNDS),
            )
        )
    evenly = torch.tensor(rows, dtype=torch.float64).clamp(1e-3, 1 - 1e-3)
    return (2**0.5 * torch.erfinv(2 * evenly - 1)).float()


class Data:
    """Pictures drawn once, and their captions, written anew each time, as the frozen text encoder reads them."""

    def __init__(self) -> None:
        self.scenes = centred_scenes()
        self.codes = clip.attribute_codes(self.scenes)
        parts = [draw_all(self.scenes[start : start + 256]) for start in range(0, COUNT, 256)]
        self.pictures = torch.cat([torch.from_numpy((part * 255).round().astype(np.uint8)) for part in parts])
        self.words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
        encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32)
        self.encoder = encoder.eval().requires_grad_(False)
        self.pair = CLIPModel.from_pretrained(clip.FOLDER, dtype=torch.float32).eval().requires_grad_(False)

    def fitting(self, pictures: Tensor, tokens: Tensor, chosen: NDArray[np.int64], told: Tensor) -> Tensor:
        """Return how ill the CLIP pair finds pictures and words of a batch to go together."""
        texts = self.pair.get_text_features(input_ids=tokens).pooler_output
        seen = self.pair.get_image_features(pixel_values=pictures).pooler_output
        scores = self.pair.logit_scale.exp() * normalize(texts.float(), dim=-1) @ normalize(seen.float(), dim=-1).T
        codes = self.codes[chosen]
        return clip.contrastive_loss(scores, clip.fitting(codes, told, codes))


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the generator's folder."""
    torch.manual_seed(SEED)
    data = Data()

    def losses_of(learner: Learner, step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([SEED, step])
        chosen = epoch_indices(SEED, step, BATCH, COUNT)
        scenes = [data.scenes[index] for index in chosen]
        told = captions.write_all(scenes, rng)
        texts = [with_filler(caption.text, rng) for caption in told]
        tokens = data.words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        real = data.pictures[chosen].permute(0, 3, 1, 2).float() / 127.5 - 1
        discriminator = learner.discriminator
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                read = data.encoder(tokens)
            sentence = read.pooler_output
            made = learner.generator(left_open(scenes, rng), read.last_hidden_state, sentence)[0]
            discriminator.requires_grad_(False)
            liked = discriminator.judge(discriminator.features(made), sentence).float().mean()
            meaning = data.fitting(made, tokens, chosen, clip.told_mask(told))
            discriminator.requires_grad_(True)
            features = discriminator.features(torch.cat([real, made.detach()]))
            seen, forged = features.chunk(2)
            right = relu(1 - discriminator.judge(seen, sentence)).float().mean()
            forgery = relu(1 + discriminator.judge(forged, sentence)).float().mean()
            mismatch = relu(1 + discriminator.judge(seen, sentence.roll(1, 0))).float().mean()
        return {
            "generator": -liked,
            "miss": MISS_WEIGHT * (made.float() - real).abs().mean(),
            "meaning": MEANING_WEIGHT * meaning,
            "discriminator": right + (forgery + mismatch) / 2,
        }

    export(fit(TrainingRun("text-gan"), Learner(), PLAN, losses_of).generator)


def export(model: WordGenerator) -> None:
    """Replaces the generator's folder: config.json and half-precision weights. The discriminator is thrown away."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.half().save_pretrained(FOLDER, safe_serialization=True)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
