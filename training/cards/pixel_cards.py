"""Figures and cards of the models on pixels: the base, the classifier that leads it, and what makes it larger."""

import time

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from nodeflow.wires import Image
from nodes.guidance.classifier_gradient import load_noisy_classifier
from nodes.images.upscale import load_upscaler, upscale_image
from training.cards.dit_card import random_labels
from training.data.grammar import SUBJECTS
from training.data.picture_files import save_grid
from training.evaluation.pixel_painting import (
    HELD_OUT_SEED,
    LARGER_STEPS,
    LED_STEPS,
    STEPS,
    bicubic,
    classed,
    drawn,
    larger,
    led,
    psnr,
    share_right,
    subjects,
)
from training.loops.run_folders import ASSETS, WORK, minutes, recorded
from training.models import noisy_classifier, upsamplers
from training.models.pixel_base import NONE, training_pictures

MODELS = ASSETS.parent
SCALES, SCALES_TOLD = (0.0, 1.0, 2.0, 3.0, 6.0), (3.0,)
LEVELS = (0, 50, 100, 200, 400)

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
{steps} steps of DDIM or 40 of DDPM, without guidance. Predicts v, has cosine betas and zero terminal signal-to-noise,
and wants trailing timesteps: `scheduler/` says so.

## How well it does
The checker (`training/checker.py`, which reads pixels alone) on pictures enlarged to 64 x 64, from seeds used for
nothing else, in single precision, {steps} steps of DDIM.

| | right |
|---|---|
| {count} pictures of random classes: the class that was asked for | **{right:.1%}** |
| {few} pictures of no class: any subject at all | {known:.1%} |

Seconds of one core a picture: {seconds:.2f}.

## How it was made
By `python -m training pixel-base` on one CPU core: {parameters:.2f} M parameters; {trained} steps of 48 pictures out of
8192 with 15 % of the labels dropped, then {again} with half of them dropped (before these pictures of no class were
blots); {minutes:.0f} processor minutes, seed 41.
"""
_CLASSIFIER = """# Noisy classifier starter

Tells the subject of a noisy picture of 32 x 32 pixels, and leads `pixel-base` by its gradient. {parameters:.2f} M
parameters, {megabytes:.1f} MB in half precision: the down blocks and the middle of `pixel-base`, and one linear layer
(`nodes/loading/noisy_classifier.py`). Its timesteps are those of `pixel-base`.

## How well it does
Right on {count} pictures that it had not seen, at timesteps drawn from 0 to {most}: **{right:.1%}**; below 600:
{low:.1%}; above 800: {high:.1%}.

`pixel-base` led by it, {steps} steps of DDPM, {few} pictures of random classes a row, judged by the checker (DDIM,
which adds no fresh noise that could repair a step too far, had 58 % at scale 1.5 and 38 % at 4 of 24 others):

| | scale | of the class that was asked for |
|---|---|---|
{rows}

## How it was made
By `python -m training noisy-classifier` on one CPU core: begun as half of `pixel-base`, {trained} steps of
{batch} noisy pictures out of {different}, {minutes:.0f} processor minutes, seed {seed}.
"""
_UPSAMPLER = """# Diffusion upsampler from {small} to {large}

Paints a picture of {large} x {large} pixels beside one of {small} x {small}, told nothing but that: `UNet2DModel` of
diffusers with six input channels, {parameters:.2f} M parameters, {megabytes:.1f} MB in half precision. Convolutions
alone, so it takes other sizes too. Trained with noise on the small picture (Ho et al. 2021, arXiv:2106.15282) up to
timestep {most}, of which it is told as a "timestep" class embedding; 0 is none.

## Settings
{steps} steps of DDPM (truer by about a decibel than as many of DDIM). Predicts v, has cosine betas and zero terminal
signal-to-noise.

## How well it does
{measured}

## How it was made
By `python -m training {stage}` on one CPU core: {first} steps of 16 crops of 64 pixels out of 768 drawings, then
{again} in which the steps of a cascade, {others}, took turns with them; {minutes:.0f} processor
minutes, seed {seed}. A quarter of the small pictures had no noise.
"""
_COMPACT = """# Compact upscaler from 64 to 256

A network of the ESRGAN kind, Real-ESRGAN's compact one (SRVGGNetCompact; Wang et al. 2021, arXiv:2107.10833), as
spandrel loads it: {parameters:.2f} M parameters, {megabytes:.1f} MB in half precision. Led by the mean absolute error
alone, as ESRGAN's first phase is, and not by an adversary.

## How well it does
PSNR on {count} drawings of 256 x 256 that it had not seen, made smaller to 64 x 64 by averaging: **{once:.2f} dB**;
bicubic enlarging: {bicubic:.2f} dB; `upsampler-256`, {steps} steps of DDPM: {diffusion:.2f} dB.

## How it was made
By `python -m training compact-upscaler` on one CPU core: {trained} steps of 16 crops of 96 pixels out of 768 drawings,
{minutes:.0f} processor minutes, seed 71.
"""
_CASCADE = """

From 32 to 64, as in a cascade: PSNR on {count} drawings made smaller by averaging; and behind `pixel-base`, how many of
{count} pictures of random classes show the class that was asked for (the checker).

