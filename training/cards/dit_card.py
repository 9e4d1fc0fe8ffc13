"""Figures and card of the diffusion transformer: whether its pictures are of the class that was asked for."""

import time
from collections.abc import Iterable

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DiTPipeline

from training.data.grammar import SUBJECTS
from training.data.picture_files import save_grid
from training.data.scenes import Picture
from training.evaluation import checker, silhouettes
from training.loops.run_folders import WORK, minutes, recorded
from training.models import dit
from training.models.dit import FOLDER

CHOOSING_SEED, HELD_OUT_SEED, HELD_OUT = 4243, 40260, 200
STEPS, GUIDANCE, BATCH = 20, 4.0, 50

_CARD = """# Diffusion transformer starter

A very small DiT that paints one subject in the middle of a plain background, 64 x 64 pixels, led by a class. It is a
complete `DiTPipeline` folder of diffusers: {megabytes:.1f} MB in half precision, of which the autoencoder, which is
that of `latent-diffusion`, is {shared:.1f}. Colour, background and style are up to chance.

## What to ask for
The classes {classes}.
They are labels 0 to {last}, and label 1000 is no class: diffusers' pipeline takes 1000 for it, so that the table has
room for as many; the other rows are empty.

## Settings
{steps} steps of DDPM with the learned variance and guidance scale {guidance}, or of DDIM. Predicts v, has zero terminal
signal-to-noise, and wants trailing timesteps: `scheduler/` says so.

## How well it does
The checker (`training/checker.py`, which reads pixels alone) on {count} pictures of random classes, seeds used for
nothing else, in single precision.

| sampler | of the class that was asked for | seconds a picture |
|---|---|---|
{rows}

## How it was made
By `python -m training dit` on one CPU core; every picture was drawn by `training/`. {parameters:.2f} M parameters (four
blocks of width 128, patches of 2 x 2), {trained} steps, {pictures} pictures seen ({different} different ones),
{minutes:.0f} processor minutes, seed 31. A tenth of the labels is dropped for guidance. The loss of the variance is
that of Nichol & Dhariwal (2021); since it says little in a chain of 1000 steps, the rows of the last layer
that give the variance were trained once more by themselves, on steps of random length (`training/variance.py`).

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


class Painter:
    """The model's folder as a user loads it, in single precision."""

    def __init__(self) -> None:
        self.pipeline = DiTPipeline.from_pretrained(FOLDER, torch_dtype=torch.float32)

    @torch.no_grad()
    def paint(
        self, labels: Iterable[int], kind: str = "DDPM", steps: int = STEPS, scale: float = GUIDANCE, seed: int = 0
    ) -> Picture:
        """Pictures [count, 64, 64, 3] in 0..1; DDPM takes the variance that the network predicts."""
        made = [self._batch(list(part), kind, steps, scale, seed + n) for n, part in enumerate(_parts(list(labels)))]
        return np.concatenate(made)

    def _batch(self, labels: list[int], kind: str, steps: int, scale: float, seed: int) -> Picture:
        config = dict(self.pipeline.scheduler.config)
        loop = (
            DDIMScheduler.from_config(config)
            if kind == "DDIM"
            else DDPMScheduler.from_config(config, variance_type="learned_range")
        )
        loop.set_timesteps(steps)
        generator, network = torch.Generator().manual_seed(seed), self.pipeline.transformer
        x = torch.randn(len(labels), 4, 16, 16, generator=generator)
        both = torch.tensor([*labels, *[dit.CLASSES] * len(labels)])
        for time_step in loop.timesteps:
            output = network(torch.cat([x, x]), time_step.expand(len(both)), both, return_dict=False)[0]
            (wanted, spread), (anything, _) = (half.chunk(2, 1) for half in output.chunk(2))
            guided = anything + scale * (wanted - anything)
            if time_step == loop.timesteps[-1]:
                spread = torch.full_like(spread, -1)  # the last step adds no noise
            guided = guided if kind == "DDIM" else torch.cat([guided, spread], 1)
            x = loop.step(guided, time_step, x, generator=generator).prev_sample
        pixels = self.pipeline.vae.decode(x / self.pipeline.vae.config.scaling_factor).sample
        return ((pixels / 2 + 0.5).clamp(0, 1)).permute(0, 2, 3, 1).numpy()


def _parts(labels: list[int]) -> list[list[int]]:
    return [labels[start : start + BATCH] for start in range(0, len(labels), BATCH)]


def share_right(made: Picture, labels: Iterable[int]) -> float:
    """The share of pictures that show the subject of their label."""
    known = silhouettes.load()
    return float(np.mean([checker.analyse(p, known).subject == SUBJECTS[n] for p, n in zip(made, labels, strict=True)]))


def random_labels(seed: int, count: int) -> list[int]:
    """Classes by chance, the same for the same seed."""
    return np.random.default_rng(seed).integers(len(SUBJECTS), size=count).tolist()


def compare(count: int = 60) -> None:
    """Figures for choosing sampler and scale, on labels that are not reported."""
    painter, labels = Painter(), random_labels(CHOOSING_SEED, count)
    for kind, steps, scale in (("DDIM", 20, 1.0), ("DDIM", 20, 2.0), ("DDIM", 20, 4.0), ("DDPM", 30, 2.0)):
        made = painter.paint(labels, kind, steps, scale, seed=CHOOSING_SEED)
        print(kind, steps, scale, share_right(made, labels), flush=True)
        save_grid(made, WORK / "dit" / f"look_{kind}_{scale}.png")


def report() -> None:
    """Measures the model's folder and writes its card."""
    painter, labels, rows = Painter(), random_labels(HELD_OUT_SEED, HELD_OUT), list[str]()
    for kind, name in (("DDPM", "DDPM, learned variance"), ("DDIM", "DDIM")):
        begin = time.process_time()
        made = painter.paint(labels, kind, seed=HELD_OUT_SEED)
        seconds, right = (time.process_time() - begin) / HELD_OUT, share_right(made, labels)
        print(name, right, seconds, flush=True)
        rows.append(f"| {name}, {STEPS} steps, guidance {GUIDANCE:g} | **{right:.1%}** | {seconds:.2f} |")
        save_grid(made[:96], WORK / "dit" / f"held_out_{kind}.png")
    rounds = [recorded(name) for name in ("dit", "dit-variance")]
    trained = rounds[0][-1]["step"]
    sizes = {path.parent.name: path.stat().st_size / 1e6 for path in FOLDER.rglob("*.safetensors")}
    (FOLDER / "README.md").write_text(
        _CARD.format(
            megabytes=sum(sizes.values()),
            shared=sizes["vae"],
            classes=", ".join(SUBJECTS),
            last=len(SUBJECTS) - 1,
            steps=STEPS,
            guidance=f"{GUIDANCE:g}",
            count=HELD_OUT,
            rows="\n".join(rows),
            parameters=sum(weight.numel() for weight in painter.pipeline.transformer.parameters()) / 1e6,
            trained=trained,
            pictures=trained * dit.BATCH,
            different=dit.COUNT,
            minutes=sum(map(minutes, rounds)),
        )
    )
