"""Trains a generator from words against a discriminator (after AttnGAN, Xu et al. 2018, arXiv:1711.10485).

Adversarial with the hinge loss (Lim & Ye 2017), spectral norms (Miyato et al. 2018) and a discriminator that also
refuses real pictures with the wrong words (Reed et al. 2016), by a projection on the sentence (Miyato & Koyama 2018).
The frozen CLIP pair stands where AttnGAN has its DAMSM. So that twenty minutes suffice there is a help: the noise of a
training picture is made of what its words leave open (place, size, tilt, ...), so that the generator can also be told
by how much it misses that very picture.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize, relu
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized, remove_parametrizations
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

from nodes.networks.wordgan_discriminator import WordDiscriminator
from nodes.networks.wordgan_network import WordGenerator
from training.data import captions
from training.data.centred import COUNT, centred_scenes
from training.data.grammar import BACKGROUNDS, COLOURS, STYLES
from training.data.scenes import SIZE, STYLE_SHARES, Scene, draw_all
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import Losses, TrainingPlan, epoch_indices, fit
from training.models import clip
from training.models.latent_diffusion import with_filler
from training.models.part_shapes import TEXT_WIDTH

FOLDER = ASSETS.parent / "text-gan"
SEED, BATCH = 71, 32
PLAN = TrainingPlan(steps=1200, peak=5e-4, warm_up=50, hold=0.5, average=0.995, weight_decay=0.0, betas=(0.0, 0.99))
OPEN = TrainingPlan(steps=100, peak=5e-4, warm_up=50, hold=1.0, average=0.99, weight_decay=0.0, betas=(0.0, 0.99))
OPEN_TOLD = {"colour": 0.7, "background": 0.5}
"""The second round, in which captions leave more open: after the first, whose captions leave out one background in ten,
it was a blend of several that the subject could not be told from. It ends early, with one plain background for these
texts: much later the noise begins to choose it, and colours that are told begin to blend."""
BESIDE = TrainingPlan(steps=400, peak=1.5e-3, warm_up=10, hold=0.4, average=0.97, weight_decay=0.0, betas=(0.0, 0.99))
"""Of the discriminator that is kept: it learns while the finished generator stays as it is."""
KEPT_SHAPE = {"first": 24, "channels": (32, 48, 64, 64)}
JUDGED, MOST_SHIFT = 2048, 3
"""Drawings and as many made images that it is shown; how many pixels they are shifted by at most."""
HALVINGS = 3
MISS_WEIGHT, MEANING_WEIGHT = 20.0, 0.1
NOISE = 8


def spectral(discriminator: WordDiscriminator) -> WordDiscriminator:
    """The same, each of its layers held to a largest singular value of one."""
    for layer in list(discriminator.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            spectral_norm(layer)
    return discriminator


def plain(discriminator: WordDiscriminator) -> WordDiscriminator:
    """The same function as ordinary weights."""
    for layer in list(discriminator.modules()):
        if is_parametrized(layer):
            remove_parametrizations(layer, "weight")
    return discriminator


class Learner(nn.Module):
    """Both sides; they are trained in one step, each with its own loss."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = WordGenerator(noise_dim=NOISE, text_dim=TEXT_WIDTH, pooled_dim=TEXT_WIDTH)
        self.discriminator = spectral(WordDiscriminator(pooled_dim=TEXT_WIDTH, halvings=HALVINGS))


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
    losses_of = losses_with(captions.TOLD_SHARES, SEED)
    export(fit(TrainingRun("text-gan"), Learner(), PLAN, losses_of).generator, FOLDER)


def train_open() -> None:
    """Trains the finished generator on captions that leave more open, against a new discriminator, and replaces it."""
    torch.manual_seed(SEED)
    learner, losses_of = Learner(), losses_with(OPEN_TOLD, SEED + 2)
    learner.generator = WordGenerator.from_pretrained(FOLDER, torch_dtype=torch.float32)
    export(fit(TrainingRun("text-gan-open"), learner, OPEN, losses_of).generator, FOLDER)


