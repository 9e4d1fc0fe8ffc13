"""Figures and cards of Imagen's cascade: its base, asked in English and Chinese, and its two text-led upsamplers."""

import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.wires import Guider, Image, Noise, TextEncoder, TrainedSchedule
from nodes.conditioning.clip_space import load_clip
from nodes.denoisers.calls.prediction_types import levels
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.pixel_diffusion import TextUpsampler, load_text_pixels, load_text_upsampler, text_upsample_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.guidance.clip_gradient import CLIPGuided
from nodes.guidance.thresholding import thresholding
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from training.data import captions, chinese_captions
from training.data.picture_files import save_grid
from training.data.scenes import SIZE, Picture, Scene, draw_all, random_scene
from training.evaluation import evaluate
from training.loops.run_folders import ASSETS, WORK, minutes, recorded
from training.models import imagen, imagen_upsamplers, openclip, t5, upsamplers

CHOOSING_SEED, HELD_OUT_SEED, HELD_OUT, BATCH = 4245, 20260, 200, 25
KIND: Literal["DPM++ 2M"] = "DPM++ 2M"
STEPS, GUIDANCE, PERCENTILE, LARGEST = 12, 2.0, 0.95, 1.5
SCALES, CLIP_SCALES, KINDS = (1.0, 2.0, 4.0, 12.0), (150.0, 400.0, 1000.0), ("none", "static", "dynamic")
STAGES = {128: (imagen_upsamplers.TO_128, 8), 256: (imagen_upsamplers.TO_256, 6)}
"""Each stage, and the steps it takes."""
AUGMENTATION, FEW = 100, 40
COUNTS = {64: HELD_OUT, 128: 50, 256: 25}
"""How many of the captions are painted at each size."""

_BASE = """# Imagen starter

A very small cascade after Imagen (Saharia et al. 2022, arXiv:2205.11487). This folder is its base: a frozen T5 and a
U-Net that paints 64 x 64 pixels, in the layout of DeepFloyd IF (`IFPipeline` of diffusers), {megabytes:.1f} MB in half
precision. The two stages that make its pictures larger are `imagen-128` and `imagen-256`. GLIDE's workflow takes the
same base.

## What to ask for
One subject in the middle of a plain background, with its colour and style, in the words of `latent-diffusion` but
without places: "a red star on a blue background". Chinese as well: 一颗红色的星星，蓝色背景.

## Settings
{steps} steps of {kind}, guidance {guidance:g}. Predicts v, has zero terminal signal-to-noise, trailing timesteps. Where
guidance is larger, thresholding needs a scheduler that starts anew from the foreseen picture: DPM++ or DDPM. DDIM keeps
the direction of before the cut, and its pictures fall apart.

## How well it does
The checker (`training/checker.py`, which reads pixels alone) on {count} captions from a seed of their own, in single
precision; pictures of other sizes are brought to 64 x 64 by cubic curves. The Chinese captions tell the same of the
same scenes.

| captions | pictures | subject | colour | background | everything right | processor seconds a picture |
|---|---|---|---|---|---|---|
{rows}
What guidance and thresholding do, base alone, on {few} of the captions (everything right):

| classifier-free guidance | no thresholding | static | dynamic, {percentile:.0%}, at most {largest:g} |
|---|---|---|---|
{thresholds}
Plain pictures gain little from dynamic thresholding: where much of one is at the end of its range, all is made greyer.

| CLIP guidance alone, by `starter:open-clip`, static | {scales} |
|---|{rule}
| everything right | {shares} |

## How it was made
By `python -m training t5` and `imagen` on one CPU core. T5: {text_parameters:.2f} M parameters, {text_steps} steps of
{text_batch} texts alone ({chinese:.0%} Chinese), {text_minutes:.0f} processor minutes, seed {text_seed}. U-Net:
{parameters:.2f} M parameters, {small} steps of {batch} pictures of 32 x 32, begun from `pixel-base`, which paints
without words; then an outer level was added (after Karras et al. 2018, arXiv:1710.10196), and {trained} steps of
{grown_batch} pictures of 64 x 64 followed; {minutes:.0f} processor minutes, seed {seed}. A tenth of the captions is
dropped for guidance.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""

_STAGE = """# Imagen starter, from {small} to {side}

