"""Figures and card of the model that reads texts through OpenCLIP."""

import time

import torch
from diffusers import StableDiffusionPipeline

from training.data.picture_files import save_grid
from training.evaluation import evaluate
from training.evaluation.evaluate import GUIDANCE, HELD_OUT_SEED, STEPS
from training.loops.run_folders import WORK, minutes, recorded
from training.models.stable_diffusion_2 import BATCH, COUNT, FOLDER, SEED

HELD_OUT = 200

_CARD = """# Stable Diffusion 2 starter

A very small model of Stable Diffusion 2's kind: the U-Net reads a text through the last layer but one of OpenCLIP's
text encoder (that of the starter `open-clip`) and predicts v. It is a complete `StableDiffusionPipeline` folder of
diffusers: {megabytes:.1f} MB in half precision, of which {shared:.1f} are the autoencoder of `latent-diffusion`.

## What to ask for
What `latent-diffusion` knows: its subjects, colours, backgrounds, styles and places.

## Settings
{steps} steps of DDIM with guidance scale {guidance:g}. Zero terminal signal-to-noise, trailing timesteps: `scheduler/`
says so.

## How well it does
The checker (`training/checker.py`, which reads pixels alone) on {count} captions from a seed of their own, in single
precision.

| subject | colour | background | place | everything right | seconds a picture |
|---|---|---|---|---|---|
| {subject:.1%} | {colour:.1%} | {background:.1%} | {place:.1%} | **{all:.1%}** | {seconds:.2f} |

## How it was made
By `python -m training stable-diffusion-2` on one CPU core: {parameters:.2f} M parameters in the U-Net (32, 64, 96),
made to predict what the U-Net of `latent-diffusion` (5.60 M) predicts, which is led by its own text encoder
(distillation, Hinton et al. 2015, arXiv:1503.02531). {trained} steps of {batch} latents of {different} scenes,
{minutes:.0f} processor minutes, seed {seed}. The text encoder stays as it is.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


def report() -> None:
    """Measures the model's folder and writes its card."""
    pipeline = StableDiffusionPipeline.from_pretrained(FOLDER, torch_dtype=torch.float32)
    asked, begin = evaluate.fresh_captions(HELD_OUT_SEED, HELD_OUT), time.process_time()
    made = evaluate.paint(pipeline, asked)
    seconds = (time.process_time() - begin) / HELD_OUT
    figures = evaluate.score(made, asked)
    print(figures, flush=True)
    save_grid(made[:96], WORK / "stable-diffusion-2" / "held_out.png")
    entries = recorded("stable-diffusion-2")
    sizes = {path.parent.name: path.stat().st_size / 1e6 for path in FOLDER.rglob("*.safetensors")}
    (FOLDER / "README.md").write_text(
        _CARD.format(
            **figures,
            megabytes=sum(sizes.values()),
            shared=sizes["vae"],
            steps=STEPS,
            guidance=GUIDANCE,
            count=HELD_OUT,
            seconds=seconds,
            parameters=sum(weight.numel() for weight in pipeline.unet.parameters()) / 1e6,
            trained=entries[-1]["step"],
            batch=BATCH,
            different=COUNT,
            minutes=minutes(entries),
            seed=SEED,
        )
    )
