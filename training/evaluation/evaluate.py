"""Paints held-out captions with a finished model and lets the checker judge them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from training.data import captions
from training.data.scenes import Picture, random_scene
from training.evaluation import checker, silhouettes
from training.evaluation.claims import parse
from training.loops.run_folders import ASSETS
from training.models.part_shapes import new_scheduler

CHOOSING_SEED, HELD_OUT_SEED = 4242, 20260
HELD_OUT = 500
STEPS, GUIDANCE, BATCH = 20, 2.5, 50


def fresh_captions(seed: int, count: int) -> list[str]:
    """Captions of the grammar, the same for the same seed."""
    rng = np.random.default_rng(seed)
    return [captions.write(random_scene(rng), rng).text for _ in range(count)]


def trained_pipeline(trained: Path, tokenizer: Path, autoencoder: Path) -> StableDiffusionPipeline:
    """The pipeline of diffusers around the parts as training writes them."""
    return StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(autoencoder),
        text_encoder=CLIPTextModel.from_pretrained(trained / "text_encoder"),
        tokenizer=CLIPTokenizer.from_pretrained(tokenizer),
        unet=UNet2DConditionModel.from_pretrained(trained / "unet"),
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def paint(
    pipeline: StableDiffusionPipeline,
    asked: Sequence[str],
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    seed: int = 0,
) -> Picture:
    """Pictures [count, 64, 64, 3] in 0..1, the same for the same seed."""
    pipeline.set_progress_bar_config(disable=True)
    generator, made = torch.Generator().manual_seed(seed), []
    for start in range(0, len(asked), BATCH):
        result = pipeline(
            list(asked[start : start + BATCH]),
            num_inference_steps=steps,
            guidance_scale=guidance,
            generator=generator,
            output_type="np",
        )
        made.append(np.asarray(result.images, np.float32))
    return np.concatenate(made)


def judge(made: Picture, asked: Sequence[str]) -> list[dict[str, bool]]:
    """For each picture, which claims of its caption hold."""
    known = silhouettes.load()
    return [checker.compare(checker.analyse(p, known), parse(c)) for p, c in zip(made, asked, strict=True)]


def score(made: Picture, asked: Sequence[str]) -> dict[str, float]:
    """Shares of right pictures by attribute, and under "all" of those with every attribute right."""
    verdicts = judge(made, asked)
    shares = {name: float(np.mean([v[name] for v in verdicts])) for name in checker.ATTRIBUTES}
    return {k: round(v, 4) for k, v in {**shares, "all": float(np.mean([all(v.values()) for v in verdicts]))}.items()}


def exported_pipeline() -> StableDiffusionPipeline:
    """The model folder as a user loads it, in single precision."""
    return StableDiffusionPipeline.from_pretrained(ASSETS).to(torch.float32)


def compare(count: int = 200) -> None:
    """Figures for choosing the number of steps and the guidance scale, on captions that are not reported."""
    pipeline, asked = exported_pipeline(), fresh_captions(CHOOSING_SEED, count)
    for steps, guidance in ((20, 1.5), (20, 2.5), (20, 4.0), (20, 6.0), (12, 2.5), (30, 2.5)):
        made = paint(pipeline, asked, steps, guidance)
        print(f"DDIM, {steps} steps, guidance {guidance}:", score(made, asked), flush=True)