A text-led diffusion upsampler (Saharia et al. 2022, arXiv:2205.11487) in the layout of DeepFloyd IF's second stage
(`IFSuperResolutionPipeline` of diffusers), {megabytes:.1f} MB in half precision. Its text encoder is that of `imagen`,
so that diffusers takes it as `text_encoder=None` and texts that are encoded already.

## Settings
{steps} steps of {kind}, no guidance, `augmentation` {augmentation}: noise on the small picture (Ho et al. 2021,
arXiv:2106.15282), in training up to timestep {most}. Predicts v, has zero terminal signal-to-noise, trailing timesteps.

## How well it does
{count} drawn pictures, made smaller, and larger again: {decibels:.1f} dB against {cubic:.1f} dB by cubic curves, and
{noisy:.1f} dB with noise on the small picture as above. What the whole cascade does stands in the card of `imagen`.

## How it was made
By `python -m training imagen-{side}` on one CPU core: {parameters:.2f} M parameters, {trained} steps of {batch}
pictures of {crop} x {crop} pixels{others}, {minutes:.0f} processor minutes, seed {seed}, begun from `{plain}`, which
knows no text.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


class Cascade:
    """The three folders as the nodes load them."""

    def __init__(self) -> None:
        self.base = load_text_pixels(str(imagen.FOLDER))
        self.stages: dict[int, TextUpsampler] = {
            side: load_text_upsampler(str(ASSETS.parent / f"imagen-{side}")) for side in STAGES
        }

    @property
    def texts(self) -> TextEncoder:
        """The T5 that leads all three."""
        return self.base.text_encoder

    def paint(self, texts: list[str], seed: int, scale: float = GUIDANCE, kind: Any = "static") -> Image:
        """Small pictures (count, 3, 64, 64)."""
        nothing, told = self.texts.encode([""]), self.texts.encode(texts)
        guider = classifier_free_guidance(unet_denoiser(self.base.unet), told, nothing, scale)
        trained = thresholding(self.base.schedule, kind, PERCENTILE, LARGEST)
        return _sampled(guider, trained, STEPS, _seeds(seed, texts))

    def enlarge(self, low: Image, texts: list[str], seed: int, side: int, augmentation: int = AUGMENTATION) -> Image:
        """Larger ones (count, 3, side, side)."""
        stage, noise = self.stages[side], _seeds(seed, texts)
        denoiser = text_upsample_denoiser(stage.unet, low, noise, stage.noising, augmentation)
        guider = no_guidance(denoiser, self.texts.encode(texts))
        return _sampled(guider, thresholding(stage.schedule, "static"), STAGES[side][1], noise)


def _seeds(seed: int, texts: list[str]) -> Noise:
    return Noise(tuple(range(seed, seed + len(texts))))


def _sampled(guider: Guider, trained: TrainedSchedule, steps: int, noise: Noise) -> Image:
    run = sample(guider, scheduler(trained, KIND, steps), noise, record="nothing", batch="together")
    while True:
        try:
            next(run)
        except StopIteration as end:
            return Image((end.value.latent.samples / 2 + 0.5).clamp(0, 1))


def held_out(seed: int, count: int) -> tuple[list[Scene], list[str], list[str]]:
    """Scenes of centred subjects, and what is told of each in English and in Chinese."""
    rng, other = np.random.default_rng(seed), np.random.default_rng([seed, 1])
    told = [(scene := random_scene(rng, centre_share=1.0), captions.write(scene, rng)) for _ in range(count)]
    said = [chinese_captions.write(scene, caption.told, other).text for scene, caption in told]
    return [scene for scene, _ in told], [caption.text for _, caption in told], said


