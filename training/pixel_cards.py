"""Figures and cards of the models on pixels: the base, the classifier that leads it, and what makes it larger.

Everything is painted by the program's own nodes, in batches.
"""

import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from nodeflow.wires import Conditioning, Guider, Image, Schedule
from nodes.classifier import classifier_guidance, load_noisy_classifier
from nodes.denoise import pixel_denoiser
from nodes.guidance import no_guidance
from nodes.measure import compare_pictures
from nodes.models import load_ddpm
from nodes.noise import gaussian_noise
from nodes.sample import sample
from nodes.schedule import scheduler
from nodes.upsample import load_upsampler, upsample_denoiser
from nodes.upscale import load_upscaler, upscale_image
from training import checker, noisy_classifier, silhouettes, upsamplers
from training.dit_card import random_labels
from training.grammar import SUBJECTS
from training.pictures import save_grid
from training.pixel_base import NONE
from training.runs import ASSETS, WORK
from training.scenes import draw_all, random_scene

MODELS = ASSETS.parent
HELD_OUT_SEED, BATCH = 50260, 50
STEPS, LARGER_STEPS = 20, 6
SCALES = (0.0, 1.0, 2.0, 4.0, 8.0)
LEVELS = (0, 100, 300, 500)

_END = """
## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""
_BASE = """# Pixel diffusion starter

A small U-Net that paints one subject in the middle of a plain background, 32 x 32 pixels, led by a class or by none:
`UNet2DModel` and `DDPMScheduler` of diffusers, {megabytes:.1f} MB in half precision. Colour, background and style are
up to chance.

## What to ask for
The classes {classes} are labels 0 to {last}; label {none} is no class.

## Settings
{steps} steps of DDIM without guidance. Predicts v, has cosine betas and zero terminal signal-to-noise, and wants
trailing timesteps: `scheduler/` says so. Guidance scales above 2 burn the colours.

## How well it does
The checker (`training/checker.py`, which reads pixels alone) on pictures of random classes, enlarged to 64 x 64, seeds
used for nothing else, in single precision.

| | of the class that was asked for |
|---|---|
| a class, DDIM, {steps} steps, no guidance, {count} pictures | **{right:.1%}** |
| no class, DDIM, {steps} steps: any subject that is known, {few} pictures | {known:.1%} |

Seconds of one core a picture: {seconds:.2f}.

## How it was made
By `python -m training pixel-base` on one CPU core: {parameters:.2f} M parameters, {trained} steps of 48 pictures out of
8192, {minutes:.0f} processor minutes, seed 41; 15 % of the labels dropped.
"""
_CLASSIFIER = """# Noisy classifier starter

Tells the subject of a noisy picture of 32 x 32 pixels, and leads `pixel-base` by its gradient. {parameters:.2f} M
parameters, {megabytes:.1f} MB in half precision: the down blocks and the middle of `pixel-base`, as they were trained
there, and one linear layer (`nodes/loading/noisy_classifier.py`). Its timesteps are those of `pixel-base`.

## How well it does
Right on {count} pictures that it had not seen, at timesteps drawn from 0 to 949: **{right:.1%}**; below 600: {low:.1%}.

`pixel-base` without a class, led by it, DDIM, {steps} steps, {few} pictures of random classes a scale, judged by the
checker at 64 x 64:

| scale | of the class that was asked for |
|---|---|
{rows}

## How it was made
By `python -m training noisy-classifier`: logistic regression on {different} noisy pictures, a quarter of a minute on
one CPU core.
"""
_UPSAMPLER = """# Diffusion upsampler from {small} to {large}

Paints a picture of {large} x {large} pixels beside one of {small} x {small}, told nothing but that: `UNet2DModel` of
diffusers with six input channels, {parameters:.2f} M parameters, {megabytes:.1f} MB in half precision. Convolutions
alone, so it takes other sizes too. Trained with noise on the small picture (Ho et al. 2021, arXiv:2106.15282) up to
timestep {most}, of which it is told as a "timestep" class embedding; 0 is none.

## Settings
{steps} steps of DDIM. Predicts v, has cosine betas and zero terminal signal-to-noise.

## How well it does
{measured}

## How it was made
By `python -m training {name}` on one CPU core: {trained} steps of 16 {crops}, {minutes:.0f} processor minutes, seed
{seed}. A quarter of the small pictures had no noise.
"""
_COMPACT = """# Compact upscaler from 64 to 256

A network of the ESRGAN kind, Real-ESRGAN's compact one (SRVGGNetCompact; Wang et al. 2021, arXiv:2107.10833), as
spandrel loads it: {parameters:.2f} M parameters, {megabytes:.1f} MB in half precision. Led by the mean absolute error
alone, as ESRGAN's first phase is, and not by an adversary.

