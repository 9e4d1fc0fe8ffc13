"""Trains the text encoder and the denoiser together on captioned latents (Rombach et al., 2022).

A step depends on its number alone: its pictures, captions and noise come from seeds made of it, so that a run that was
killed goes on as if nothing had happened.
"""

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import CLIPTokenizer

from training.data import captions, latents, tokenizer
from training.data.captions import Caption
from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, STYLES, SUBJECTS
from training.data.picture_files import save_grid
from training.data.scenes import Scene
from training.data.tokenizer import FILLERS
from training.evaluation import evaluate
from training.loops.run_folders import WORK, TrainingRun, learning_rate
from training.models import vae
from training.models.part_shapes import TEXT_WIDTH, new_denoiser, new_scheduler, new_text_encoder

FOLDER = WORK / "latent-diffusion"
SEED = 5
STEPS, BATCH = 5000, 64
PEAK, WARM_UP, HOLD = 8e-4, 150, 0.4
AVERAGE = 0.997
CAPTION_DROP, FILLER_SHARE = 0.1, 0.08
READING_WEIGHT = 0.03
HIGH_NOISE_TILT = 0.75
"""Below 1, noisy timesteps come more often: colours and places first. Later all come evenly, for shape."""
SAVE_EVERY, LOOK_EVERY, LOOK_AT = 125, 1000, 96

READINGS: dict[str, tuple[str, ...]] = {
    "subject": SUBJECTS,
    "colour": tuple(COLOURS),
    "background": tuple(BACKGROUNDS),
    "place": PLACES,
    "style": STYLES,
}
"""What a linear layer must read from the text embedding: an auxiliary task that teaches the grammar early."""


class Learner(nn.Module):
    """All that is trained: text encoder, denoiser, and the linear reader of the auxiliary task."""

    def __init__(self, words: CLIPTokenizer) -> None:
        super().__init__()
        self.text_encoder = new_text_encoder(words)
        self.denoiser = new_denoiser()
        self.reader = nn.Linear(TEXT_WIDTH, sum(map(len, READINGS.values())))


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the averaged weights."""
    run, words = TrainingRun("latent-diffusion"), CLIPTokenizer.from_pretrained(tokenizer.FOLDER)
    scenes = latents.training_scenes()
    pictures = latents.training_latents(scenes)
    torch.manual_seed(SEED)
    learner = Learner(words)
    average = deepcopy(learner).requires_grad_(False)
    optimizer = torch.optim.AdamW(learner.parameters(), lr=PEAK, betas=(0.9, 0.99), weight_decay=1e-3, fused=True)
    first, losses = 0, list[tuple[float, float]]()
    if state := run.load():
        learner.load_state_dict(state["learner"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    for step in range(first, STEPS):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, STEPS, PEAK, WARM_UP, HOLD)
        losses.append(_step(learner, optimizer, words, scenes, pictures, step))
        rate = 1 - min(AVERAGE, (1 + step) / (20 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(learner.parameters()), rate)
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == STEPS:
            denoising, reading = (round(float(np.mean(column)), 4) for column in zip(*losses, strict=True))
            run.record(step=step + 1, loss=denoising, reading=reading, seconds=round(run.busy_seconds(), 1))
            losses.clear()
            run.save(
                {
                    "learner": learner.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                }
            )
            _write(average)
        if (step + 1) % LOOK_EVERY == 0 and step + 1 < STEPS:
            _look(run, step + 1)


def _step(
    learner: Learner,
    optimizer: torch.optim.Optimizer,
    words: CLIPTokenizer,
    scenes: list[Scene],
    pictures: Tensor,
    step: int,
) -> tuple[float, float]:
    """One update; the two losses."""
    rng, noise_seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
    chosen = _indices(step, len(scenes))
    told = captions.write_all([scenes[i] for i in chosen], rng)
    dropped = rng.random(BATCH) < CAPTION_DROP
    texts = ["" if drop else with_filler(c.text, rng) for drop, c in zip(dropped, told, strict=True)]
    tokens = words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
    clean = pictures[chosen].float()
    noise = torch.randn(clean.shape, generator=noise_seed)
    tilt = HIGH_NOISE_TILT if step < HOLD * STEPS else 1.0
    timesteps = (1000 * torch.rand(BATCH, generator=noise_seed) ** tilt).long().clamp(0, 999)
    scheduler = new_scheduler()
    noisy = scheduler.add_noise(clean, noise, timesteps)
    with torch.autocast("cpu", torch.bfloat16):
        embedding = learner.text_encoder(tokens)
        predicted = learner.denoiser(noisy, timesteps, embedding.last_hidden_state, return_dict=False)[0]
        read = learner.reader(embedding.pooler_output)
    denoising = (predicted.float() - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean()
    reading = _reading_loss(read.float(), [scenes[i] for i in chosen], told, dropped)
    optimizer.zero_grad(set_to_none=True)
    (denoising + READING_WEIGHT * reading).backward()
    torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
    optimizer.step()
    return float(denoising.detach()), float(reading.detach())


def _indices(step: int, count: int) -> np.ndarray:
    """The pictures of a step: every picture once an epoch, in an order of its own."""
    epoch, position = divmod(step, count // BATCH)
    order = np.random.default_rng([SEED, 1, epoch]).permutation(count)
    return order[position * BATCH : (position + 1) * BATCH]


def with_filler(text: str, rng: np.random.Generator) -> str:
    """Now and then one word more that means nothing, so that unknown words do no harm."""
    if rng.random() >= FILLER_SHARE:
        return text
    letters = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), int(rng.integers(3, 9))))
    parts = text.split(" ")
    parts.insert(int(rng.integers(len(parts) + 1)), str(rng.choice(FILLERS)) if rng.random() < 0.4 else letters)
    return " ".join(parts)


def _reading_loss(read: Tensor, scenes: list[Scene], told: list[Caption], dropped: np.ndarray) -> Tensor:
    """Cross-entropy of each attribute that its caption tells, summed over the attributes. `read` is [batch, 38]."""
    total = read.new_zeros(())
    for (name, values), scores in zip(READINGS.items(), read.split([*map(len, READINGS.values())], 1), strict=True):
        target = torch.tensor([values.index(getattr(scene, name)) for scene in scenes])
        said = [name in ("subject", "place") or name in caption.told for caption in told]
        weight = torch.from_numpy(np.array(said) & ~dropped).float()
        total = total + (cross_entropy(scores, target, reduction="none") * weight).sum() / weight.sum().clamp(min=1)
    return total


def _write(average: Learner) -> None:
    average.text_encoder.save_pretrained(FOLDER / "text_encoder")
    average.denoiser.save_pretrained(FOLDER / "unet")


def _look(run: TrainingRun, step: int) -> None:
    """Scores and shows some captions that are neither trained on nor reported."""
    asked = evaluate.fresh_captions(evaluate.CHOOSING_SEED, LOOK_AT)
    with torch.autocast("cpu", torch.bfloat16):
        made = evaluate.paint(evaluate.trained_pipeline(FOLDER, tokenizer.FOLDER, vae.FOLDER / "model"), asked)
    run.record(step=step, **evaluate.score(made, asked))
    save_grid(made[:60], FOLDER / f"look_{step}.png")