def for_checker(images: Tensor) -> Picture:
    """Pictures (count, 3, h, w) as the checker wants them, [count, 64, 64, 3]."""
    resized = interpolate(images, (SIZE, SIZE), mode="bicubic", antialias=True).clamp(0, 1)
    return resized.permute(0, 2, 3, 1).numpy()


def in_batches(paint: Callable[[int, int], Image], count: int) -> tuple[Image, float]:
    """All that ``paint`` makes of the captions from one number to another, and processor seconds a picture."""
    begin = time.process_time()
    made = torch.cat([paint(start, min(start + BATCH, count)).pixels for start in range(0, count, BATCH)])
    return Image(made), (time.process_time() - begin) / count


def right(cascade: Cascade, texts: list[str], scale: float, kind: str) -> float:
    """The share of pictures that are wholly right, of the base alone."""
    made, _ = in_batches(lambda a, b: cascade.paint(texts[a:b], a, scale, kind), len(texts))
    return evaluate.score(for_checker(made.pixels), texts)["all"]


def right_by_clip(cascade: Cascade, texts: list[str], scale: float) -> float:
    """The same where the text leads by CLIP's gradient, and the model is asked once."""
    clip, trained = load_clip(str(openclip.FOLDER)), thresholding(cascade.base.schedule, "static")
    denoiser = unet_denoiser(cascade.base.unet)
    noise_levels = levels(scheduler(trained, KIND, STEPS), denoiser)

    def paint(a: int, b: int) -> Image:
        plain = no_guidance(denoiser, cascade.texts.encode(texts[a:b]))
        guider = CLIPGuided(plain, clip, clip.embed_texts(texts[a:b]).values, scale, noise_levels)
        return _sampled(guider, trained, STEPS, _seeds(a, texts[a:b]))

    made, _ = in_batches(paint, len(texts))
    return evaluate.score(for_checker(made.pixels), texts)["all"]


def compare(count: int = FEW) -> None:
    """Figures for choosing guidance and thresholding, on captions that are not reported."""
    cascade, (_, texts, _) = Cascade(), held_out(CHOOSING_SEED, count)
    for scale in SCALES:
        print(_thresholds(cascade, scale, texts), end="", flush=True)


def report() -> None:
    """Measures the cascade and writes the three cards."""
    cascade, (scenes, english, said) = Cascade(), held_out(HELD_OUT_SEED, HELD_OUT)
    rows = "".join(_rows(cascade, "English", english, english) + _rows(cascade, "Chinese", said, english))
    thresholds = "".join(_thresholds(cascade, scale, english[:FEW]) for scale in SCALES)
    by_clip = [right_by_clip(cascade, english[:FEW], scale) for scale in CLIP_SCALES]
    language, small, grown = recorded("t5"), recorded("imagen"), recorded("imagen-grown")
    _write(
        _BASE,
        "imagen",
        small + grown,
        small=small[-1]["step"],
        rows=rows,
        thresholds=thresholds,
        scales=" | ".join(f"{scale:g}" for scale in CLIP_SCALES),
        rule="---|" * len(CLIP_SCALES),
        shares=" | ".join(f"{share:.0%}" for share in by_clip),
        steps=STEPS,
        kind=KIND,
        guidance=GUIDANCE,
        percentile=PERCENTILE,
        largest=LARGEST,
        count=HELD_OUT,
        few=FEW,
        parameters=_millions(cascade.base.unet.module),
        text_parameters=_millions(cascade.texts.module),  # type: ignore[attr-defined]
        text_steps=t5.PLAN.steps,
        text_batch=t5.BATCH,
        text_minutes=minutes(language),
        text_seed=t5.SEED,
        chinese=t5.CHINESE_SHARE,
        batch=imagen.BATCH,
        grown_batch=imagen.GROWN_BATCH,
        seed=imagen.SEED,
    )
    for side, count in ((128, FEW), (256, 8)):
        _report_stage(cascade, side, scenes[:count], english[:count])


