"""Pictures by the models on pixels, painted in batches by the program's own nodes, and what they show."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.wires import Conditioning, Guider, Image, Schedule
from nodes.denoisers.denoisers import pixel_denoiser
from nodes.denoisers.upsampler_cascade import load_upsampler, upsample_denoiser
from nodes.guidance.classifier_free import no_guidance
from nodes.guidance.classifier_gradient import classifier_guidance, load_noisy_classifier
from nodes.images.measure import compare_pictures
from nodes.latents.noise import gaussian_noise
from nodes.loaders.load_models import load_ddpm
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from training.data.grammar import SUBJECTS
from training.data.scenes import draw_all, random_scene
from training.evaluation import checker, silhouettes
from training.models.pixel_base import NONE

HELD_OUT_SEED, BATCH = 50260, 50
STEPS, LED_STEPS, LARGER_STEPS = 20, 40, 8


def painted(guider: Guider, schedule: Schedule, seed: int, count: int, side: int = 0) -> Tensor:
    """Pictures [count, 3, H, W] in 0..1."""
    made = sample(guider, schedule, gaussian_noise(seed, count, side, side), record="nothing", batch="together")
    while True:
        try:
            next(made)
        except StopIteration as end:
            return (end.value.latent.samples / 2 + 0.5).clamp(0, 1)


def classed(labels: list[int], seed: int = HELD_OUT_SEED, steps: int = STEPS) -> Tensor:
    """The base's pictures [count, 3, 32, 32] of labels; the label NONE is no class."""
    model = load_ddpm()
    schedule, denoiser = scheduler(model.schedule, "DDIM", steps), pixel_denoiser(model.unet)
    made = []
    for start in range(0, len(labels), BATCH):
        part = torch.tensor(labels[start : start + BATCH])
        made.append(painted(no_guidance(denoiser, Conditioning(labels=part)), schedule, seed + start, len(part)))
    return torch.cat(made)


def led(labels: list[int], scale: float, both: bool = False, steps: int = LED_STEPS) -> Tensor:
    """The base's pictures [count, 3, 32, 32] led to labels by the classifier, told them too or not."""
    model, wanted = load_ddpm(), Conditioning(labels=torch.tensor(labels))
    schedule, denoiser = scheduler(model.schedule, "DDPM", steps), pixel_denoiser(model.unet)
    told = wanted if both else Conditioning(labels=torch.tensor([NONE]))
    guider = classifier_guidance(denoiser, load_noisy_classifier(), wanted, schedule, scale, told)
    return painted(guider, schedule, HELD_OUT_SEED, len(labels))


def larger(name: str, low: Tensor, side: int, level: int = 0, steps: int = LARGER_STEPS) -> Tensor:
    """Pictures [count, 3, side, side] painted beside small ones."""
    model = load_upsampler(f"starter:{name}")
    schedule, made = scheduler(model.schedule, "DDPM", steps), []
    for start in range(0, len(low), 10):
        part = low[start : start + 10]
        denoiser = upsample_denoiser(model.unet, Image(part), model.schedule, level, seed=start)
        made.append(painted(no_guidance(denoiser), schedule, HELD_OUT_SEED + start, len(part), side))
    return torch.cat(made)


def bicubic(low: Tensor, side: int) -> Tensor:
    """Plainly enlarged pictures."""
    return interpolate(low, (side, side), mode="bicubic", antialias=True).clamp(0, 1)


def drawn(side: int, count: int) -> Tensor:
    """Drawings [count, 3, side, side] in 0..1 that nothing was trained on."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    scenes = [random_scene(rng) for _ in range(count)]
    return torch.from_numpy(draw_all(scenes, side // 64)).permute(0, 3, 1, 2).contiguous()


def psnr(made: Tensor, true: Tensor) -> float:
    """Decibels, averaged over the pictures."""
    return compare_pictures(Image(made), Image(true)).psnr


def subjects(pictures: Tensor) -> list[str | None]:
    """Return what the checker sees in pictures [count, 3, H, W], brought to 64 x 64."""
    known = silhouettes.load()
    return [checker.analyse(one.permute(1, 2, 0).numpy(), known).subject for one in bicubic(pictures, 64)]


def share_right(pictures: Tensor, labels: list[int]) -> float:
    """The share of pictures that show the subject of their label."""
    return float(np.mean([found == SUBJECTS[n] for found, n in zip(subjects(pictures), labels, strict=True)]))