| noise on the small picture, timestep | drawings | cascade |
|---|---|---|
{rows}"""
_AGAINST = """\
PSNR on {count} drawings of 256 x 256 that it had not seen, made smaller by averaging: **{diffusion:.2f} dB**; bicubic
enlarging: {bicubic:.2f} dB; `compact-upscaler`: {once:.2f} dB."""


def report_base(count: int = 200, few: int = 100) -> None:
    """Measures `pixel-base` and writes its card."""
    labels, begin = random_labels(HELD_OUT_SEED, count), time.process_time()
    made = classed(labels)
    seconds, right = (time.process_time() - begin) / count, share_right(made, labels)
    known = float(np.mean([found is not None for found in subjects(classed([NONE] * few))]))
    _look(made[:48], "pixel-base")
    first, second = recorded("pixel-base"), recorded("pixel-base-again")
    _write(
        "pixel-base",
        _BASE,
        classes=", ".join(SUBJECTS),
        last=NONE - 1,
        none=NONE,
        steps=STEPS,
        count=count,
        few=few,
        right=right,
        known=known,
        seconds=seconds,
        trained=first[-1]["step"],
        again=second[-1]["step"],
        minutes=minutes(first + second),
    )


def report_classifier(count: int = 512, few: int = 40) -> None:
    """Measures `noisy-classifier` and writes its card."""
    model, seed = load_noisy_classifier(), torch.Generator().manual_seed(HELD_OUT_SEED)
    pictures, labels = training_pictures(HELD_OUT_SEED, count)
    noisy, times = noisy_classifier.noisy(pictures, seed)
    with torch.no_grad():
        right = (
            torch.cat([model.logits(*part) for part in zip(noisy.split(64), times.split(64), strict=True)])
        ).argmax(1)
    right, wanted, rows = (right == labels).float(), random_labels(HELD_OUT_SEED, few), list[str]()
    for told, scales in ((False, SCALES), (True, SCALES_TOLD)):
        for scale in scales:
            made = led(wanted, scale, told)
            who = "the denoiser is told the class too (ADM-G)" if told else "the classifier alone leads"
            rows.append(f"| {who} | {scale:g} | {share_right(made, wanted):.1%} |")
            print(rows[-1], flush=True)
            _look(made[:48], f"noisy-classifier-{scale:g}" + "-told" * told)
    history = recorded("noisy-classifier")
    _write(
        "noisy-classifier",
        _CLASSIFIER,
        count=count,
        most=noisy_classifier.MAX_NOISE - 1,
        right=float(right.mean()),
        low=float(right[times < 600].mean()),
        high=float(right[times > 800].mean()),
        steps=LED_STEPS,
        few=few,
        rows="\n".join(rows),
        trained=history[-1]["step"],
        batch=noisy_classifier.BATCH,
        different=noisy_classifier.COUNT,
        minutes=minutes(history),
        seed=noisy_classifier.SEED,
    )


def cascade(count: int = 30) -> str:
    """Measures `upsampler-256` behind `pixel-base`, from 32 to 64, with more and more noise on the small picture."""
    true, labels, rows = drawn(64, count), random_labels(HELD_OUT_SEED + 1, count), list[str]()
    low, small = avg_pool2d(true, 2), classed(labels, HELD_OUT_SEED + 1000)

    def row(name: str, drawings: Tensor, pictures: Tensor) -> None:
        rows.append(f"| {name} | {psnr(drawings, true):.2f} dB | {share_right(pictures, labels):.1%} |")
        print(rows[-1], flush=True)
        _look(pictures[:48], f"cascade-{name}")

    row("bicubic", bicubic(low, 64), bicubic(small, 64))
    for level in LEVELS:
        row(str(level), larger("upsampler-256", low, 64, level), larger("upsampler-256", small, 64, level))
    return _CASCADE.format(count=count, rows="\n".join(rows))


def report_256(count: int = 16) -> None:
    """Measures `upsampler-256` and `compact-upscaler` against bicubic enlarging, and writes their cards."""
    true = drawn(256, count)
    low = avg_pool2d(true, 4)
    made = {
        "diffusion": larger("upsampler-256", low, 256),
        "once": upscale_image(load_upscaler(), Image(low)).pixels,
        "bicubic": bicubic(low, 256),
    }
    figures = {name: psnr(pictures, true) for name, pictures in made.items()}
    print(figures, flush=True)
    _look(torch.cat([*(pictures[:4] for pictures in made.values()), true[:4]]), "256", 4, 1)
    _report_upsampler(_AGAINST.format(count=count, **figures) + cascade())
    history = recorded("compact-upscaler")
    trained, spent = history[-1]["step"], minutes(history)
    _write("compact-upscaler", _COMPACT, count=count, steps=LARGER_STEPS, trained=trained, minutes=spent, **figures)


def _report_upsampler(measured: str) -> None:
    stage = upsamplers.PLAIN
    first, again = recorded(stage.name), recorded(f"{stage.name}-again")
    _write(
        stage.name,
        _UPSAMPLER,
        small=stage.side // stage.factor,
        large=stage.side,
        most=stage.most_noise,
        steps=LARGER_STEPS,
        measured=measured,
        stage=stage.name,
        first=first[-1]["step"],
        again=again[-1]["step"],
        others=" and ".join(f"{side // factor} to {side}" for side, factor in stage.others),
        minutes=minutes(first + again),
        seed=stage.seed,
    )


def _write(folder: str, card: str, **figures: object) -> None:
    megabytes = sum(path.stat().st_size for path in (MODELS / folder).rglob("*.safetensors")) / 1e6
    text = card.format(megabytes=megabytes, parameters=megabytes / 2, **figures) + _END
    print(text, flush=True)
    (MODELS / folder / "README.md").write_text(text)


def _look(pictures: Tensor, name: str, columns: int = 12, scale: int = 2) -> None:
    save_grid(pictures.permute(0, 2, 3, 1).numpy(), WORK / "pixel-cards" / f"{name}.png", columns, scale)