def _thresholds(cascade: Cascade, scale: float, texts: list[str]) -> str:
    """A line of the table."""
    shares = [right(cascade, texts, scale, kind) for kind in KINDS]
    return f"| {scale:g} | {' | '.join(f'{share:.0%}' for share in shares)} |\n"


def _rows(cascade: Cascade, language: str, texts: list[str], english: list[str]) -> list[str]:
    """Lines of the table: the base, the first stage, and for a few captions the second."""
    lines, image, spent = list[str](), None, 0.0
    for side, count in COUNTS.items():
        low, asked = image, texts[:count]

        def made(a: int, b: int, low: Image | None = low, side: int = side) -> Image:
            if low is None:
                return cascade.paint(texts[a:b], a)
            return cascade.enlarge(Image(low.pixels[a:b]), texts[a:b], a, side)

        image, seconds = in_batches(made, count)
        spent += seconds
        figures = evaluate.score(for_checker(image.pixels), english[:count])
        shares = " | ".join(f"{figures[name]:.1%}" for name in ("subject", "colour", "background"))
        size = f"{side} x {side}" + (f", the first {len(asked)}" if count < HELD_OUT else "")
        lines.append(f"| {language} | {size} | {shares} | **{figures['all']:.1%}** | {spent:.2f} |\n")
        print(lines[-1], end="", flush=True)
        sheet = image.pixels[:48].permute(0, 2, 3, 1).numpy()
        save_grid(sheet, WORK / "imagen" / f"held_out_{language}_{side}.png", scale=max(1, 128 // side))
    return lines


def _report_stage(cascade: Cascade, side: int, scenes: list[Scene], texts: list[str]) -> None:
    stage, steps = STAGES[side]
    drawn = torch.from_numpy(draw_all(scenes, side // SIZE)).permute(0, 3, 1, 2).float()
    low = Image(torch.nn.functional.avg_pool2d(drawn, stage.factor))
    found = {level: cascade.enlarge(low, texts, 0, side, level).pixels for level in (0, AUGMENTATION)}
    cubic = interpolate(low.pixels, (side, side), mode="bicubic", antialias=True).clamp(0, 1)
    _write(
        _STAGE,
        f"imagen-{side}",
        recorded(f"imagen-{side}"),
        side=side,
        small=side // stage.factor,
        steps=steps,
        kind=KIND,
        augmentation=AUGMENTATION,
        most=stage.most_noise,
        count=len(scenes),
        decibels=_decibels(found[0], drawn),
        noisy=_decibels(found[AUGMENTATION], drawn),
        cubic=_decibels(cubic, drawn),
        parameters=_millions(cascade.stages[side].unet.module),
        batch=stage.batch,
        crop=stage.crop,
        seed=stage.seed,
        others="".join(f", in turn with {b // f} to {b}" for b, f in stage.others),
        plain=upsamplers.PLAIN.name,
    )


def _decibels(made: Tensor, drawn: Tensor) -> float:
    """The mean PSNR of pictures (count, 3, h, w) in 0..1."""
    return float(-10 * (made - drawn).pow(2).mean((1, 2, 3)).log10().mean())


def _millions(module: torch.nn.Module) -> float:
    return sum(weight.numel() for weight in module.parameters()) / 1e6


def _write(card: str, name: str, history: list[dict[str, float]], **figures: Any) -> None:
    folder = ASSETS.parent / name
    weights = sum(path.stat().st_size for path in folder.rglob("*.safetensors")) / 1e6
    trained, spent = int(history[-1]["step"]), minutes(history)
    text = card.format(megabytes=weights, trained=trained, minutes=spent, **figures)
    (folder / "README.md").write_text(text, encoding="utf-8")
    print(text, flush=True)
