"""Figures and card of the LoRA: how much of its style is there at which weight, and is the caption still right?"""

import numpy as np

from nodeflow.wires import Noise
from nodes.adapters.lora import apply_lora
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from training.data import captions
from training.data.picture_files import save_grid
from training.data.scenes import Picture, Scene, draw, random_scene
from training.evaluation import evaluate
from training.evaluation.peeling import peeled
from training.loops.run_folders import ASSETS, WORK, minutes, recorded
from training.models import lora

HELD_OUT_SEED, HELD_OUT, BATCH = 20260, 96, 48
WEIGHTS = (0.0, 0.5, 1.0, 1.5)
STEPS, GUIDANCE = 20, 2.5
WHITE = 0.82
"""From which value on, in each channel, a pixel counts as white."""

_CARD = """# LoRA starter: stickers

A small change to the U-Net of `latent-diffusion` that makes what it paints a sticker: a white rim round the subject and
a soft shadow below it. No word of the caption says so. It is a file of diffusers' `save_lora_weights`, of rank {rank}
on the attention and the convolutions of the residual blocks: {megabytes:.2f} MB in half precision.

## How well it does
{count} captions of a seed of their own, without those whose background is white or whose subject is; {steps} steps of
DDIM, guidance {guidance:g}. The measure of the style is the share of white pixels (above {white:.0%} in each channel),
since nothing else in these pictures is white: in the same scenes drawn as stickers it is {target:.1%}, drawn as they
are {plain:.1%}. Whether the caption is right is for the checker (`training/checker.py`). It was made for pictures
without rims, so it sees them peeled (`training/peeling.py`): of the drawn stickers it takes {ceiling:.1%} for right
then, and {untouched:.1%} with their rims on.

| weight | white pixels | right in all that was asked for |
|---|---|---|
{rows}

## How it was made
By `python -m training lora` on one CPU core, beside the frozen U-Net: {parameters:.2f} M parameters, {trained} steps of
{batch} latents of {different} scenes, {minutes:.1f} processor minutes, seed {seed}. Hu et al. 2021 (arXiv:2106.09685).

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


def white_share(pictures: Picture) -> float:
    """The share of white pixels of pictures [count, 64, 64, 3] in 0..1."""
    return float((pictures.min(-1) > WHITE).mean())


def paint(texts: list[str], weight: float) -> Picture:
    """Pictures [count, 64, 64, 3] in 0..1, the seeds counting up from that of the held-out captions."""
    model = load_latent_diffusion(str(ASSETS))
    denoiser, nothing = unet_denoiser(apply_lora(model.unet, str(lora.FOLDER), weight)), model.text_encoder.encode([""])
    made = []
    for start in range(0, len(texts), BATCH):
        told = texts[start : start + BATCH]
        guider = classifier_free_guidance(denoiser, model.text_encoder.encode(told), nothing, GUIDANCE)
        noise = Noise(tuple(range(HELD_OUT_SEED + start, HELD_OUT_SEED + start + len(told))))
        run = sample(guider, scheduler(model.schedule, "DDIM", STEPS), noise, record="nothing", batch="together")
        while True:
            try:
                next(run)
            except StopIteration as end:
                made.append(vae_decode(model.vae, end.value.latent).pixels.permute(0, 2, 3, 1).numpy())
                break
    return np.concatenate(made)


def right(pictures: Picture, texts: list[str]) -> float:
    """The share of pictures that show, under their rim, all that their text asks for."""
    return evaluate.score(np.stack([peeled(picture.astype(np.float32)) for picture in pictures]), texts)["all"]


def report(count: int = HELD_OUT) -> None:
    """Measures the LoRA at each weight and writes its card."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    scenes: list[Scene] = []
    while len(scenes) < count:
        scene = random_scene(rng, centre_share=1.0)
        if "white" not in (scene.background, scene.colour):
            scenes.append(scene)
    texts = [captions.write(scene, rng).text for scene in scenes]
    plain = np.stack([draw(scene) for scene in scenes]).clip(0, 1)
    stickers = np.stack([lora.sticker(scene).permute(1, 2, 0).numpy() for scene in scenes]).clip(0, 1)
    rows, shown = [], [stickers[:12].astype(np.float32)]
    for weight in WEIGHTS:
        made = paint(texts, weight)
        shown.append(made[:12])
        rows.append(f"| {weight:g} | **{white_share(made):.1%}** | {right(made, texts):.1%} |")
        print(rows[-1], flush=True)
    save_grid(np.concatenate(shown), WORK / "lora" / "held_out.png")
    entries = recorded("lora")
    size = sum(path.stat().st_size for path in lora.FOLDER.glob("*.safetensors"))
    (lora.FOLDER / "README.md").write_text(
        _CARD.format(
            megabytes=size / 1e6,
            parameters=size / 2e6,
            rank=lora.RANK,
            count=count,
            steps=STEPS,
            guidance=GUIDANCE,
            white=WHITE,
            target=white_share(stickers),
            plain=white_share(plain),
            ceiling=right(stickers, texts),
            untouched=evaluate.score(stickers.astype(np.float32), texts)["all"],
            rows="\n".join(rows),
            trained=entries[-1]["step"],
            batch=lora.BATCH,
            different=lora.COUNT,
            minutes=minutes(entries),
            seed=lora.SEED,
        )
    )