## How well it does
PSNR on {count} drawings of 256 x 256 that it had not seen, made smaller to 64 x 64 by averaging: **{psnr:.2f} dB**;
bicubic enlarging: {bicubic:.2f} dB; `upsampler-256`, {steps} steps of DDIM: {diffusion:.2f} dB.

## How it was made
By `python -m training compact-upscaler` on one CPU core: {trained} steps of 16 crops of 96 pixels out of 768 drawings,
{minutes:.0f} processor minutes, seed 71.
"""


def painted(guider: Guider, schedule: Schedule, seed: int, count: int, side: int = 0) -> Tensor:
    """Pictures [count, 3, H, W] in 0..1."""
    made = sample(guider, schedule, gaussian_noise(seed, count, side, side), record="nothing", batch="together")
    while True:
        try:
            next(made)
        except StopIteration as end:
            return (end.value.latent.samples / 2 + 0.5).clamp(0, 1)


def subjects(pictures: Tensor) -> list[str | None]:
    """What the checker sees in pictures [count, 3, H, W], brought to 64 x 64."""
    known = silhouettes.load()
    sized = interpolate(pictures, (64, 64), mode="bicubic", antialias=True).clamp(0, 1)
    return [checker.analyse(one.permute(1, 2, 0).numpy(), known).subject for one in sized]


def share_right(pictures: Tensor, labels: list[int]) -> float:
    """The share of pictures that show the subject of their label."""
    return float(np.mean([found == SUBJECTS[n] for found, n in zip(subjects(pictures), labels, strict=True)]))


def classed(labels: list[int], seed: int = HELD_OUT_SEED) -> Tensor:
    """The base's pictures [count, 3, 32, 32] of labels; the label NONE is no class."""
    model = load_ddpm()
    schedule, denoiser = scheduler(model.schedule, "DDIM", STEPS), pixel_denoiser(model.unet)
    made = []
    for start in range(0, len(labels), BATCH):
        part = torch.tensor(labels[start : start + BATCH])
        made.append(painted(no_guidance(denoiser, Conditioning(labels=part)), schedule, seed + start, len(part)))
    return torch.cat(made)


def led(labels: list[int], scale: float, seed: int = HELD_OUT_SEED) -> Tensor:
    """The base's pictures [count, 3, 32, 32] without a class, led to labels by the classifier."""
    model, wanted, nothing = load_ddpm(), Conditioning(labels=torch.tensor(labels)), torch.tensor([NONE])
    schedule, denoiser = scheduler(model.schedule, "DDIM", STEPS), pixel_denoiser(model.unet)
    guider = classifier_guidance(
        denoiser, load_noisy_classifier(), wanted, schedule, scale, Conditioning(labels=nothing)
    )
    return painted(guider, schedule, seed, len(labels))


def larger(name: str, low: Tensor, side: int, level: int = 0, steps: int = LARGER_STEPS) -> Tensor:
    """Pictures [count, 3, side, side] beside small ones."""
    model = load_upsampler(f"starter:{name}")
    schedule = scheduler(model.schedule, "DDIM", steps)
    made = []
    for start in range(0, len(low), 10):
        part = low[start : start + 10]
        denoiser = upsample_denoiser(model.unet, Image(part), model.schedule, level, seed=start)
        made.append(painted(no_guidance(denoiser), schedule, HELD_OUT_SEED + start, len(part), side))
    return torch.cat(made)


def bicubic(low: Tensor, side: int) -> Tensor:
    """Plainly enlarged pictures."""
    return interpolate(low, (side, side), mode="bicubic", antialias=True).clamp(0, 1)


def psnr(made: Tensor, true: Tensor) -> float:
    """Decibels, averaged over the pictures."""
    return compare_pictures(Image(made), Image(true)).psnr


