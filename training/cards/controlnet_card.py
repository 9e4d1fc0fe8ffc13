"""Figures and cards of the ControlNets: have the pictures the lines that were asked for, is the caption right?"""

import time
from collections.abc import Sequence

import numpy as np
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline
from torch import Tensor
from torch.nn.functional import max_pool2d

from nodes.controls.control_images import edge_lines
from training.data import captions
from training.data.picture_files import save_grid
from training.data.scenes import Picture, Scene, draw_all
from training.evaluation import evaluate
from training.loops.run_folders import ASSETS, WORK, minutes, recorded
from training.models import controlnet
from training.models.controlnet import CONTROLS, varied_scene

HELD_OUT_SEED, HELD_OUT = 20260, 100
STEPS, GUIDANCE, BATCH = 20, 2.5, 50
WHAT = {
    "edges": "thin edges of 0 and 1, white on black, as the node *Edges* finds them (Canny)",
    "soft-edges": "soft edges, white on black, as the node *Soft edges* finds them",
    "depth": "how near each place is, brighter for nearer, as the node *Depth of a drawing* tells it",
    "pose": "a figure of four sticks that tells place, size and turn, as the node *Pose sticks* draws it",
    "scribble": "thick outlines, white on black, not quite straight, as *Scribble* makes them or a hand draws them",
}

_CARD = """# ControlNet starter for {name}

Leads `latent-diffusion` by {what},
64 x 64 pixels. It is a folder of diffusers' `ControlNetModel`: {megabytes:.1f} MB in half precision. It
has no cross-attention, since what the text says is the U-Net's part. Its conditioning embedding halves twice, since a
latent cell is 4 x 4 pixels.

## How well it does
{count} scenes that were not trained on, their subjects turned by up to {tilt:g} degrees, shifted and scaled as no
caption says; {steps} steps of DDIM, guidance scale {guidance:g}. Overlap is the F1 score of the edges of the result
against the edges of the scene that the control picture was made from, each with a tolerance of one pixel. Whether the
caption is right is for the checker (`training/checker.py`), which knows subjects turned by up to 6 degrees: of the
scenes themselves it takes {ceiling:.1%} for right.

| | overlap of edges | right in all that was asked for |
|---|---|---|
| no control | {plain_overlap:.2f} | {plain_right:.1%} |
| with control | **{led_overlap:.2f}** | **{led_right:.1%}** |
| the scenes themselves | 1.00 | {ceiling:.1%} |

{seconds:.2f} processor seconds a picture.

## How it was made
By `python -m training controlnet-{name}` on one CPU core, beside the frozen U-Net of `latent-diffusion`,
from {begun}: {parameters:.2f} M
parameters, {trained} steps of {batch} latents of {different} scenes, {minutes:.1f} processor minutes, seed {seed}.
{drop:.0%} of the captions are dropped. Zhang et al. 2023 (arXiv:2302.05543).

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


def asked(seed: int, count: int) -> tuple[list[Scene], list[str]]:
    """Scenes and their captions, the same for the same seed."""
    rng = np.random.default_rng(seed)
    scenes = [varied_scene(rng) for _ in range(count)]
    return scenes, [captions.write(scene, rng).text for scene in scenes]


def overlap(found: Tensor, wanted: Tensor) -> float:
    """The mean F1 score of lines (B, 1, H, W) of 0 and 1, within one pixel."""
    precision = (found * max_pool2d(wanted, 3, 1, 1)).sum((1, 2, 3)) / found.sum((1, 2, 3)).clamp(min=1)
    recall = (wanted * max_pool2d(found, 3, 1, 1)).sum((1, 2, 3)) / wanted.sum((1, 2, 3)).clamp(min=1)
    return float((2 * precision * recall / (precision + recall).clamp(min=1e-6)).mean())


def lines(pictures: Picture) -> Tensor:
    """The edges of pictures [B, 64, 64, 3]: (B, 1, 64, 64)."""
    return edge_lines(torch.from_numpy(pictures).permute(0, 3, 1, 2), 0.1, 0.2, 1.0)


def pipeline(name: str) -> StableDiffusionControlNetPipeline:
    """The starter model with a ControlNet, as diffusers loads them, in single precision."""
    net = ControlNetModel.from_pretrained(controlnet.folder(name), torch_dtype=torch.float32)
    made = StableDiffusionControlNetPipeline.from_pretrained(ASSETS, controlnet=net, torch_dtype=torch.float32)
    made.set_progress_bar_config(disable=True)
    return made


def paint(
    made: StableDiffusionControlNetPipeline, texts: Sequence[str], shown: Tensor, strength: float, seed: int
) -> Picture:
    """Pictures [count, 64, 64, 3] in 0..1."""
    generator, found = torch.Generator().manual_seed(seed), []
    for start in range(0, len(texts), BATCH):
        result = made(
            list(texts[start : start + BATCH]),
            image=shown[start : start + BATCH].expand(-1, 3, -1, -1),
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            controlnet_conditioning_scale=strength,
            generator=generator,
            output_type="np",
        )
        found.append(np.asarray(result.images, np.float32))
    return np.concatenate(found)


def report(count: int = HELD_OUT) -> None:
    """Measures the nets that are there and writes their cards."""
    scenes, texts = asked(HELD_OUT_SEED, count)
    truth = draw_all(scenes)
    wanted = lines(truth)
    ceiling = evaluate.score(truth, texts)["all"]
    plain = paint(pipeline("edges"), texts, wanted, 0.0, HELD_OUT_SEED)
    for name, control in CONTROLS.items():
        if not controlnet.folder(name).is_dir():
            continue
        made = pipeline(name)
        shown = control(scenes, torch.from_numpy(truth).permute(0, 3, 1, 2), np.random.default_rng(HELD_OUT_SEED))
        begin = time.process_time()
        led = paint(made, texts, shown, 1.0, HELD_OUT_SEED)
        seconds = (time.process_time() - begin) / count
        entries, other = recorded(f"controlnet-{name}"), controlnet.BEGUN_AS.get(name)
        figures = {
            "plain_overlap": overlap(lines(plain), wanted),
            "led_overlap": overlap(lines(led), wanted),
            "plain_right": evaluate.score(plain, texts)["all"],
            "led_right": evaluate.score(led, texts)["all"],
        }
        print(name, figures, "ceiling", ceiling, flush=True)
        controls = shown[:, 0, :, :, None].expand(-1, -1, -1, 3).numpy()
        rows = [part for group in zip(truth, controls, led, plain, strict=True) for part in group]
        save_grid(np.stack(rows)[:96], WORK / f"controlnet-{name}" / "held_out.png")
        folder = controlnet.folder(name)
        (folder / "README.md").write_text(
            _CARD.format(
                name=name,
                what=WHAT[name],
                megabytes=sum(path.stat().st_size for path in folder.glob("*.safetensors")) / 1e6,
                count=count,
                tilt=controlnet.TILT,
                steps=STEPS,
                guidance=GUIDANCE,
                ceiling=ceiling,
                seconds=seconds,
                parameters=sum(weights.numel() for weights in made.controlnet.parameters()) / 1e6,
                trained=entries[-1]["step"],
                batch=controlnet.SMALL_BATCH if other else controlnet.BATCH,
                begun=f"the finished net for {other}" if other else "the convolutions of its way down",
                different=controlnet.COUNT,
                minutes=minutes(entries),
                seed=controlnet.SEED,
                drop=controlnet.CAPTION_DROP,
                **figures,
            )
        )
