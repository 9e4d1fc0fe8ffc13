"""Figures and cards of the models that paint centred subjects: flow transformer, U-ViT and generator from words.

They are asked through the nodes, as a user asks them, but in batches.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nodeflow.wires import VAE, Guider, Noise, TrainedSchedule
from nodes.denoisers.flow_transformers import joint_denoiser, load_flow_transformer
from nodes.denoisers.uvit_denoiser import load_uvit, uvit_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import load_latent_diffusion
from nodes.samplers.gan import gan_generate, gan_noise, load_gan
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from training.data import centred
from training.data.picture_files import save_grid
from training.data.scenes import Picture
from training.evaluation import evaluate
from training.loops.run_folders import ASSETS, WORK, minutes, recorded
from training.models import flow_transformer, gan, uvit

CHOOSING_SEED, HELD_OUT_SEED, HELD_OUT, BATCH = 4245, 20260, 200, 25
STEPS, FLOW_GUIDANCE, UVIT_GUIDANCE = 20, 3.0, 3.0
Painter = Callable[[list[str], int], Picture]
"""Makes pictures [count, 64, 64, 3] in 0..1 of some texts; the seed is that of the first."""

_FLOW = """# Flow transformer starter

A very small transformer in which words and patches look at each other (Esser et al. 2024, arXiv:2403.03206), trained
with rectified flow. It paints one subject in the middle of a plain background, 64 x 64 pixels. It is a
`StableDiffusion3Pipeline` folder of diffusers: {megabytes:.1f} MB in half precision, of which autoencoder and text
encoder, those of `latent-diffusion`, are {shared:.1f}. Two of the three text encoders are missing: diffusers takes them
as `text_encoder_2=None` and so on, and then texts that are encoded already.

## What to ask for
Subject, colour, background and style, with the words of `latent-diffusion` but without places: "a red star on a blue
background". Of a text 24 tokens are read.

## Settings
{steps} steps of Flow-match Euler, guidance {guidance:g}.

{figures}
## How it was made
By `python -m training flow` on one CPU core: {parameters:.2f} M parameters (five joint blocks of width 128, patches of
2 x 2), {trained} steps of {batch}, {pictures} pictures seen ({different} different ones), {minutes:.0f} processor
minutes, seed {seed}. Times are logit-normal, a tenth of the captions is dropped for guidance, and the text encoder is
frozen (its last layer but one is read, as Stable Diffusion 3 does).

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""

_UVIT = """# U-ViT starter

A very small U-ViT (Bao et al. 2023, arXiv:2209.12152): timestep, words and patches are one row of tokens, and long ways
lead from the first blocks to the last. It paints one subject in the middle of a plain background, 64 x 64 pixels.
`config.json` and weights, whose names are those of the authors' program: {megabytes:.1f} MB in half precision. Text
encoder and VAE are those of `latent-diffusion`.

## What to ask for
Subject, colour, background and style, with the words of `latent-diffusion` but without places. 24 tokens are read.

## Settings
{steps} steps of DDIM, guidance {guidance:g}. Predicts v, has zero terminal signal-to-noise, trailing timesteps.

{figures}
## How it was made
By `python -m training u-vit` on one CPU core: {parameters:.2f} M parameters (seven blocks of width 128, patches of
2 x 2), {trained} steps of {batch}, {pictures} pictures seen ({different} different ones), {minutes:.0f} processor
minutes, seed {seed}. A tenth of the captions is dropped for guidance; the text encoder is frozen.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""

_GAN = """# Generator from words

A small generator that makes a picture of 64 x 64 pixels in one pass, and looks at the words at 16 x 16 and 32 x 32
cells (after AttnGAN, Xu et al. 2018, arXiv:1711.10485). `config.json` and weights: {megabytes:.1f} MB in half
precision. The text encoder is that of `latent-diffusion`.

## What to ask for
Subject, colour, background and style, with the words of `latent-diffusion` but without places. Place,
size, tilt and brightness are left to the noise. Style, colour and background have numbers in it too (eight in all), but
a text that leaves these out comes out in nearly the same ones for all noise: it learnt little of that.

{figures}
## How it was made
By `python -m training gan` and then `gan-open` on one CPU core: {parameters:.2f} M parameters, {trained} steps of
{batch}, {pictures} pictures seen ({different} different ones), {minutes:.0f} processor minutes, seed {seed}. In the
last {open} steps half of the captions leave out the background: before, one in ten did, and the background was a blend
of several that no subject could be told from, which made up all that was wrong. Against a discriminator with
spectral norms that also refuses real pictures with wrong words (hinge loss, projection on the sentence), and with the
CLIP starter in the place of AttnGAN's DAMSM. **With a help that a GAN does not usually have:** the noise of a training
picture is made of what its words leave open, so that the generator is also told by how much it misses that very picture
(mean absolute difference, weight {miss:g}). Most of its sharpness comes from that.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""

_FIGURES = """## How well it does
The checker (`training/checker.py`, which reads pixels alone) on {count} captions from a seed of their own, in single
precision.

| subject | colour | background | place | everything right | seconds a picture |
|---|---|---|---|---|---|
| {subject:.1%} | {colour:.1%} | {background:.1%} | {place:.1%} | **{all:.1%}** | {seconds:.2f} |
"""