def drawn(side: int, count: int) -> Tensor:
    """Drawings [count, 3, side, side] in 0..1 that nothing was trained on."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    scenes = [random_scene(rng) for _ in range(count)]
    return torch.from_numpy(draw_all(scenes, side // 64)).permute(0, 3, 1, 2).contiguous()


def report_base(count: int = 200, few: int = 100) -> None:
    """Measures `pixel-base` and writes its card."""
    labels, begin = random_labels(HELD_OUT_SEED, count), time.process_time()
    made = classed(labels)
    seconds, right = (time.process_time() - begin) / count, share_right(made, labels)
    known = float(np.mean([found is not None for found in subjects(classed([NONE] * few))]))
    _look(made[:48], "pixel-base")
    history = _history("pixel-base")
    _write(
        "pixel-base", _BASE, classes=", ".join(SUBJECTS), last=NONE - 1, none=NONE, steps=STEPS, count=count, few=few,
        right=right, known=known, seconds=seconds, trained=history[-1]["step"], minutes=_minutes(history),
    )


def report_classifier(few: int = 60) -> None:
    """Measures `noisy-classifier` and writes its card."""
    model = load_noisy_classifier().module.float()
    features, labels, timesteps = noisy_classifier.noisy_features(model, HELD_OUT_SEED, 512)
    right = (model.head(features).argmax(1) == labels).float()
    wanted, rows = random_labels(HELD_OUT_SEED, few), list[str]()
    for scale in SCALES:
        made = led(wanted, scale)
        share = share_right(made, wanted)
        print("classifier", scale, share, flush=True)
        rows.append(f"| {scale:g} | {share:.1%} |")
        _look(made[:48], f"noisy-classifier-{scale:g}")
    _write(
        "noisy-classifier", _CLASSIFIER, count=512, right=float(right.mean()), low=float(right[timesteps < 600].mean()),
        steps=STEPS, few=few, rows="\n".join(rows), different=noisy_classifier.COUNT,
    )


def report_upsampler_64(count: int = 100) -> None:
    """Measures `upsampler-64`, alone and behind `pixel-base`, and writes its card."""
    true = drawn(64, count)
    low = avg_pool2d(true, 2)
    labels = random_labels(HELD_OUT_SEED + 1, count)
    small, rows = classed(labels, HELD_OUT_SEED + 1000), list[str]()
    rows.append(f"| (bicubic) | {psnr(bicubic(low, 64), true):.2f} dB | {share_right(bicubic(small, 64), labels):.1%} |")
    for level in LEVELS:
        both = larger("upsampler-64", low, 64, level), larger("upsampler-64", small, 64, level)
        rows.append(f"| {level} | {psnr(both[0], true):.2f} dB | {share_right(both[1], labels):.1%} |")
        print(rows[-1], flush=True)
        _look(both[1][:48], f"upsampler-64-{level}")
    measured = (
        f"On {count} drawings made smaller by averaging, PSNR; and behind `pixel-base`, how many of {count} pictures of "
        "random\nclasses show the class that was asked for (the checker).\n\n"
        "| noise on the small picture, timestep | drawings | cascade |\n|---|---|---|\n" + "\n".join(rows)
    )
    _report_upsampler(upsamplers.TO_64, measured, "pictures out of 8192")


def report_256(count: int = 16) -> None:
    """Measures `upsampler-256` and `compact-upscaler` against bicubic enlarging, and writes their cards."""
    true = drawn(256, count)
    low = avg_pool2d(true, 4)
    made = {
        "diffusion": larger("upsampler-256", low, 256),
        "psnr": upscale_image(load_upscaler(), Image(low)).pixels,
        "bicubic": bicubic(low, 256),
    }
    figures = {name: psnr(pictures, true) for name, pictures in made.items()}
    print(figures, flush=True)
    _look(torch.stack([low4 for row in zip(*made.values(), true, strict=True) for low4 in row][:24]), "256", 4, 1)
    measured = (
        f"PSNR on {count} drawings of 256 x 256 that it had not seen, made smaller by averaging: "
        f"**{figures['diffusion']:.2f} dB**; bicubic\nenlarging: {figures['bicubic']:.2f} dB; `compact-upscaler`: "
        f"{figures['psnr']:.2f} dB."
    )
    _report_upsampler(upsamplers.TO_256, measured, "crops of 64 pixels out of 768 drawings")
    history = _history("compact-upscaler")
    _write(
        "compact-upscaler", _COMPACT, count=count, steps=LARGER_STEPS, trained=history[-1]["step"],
        minutes=_minutes(history), **figures,
    )


def _report_upsampler(stage: upsamplers.Stage, measured: str, crops: str) -> None:
    history = _history(stage.name)
    _write(
        stage.name, _UPSAMPLER, small=stage.side // stage.factor, large=stage.side, most=stage.most_noise,
        steps=LARGER_STEPS, measured=measured, name=stage.name, trained=history[-1]["step"], crops=crops,
        minutes=_minutes(history), seed=stage.seed,
    )


def _write(name: str, card: str, **figures: object) -> None:
    folder = MODELS / name
    path = next(folder.rglob("*.safetensors"))
    megabytes = path.stat().st_size / 1e6
    text = card.format(megabytes=megabytes, parameters=megabytes / 2, **figures) + _END
    print(text, flush=True)
    (folder / "README.md").write_text(text)


def _history(name: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in (WORK / name / "history.jsonl").read_text().splitlines()]


def _minutes(history: list[dict[str, float]]) -> float:
    return sum(entry["seconds"] for entry in history) / 60


def _look(pictures: Tensor, name: str, columns: int = 12, scale: int = 2) -> None:
    path: Path = WORK / "pixel-cards" / f"{name}.png"
    save_grid(pictures.permute(0, 2, 3, 1).numpy(), path, columns, scale)


def report() -> None:
    """All of them."""
    report_base()
    report_classifier()
    report_upsampler_64()
    report_256()