def losses_with(told_shares: Mapping[str, float], seed: int) -> Callable[[Learner, int], Losses]:
    """The losses of both sides at a step of a round with a seed, whose captions tell so much."""
    data = Data()

    def losses_of(learner: Learner, step: int) -> Losses:
        rng = np.random.default_rng([seed, step])
        chosen = epoch_indices(seed, step, BATCH, COUNT)
        scenes = [data.scenes[index] for index in chosen]
        told = [captions.write(scene, rng, told_shares) for scene in scenes]
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
            liked = verdict(discriminator, discriminator.features(made), sentence).mean()
            meaning = data.fitting(made, tokens, chosen, clip.told_mask(told))
            discriminator.requires_grad_(True)
            told_apart = discriminator_loss(discriminator, real, made.detach(), sentence)
        return {
            "generator": -liked,
            "miss": MISS_WEIGHT * (made.float() - real).abs().mean(),
            "meaning": MEANING_WEIGHT * meaning,
            "discriminator": told_apart,
        }

    return losses_of


def train_discriminator() -> None:
    """Trains the discriminator that ships beside the generator; its cells are half as large as in the game before."""
    torch.manual_seed(SEED)
    real, made, sentences = _judged()

    def losses_of(discriminator: WordDiscriminator, step: int) -> dict[str, Tensor]:
        chosen = epoch_indices(SEED + 1, step, BATCH, JUDGED)
        shift = np.random.default_rng([SEED, step]).integers(-MOST_SHIFT, MOST_SHIFT + 1, 2).tolist()
        seen, forged = (part[chosen].roll(shift, (2, 3)) for part in (real, made))
        with torch.autocast("cpu", torch.bfloat16):
            return {"discriminator": discriminator_loss(discriminator, seen, forged, sentences[chosen])}

    fresh = spectral(WordDiscriminator(pooled_dim=TEXT_WIDTH, **KEPT_SHAPE))
    export(plain(fit(TrainingRun("gan-discriminator"), fresh, BESIDE, losses_of)), FOLDER / "discriminator")


@torch.no_grad()
def _judged() -> tuple[Tensor, Tensor, Tensor]:
    """Drawings and made images of the same captions, each [2048, 3, 64, 64] in -1..1, and the captions [2048, 128]."""
    rng, scenes = np.random.default_rng([SEED, 1]), centred_scenes()[:JUDGED]
    words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32).eval()
    generator = WordGenerator.from_pretrained(FOLDER, torch_dtype=torch.float32).eval()
    texts = [caption.text for caption in captions.write_all(scenes, rng)]
    read = encoder(words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"])
    noise = torch.randn(JUDGED, NOISE, generator=torch.Generator().manual_seed(SEED))
    parts = zip(noise.split(64), read.last_hidden_state.split(64), read.pooler_output.split(64), strict=True)
    with torch.autocast("cpu", torch.bfloat16):
        made = torch.cat([generator(*part)[0].float() for part in parts])
    real = torch.from_numpy(draw_all(scenes)).permute(0, 3, 1, 2) * 2 - 1
    return real, made, read.pooler_output


def discriminator_loss(discriminator: WordDiscriminator, real: Tensor, made: Tensor, sentence: Tensor) -> Tensor:
    """The hinge loss: drawings with their words are right; made ones, and drawings with others' words, are not."""
    seen, forged = discriminator.features(torch.cat([real, made])).chunk(2)
    right = relu(1 - verdict(discriminator, seen, sentence)).mean()
    forgery = relu(1 + verdict(discriminator, forged, sentence)).mean()
    mismatch = relu(1 + verdict(discriminator, seen, sentence.roll(1, 0))).mean()
    return right + (forgery + mismatch) / 2


def verdict(discriminator: WordDiscriminator, features: Tensor, pooled: Tensor) -> Tensor:
    """One score for each image [B]."""
    drawn, fitting = discriminator.judge(features, pooled)
    return (drawn + fitting).float().mean((1, 2))


def export(model: WordGenerator | WordDiscriminator, folder: Path) -> None:
    """Replaces a folder: config.json and half-precision weights."""
    shutil.rmtree(folder, ignore_errors=True)
    model.half().save_pretrained(folder, safe_serialization=True)
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in folder.rglob("*.json"):
        without_origin(path)