def flow_painter(steps: int = STEPS, scale: float = FLOW_GUIDANCE) -> Painter:
    """The flow transformer as the nodes load it."""
    model = load_flow_transformer(str(flow_transformer.FOLDER))
    denoiser, nothing = joint_denoiser(model.transformer), model.text_encoder.encode([""])

    def paint(texts: list[str], seed: int) -> Picture:
        guider = classifier_free_guidance(denoiser, model.text_encoder.encode(texts), nothing, scale)
        return sampled(guider, model.schedule, "Flow-match Euler", steps, model.vae, seed, len(texts))

    return paint


def uvit_painter(steps: int = STEPS, scale: float = UVIT_GUIDANCE) -> Painter:
    """The U-ViT as the nodes load it."""
    model, language = load_uvit(str(uvit.FOLDER)), load_latent_diffusion(str(ASSETS))
    denoiser, nothing = uvit_denoiser(model.transformer), language.text_encoder.encode([""])

    def paint(texts: list[str], seed: int) -> Picture:
        guider = classifier_free_guidance(denoiser, language.text_encoder.encode(texts), nothing, scale)
        return sampled(guider, model.schedule, "DDIM", steps, language.vae, seed, len(texts))

    return paint


def gan_painter(truncation: float = 1.0) -> Painter:
    """The generator as the nodes load it."""
    generator, language = load_gan(str(gan.FOLDER)), load_latent_diffusion(str(ASSETS))

    def paint(texts: list[str], seed: int) -> Picture:
        noise = gan_noise(generator, Noise(tuple(range(seed, seed + len(texts)))), truncation)
        made = gan_generate(generator, language.text_encoder.encode(texts), noise).image
        return made.pixels.permute(0, 2, 3, 1).numpy()

    return paint


def sampled(
    guider: Guider, trained: TrainedSchedule, kind: Any, steps: int, vae: VAE, seed: int, count: int
) -> Picture:
    """Pictures [count, height, width, 3] in 0..1 of a run that is computed as one batch."""
    noise = Noise(tuple(range(seed, seed + count)))
    run = sample(guider, scheduler(trained, kind, steps), noise, record="nothing", batch="together")
    while True:
        try:
            next(run)
        except StopIteration as end:
            return vae_decode(vae, end.value.latent).pixels.permute(0, 2, 3, 1).numpy()


def measure(paint: Painter, seed: int, count: int, sheet: Path) -> dict[str, float]:
    """Shares of right pictures and processor seconds for one, on captions of a seed; the first ones are kept to see."""
    asked, begin = centred.centred_captions(seed, count), time.process_time()
    made = np.concatenate([paint(asked[start : start + BATCH], seed + start) for start in range(0, count, BATCH)])
    seconds = (time.process_time() - begin) / count
    save_grid(made[:96], sheet)
    return {**evaluate.score(made, asked), "seconds": seconds, "count": count}


def compare(count: int = 50) -> None:
    """Figures for choosing the guidance scales, on captions that are not reported."""
    for scale in (1.5, 3.0, 5.0):
        for name, painter in (("flow", flow_painter), ("u-vit", uvit_painter)):
            sheet = WORK / name / f"look_{scale}.png"
            print(name, scale, measure(painter(scale=scale), CHOOSING_SEED, count, sheet), flush=True)


def report_flow() -> None:
    """Measures the flow transformer and writes its card."""
    sizes = {path.parent.name: path.stat().st_size / 1e6 for path in flow_transformer.FOLDER.rglob("*.safetensors")}
    more = {"shared": sizes["vae"] + sizes["text_encoder"], "steps": STEPS, "guidance": FLOW_GUIDANCE}
    _write(_FLOW, "flow", flow_transformer, flow_painter(), flow_transformer.new_transformer(), more)


def report_uvit() -> None:
    """Measures the U-ViT and writes its card."""
    more = {"steps": STEPS, "guidance": UVIT_GUIDANCE}
    _write(_UVIT, "u-vit", uvit, uvit_painter(), uvit.new_network(), more)


def report_gan() -> None:
    """Measures the generator and writes its card."""
    more = {"miss": gan.MISS_WEIGHT, "open": recorded("text-gan-open")[-1]["step"]}
    rounds = ("text-gan", "text-gan-open")
    _write(_GAN, "text-gan", gan, gan_painter(), gan.Learner().generator, more, rounds)


def _write(
    card: str,
    name: str,
    stage: Any,
    paint: Painter,
    network: Any,
    more: dict[str, float],
    rounds: tuple[str, ...] = (),
) -> None:
    """Writes a card; what was trained in several rounds names them all."""
    figures = measure(paint, HELD_OUT_SEED, HELD_OUT, WORK / name / "held_out.png")
    print(name, figures, flush=True)
    histories = [recorded(part) for part in rounds or (name,)]
    trained = sum(int(history[-1]["step"]) for history in histories)
    (stage.FOLDER / "README.md").write_text(
        card.format(
            **more,
            figures=_FIGURES.format(**figures),
            megabytes=sum(path.stat().st_size for path in stage.FOLDER.rglob("*.safetensors")) / 1e6,
            parameters=sum(weight.numel() for weight in network.parameters()) / 1e6,
            trained=trained,
            batch=stage.BATCH,
            pictures=trained * stage.BATCH,
            different=centred.COUNT,
            minutes=sum(map(minutes, histories)),
            seed=stage.SEED,
        )
    )
