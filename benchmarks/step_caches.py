"""What step caches save, and what they cost in the image: python -m benchmarks.step_caches

The starters that read texts, with and without *Easy cache*: how many calls of the network are left out, the time of a
run against the plain one, and how far the image is from it (root mean square of values from 0 to 1, over seeds).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

from nodeflow.wires import Denoiser, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.flow_transformers import joint_denoiser, load_flow_transformer
from nodes.denoisers.step_caches import easy_cache
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.load_models import load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler

THRESHOLDS = (0.05, 0.1, 0.2, 0.4)
SEEDS = (1, 2, 3, 4)
STEPS = 30
TEXT = "a red star"


class Case(NamedTuple):
    """A model, its denoiser and the scheduler that it is usually walked with."""

    name: str
    model: Any
    denoiser: Denoiser
    kind: Any


class Ran(NamedTuple):
    """The images of a run, its seconds, and how often the network was asked."""

    pixels: torch.Tensor
    seconds: float
    calls: int


def cases() -> Iterator[Case]:
    flow: Any = load_flow_transformer("starter:flow-transformer")
    yield Case("starter:flow-transformer", flow, joint_denoiser(flow.transformer), "Flow-match Euler")
    unet: Any = load_latent_diffusion("starter:latent-diffusion")
    yield Case("starter:latent-diffusion", unet, unet_denoiser(unet.unet), "DPM++ 2M")


def run(case: Case, denoiser: Denoiser) -> Ran:
    network: Any = case.denoiser
    calls: list[int] = []
    hook = network.network.module.register_forward_hook(lambda *_: calls.append(1))
    positive, negative = (clip_text_encode(case.model.text_encoder, text) for text in (TEXT, ""))
    guider = classifier_free_guidance(denoiser, positive, negative, 5.0)
    begin = time.perf_counter()
    running = sample(guider, scheduler(case.model.schedule, case.kind, STEPS), Noise(SEEDS), record="nothing")
    while True:
        try:
            next(running)
        except StopIteration as end:
            latent = end.value.latent
            break
    seconds = time.perf_counter() - begin
    hook.remove()
    return Ran(vae_decode(case.model.vae, latent).pixels, seconds, len(calls))


def main() -> None:
    print("| model | threshold | calls left out | time | difference |\n|---|---|---|---|---|")
    for case in cases():
        run(case, case.denoiser)  # the first run loads
        plain = run(case, case.denoiser)
        for threshold in THRESHOLDS:
            found = run(case, easy_cache(case.denoiser, threshold))
            off = float((found.pixels - plain.pixels).square().mean().sqrt())
            left_out, share = 1 - found.calls / plain.calls, found.seconds / plain.seconds
            print(f"| {case.name} | {threshold:g} | {left_out:.0%} | {share:.2f} | {off:.3f} |")


if __name__ == "__main__":
    main()
