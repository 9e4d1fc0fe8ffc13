"""ComfyUI's samplers of networks that turn one latent into another at once, and what is made of the result."""

from __future__ import annotations

import re

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.guiders import denoiser_of
from nodes.comfyui.latents import latent_at
from nodes.comfyui.meanings import (
    CannotTranslateError,
    ImportedConditioning,
    ImportedGuider,
    ImportedLatent,
    ImportedNoise,
    ImportedSampler,
    Wire,
)
from nodes.comfyui.registry import translates

LEVEL = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
TRAINED = 1000
"""Timesteps that flow models count to."""
ONCE = "a network that turns one latent into another is asked once here, from one noise level to 0"


def mapped(given: Given, build: Builder, found: ImportedGuider) -> ImportedLatent:
    """One step from a noise level to 0 without noise is one call of such a network, whatever the sampler."""
    given.need(ImportedSampler, "sampler")
    if (
        given.need(ImportedNoise, "noise").seed is not None
        or found.negative is not None
        or found.model.schedule is None
    ):
        raise CannotTranslateError(ONCE)
    about = {
        "denoiser": denoiser_of(given, build, found, found.model.schedule),
        "conditioning": found.positive.wire,
        "latent": latent_at(given, build, "latent_image"),
        "timestep": _level(build, given.wire("sigmas")) * TRAINED,
        "gives": found.model.maps,
    }
    return ImportedLatent(build.node("map_latent", "mapped", **about))


def _level(build: Builder, sigmas: Wire) -> float:
    """The one noise level above 0 of a list that is written out."""
    node = build.workflow.nodes[sigmas.node]
    levels = [float(one) for one in LEVEL.findall(str(node.params.get("values", "")))]
    if not node.type.endswith(".manual_sigmas") or len(levels) != 2 or levels[1] != 0 or not 0 < levels[0] <= 1:
        raise CannotTranslateError(ONCE)
    build.replaced.add(sigmas.node)
    return levels[0]


@translates("ConditioningLoader")
def conditioning(given: Given, build: Builder) -> ImportedConditioning:
    return ImportedConditioning(build.node("load_conditioning", "prompt", model=given.get("conditioning_name")))


@translates("MarigoldV2PostProcess")
def finished(given: Given, build: Builder) -> Wire:
    return build.node("finish_prediction", "prediction", image=given.wire("image"), shows=given.get("prediction"))
