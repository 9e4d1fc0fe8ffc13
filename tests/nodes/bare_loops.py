"""Sampling loops of diffusers alone, and ours beside them."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from typing import Any

import diffusers
import torch

from nodeflow.node import Step
from nodeflow.wires import Noise, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import KINDS

REFERENCES: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {"algorithm_type": "sde-dpmsolver++"}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {"lower_order_final": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "LCM": ("LCMScheduler", {}),
    "Flow-match Euler": ("FlowMatchEulerDiscreteScheduler", {}),
}


DIFFUSION = [kind for kind in KINDS if kind != "Flow-match Euler"]


def finish(steps: Generator[Step, None, Sampled]) -> tuple[list[Step], Sampled]:
    seen: list[Step] = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return seen, end.value


def reference(kind: str, config: dict[str, Any], prediction: str, **options: Any) -> Any:
    name, own = REFERENCES[kind]
    config = {**config, **own, **options}
    if prediction != "flow":
        config["prediction_type"] = {"v": "v_prediction"}.get(prediction, prediction)
    return getattr(diffusers, name).from_config(config)


def bare_loop(
    unet: Any, loop: Any, tokens: torch.Tensor, steps: int, seeds: tuple[int, ...], scale: float = 5.0
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What a diffusers pipeline does: x after each step, and the scheduler's own estimates of x_0 where it has them."""
    loop.set_timesteps(steps)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    x = torch.cat([torch.randn((1, 4, 8, 8), generator=generator) for generator in generators])
    x = x * getattr(loop, "init_noise_sigma", 1.0)
    embeds = tokens.repeat_interleave(len(seeds), 0)
    extra = {"generator": generators} if "generator" in inspect.signature(loop.step).parameters else {}
    path, originals = [x], []
    with torch.no_grad():
        for time in loop.timesteps:
            both = torch.cat([x] * 2)
            if hasattr(loop, "scale_model_input"):
                both = loop.scale_model_input(both, time)
            without, with_text = unet(both, time, encoder_hidden_states=embeds).sample.chunk(2)
            step = loop.step(without + scale * (with_text - without), time, x, **extra)
            x = step.prev_sample
            path.append(x)
            if getattr(step, "pred_original_sample", None) is not None:
                originals.append(step.pred_original_sample)
    return path, originals


def ours(
    tiny: LatentDiffusion, kind: str, config: Any, prediction: Any, steps: int, seeds: tuple[int, ...], **options: Any
) -> tuple[list[Step], Sampled]:
    positive, negative = clip_text_encode(tiny.text_encoder, "red star"), clip_text_encode(tiny.text_encoder, "")
    guider = classifier_free_guidance(unet_denoiser(tiny.unet, prediction), positive, negative, 5.0)
    chosen = scheduler(TrainedSchedule(config) if config else None, kind, steps, **options)  # type: ignore[arg-type]
    return finish(sample(guider, chosen, Noise(seeds), batch="together"))


def both_texts(tiny: LatentDiffusion) -> torch.Tensor:
    return torch.cat([clip_text_encode(tiny.text_encoder, text).tokens for text in ("", "red star")])


def assert_close(found: Any, wanted: Any, tolerance: float = 1e-5) -> None:
    assert len(found) == len(wanted)
    for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
        assert torch.isfinite(one).all(), index
        error = (one - other).abs().max() / other.abs().max().clamp(min=1)
        assert error <= tolerance, f"step {index}: {error}"
