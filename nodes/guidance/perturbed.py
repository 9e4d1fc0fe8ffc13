"""Guidance away from what the same network predicts when a part of it is put out of action."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Denoiser, Guided, Guider
from nodes.networks.attention_recorder import network_of
from nodes.networks.perturbations import BlurredQueries, IdentityAttention, Perturbation, SkippedBlocks, blocks_of
from nodes.written import INTERVAL

INFINITE_BLUR = 100.0
"""From this deviation on a blur is the mean of all cells."""


@dataclass(frozen=True, eq=False)
class AwayFromWorse:
    """A guider, and ``scale`` times what the text's prediction has over that of the network made worse."""

    guider: Guider
    way: Perturbation
    scale: float
    start: float
    end: float

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        if not self._acts(index, total):
            return self.guider.predict(x, timestep, index, total)
        with self.way.applied(_network(self.denoiser), x):
            worse = self.guider.unguided().predict(x, timestep, index, total)
        found = self.guider.predict(x, timestep, index, total)  # last, since the attention of the last call is recorded
        output = found.output + self.scale * (found.conditional - worse.conditional)
        return replace(found, output=output)

    def at(self, index: int, total: int) -> Guider:
        guider = self.guider.at(index, total)
        return replace(self, guider=guider, start=0.0, end=1.0) if self._acts(index, total) else guider

    def unguided(self) -> Guider:
        return self.guider.unguided()

    def _acts(self, index: int, total: int) -> bool:
        return bool(self.scale) and self.start * total <= index < self.end * total


@dataclass(frozen=True, eq=False)
class Worse:
    """A guider whose network is made worse at each call."""

    guider: Guider
    way: Perturbation

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        with self.way.applied(_network(self.denoiser), x):
            return self.guider.predict(x, timestep, index, total)

    def at(self, index: int, total: int) -> Guider:
        guider = self.guider.at(index, total)
        return self if guider is self.guider else replace(self, guider=guider)

    def unguided(self) -> Guider:
        return replace(self, guider=self.guider.unguided())


def _network(denoiser: Denoiser) -> torch.nn.Module:
    """Raises NodeError for a denoiser whose network is of another make."""
    module = network_of(denoiser)
    if module is None:
        raise NodeError("this denoiser has no network whose layers could be put out of action; wire another guidance")
    return module


def _checked(guider: Guider, layers: str) -> str:
    """The blocks to act on. Raises NodeError where the network has none of the name, before a step is computed."""
    blocks_of(_network(guider.denoiser), layers)
    return layers


@node("Skip-layer guidance", rules=(INTERVAL,))
def skip_layer_guidance(
    guider: Guider,
    layers: str = "7, 8, 9",
    scale: Annotated[float, Slider(0, 10, 0.1)] = 2.8,
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.01,
    end: Annotated[float, Slider(0, 1, 0.01)] = 0.2,
) -> Guider:
    """Leads away from what the network predicts for the same text with some of its blocks left out.

    Without these blocks a network draws worse shapes and limbs; the difference says where better ones lie:
    output = guided + scale (p - p'), with p for the text's prediction and p' for that without the blocks. It is added
    to any guidance at ``guider``, in the steps from the share ``start`` of all to ``end``, which take half as long
    again. ``layers`` are numbers of a transformer's blocks, counted from 0 on through all its lists, or names such as
    ``mid_block`` in a U-Net. The defaults are those of Stable Diffusion 3.5 medium.

    Fails for blocks that the network does not have or that cannot be left out.
    Papers: Hyung et al. 2024, Spatiotemporal Skip Guidance (arXiv:2411.18664); published with Stable Diffusion 3.5.
    """
    return AwayFromWorse(guider, SkippedBlocks(_checked(guider, layers)), scale, start, end)


@node("Perturbed-attention guidance", rules=(INTERVAL,))
def perturbed_attention_guidance(
    guider: Guider,
    layers: str = "mid_block",
    scale: Annotated[float, Slider(0, 10, 0.1)] = 3.0,
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    end: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
) -> Guider:
    """Leads away from what the network predicts when places of the image do not look at each other.

    In the chosen blocks self-attention is replaced by the identity: each place keeps its own values, and the image
    loses its structure. output = guided + scale (p - p'), with p for the text's prediction and p' for that one. It
    improves images without any text too, is added to any guidance at ``guider``, and a step takes half as long again.
    ``layers`` are names such as ``mid_block`` in a U-Net, or numbers of a transformer's blocks, counted from 0 on;
    there places still see the text, except in blocks that take both as one row of tokens, which all keep their own.

    Fails for blocks that the network does not have, and for layers without softmax attention to replace.
    Paper: Ahn et al. 2024, Self-Rectifying Diffusion Sampling with Perturbed-Attention Guidance (arXiv:2403.17377).
    """
    return AwayFromWorse(guider, IdentityAttention(_checked(guider, layers)), scale, start, end)


@node("Smoothed-energy guidance", rules=(INTERVAL,))
def smoothed_energy_guidance(
    guider: Guider,
    layers: str = "mid_block",
    scale: Annotated[float, Slider(0, 10, 0.1)] = 3.0,
    blur: Annotated[float, Slider(0.1, INFINITE_BLUR, 0.1)] = INFINITE_BLUR,
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    end: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
) -> Guider:
    """Leads away from what the network predicts when its self-attention sees a blurred image.

    In the chosen blocks the queries are blurred by a Gaussian of ``blur`` cells, which smooths the energy that
    attention descends; 100 is the mean of all. output = guided + scale (p - p'). It has fewer side effects than
    Perturbed-attention guidance; the strength is better set by ``blur`` than by ``scale``. ``layers`` are names such as
    ``mid_block`` in a U-Net, or numbers of a transformer's blocks, counted from 0 on.

    Fails for blocks that the network does not have, and for layers in which text and image are one row of tokens.
    Paper: Hong 2024, Smoothed Energy Guidance (arXiv:2408.00760).
    """
    way = BlurredQueries(_checked(guider, layers), blur if blur < INFINITE_BLUR else math.inf)
    return AwayFromWorse(guider, way, scale, start, end)


@node("Weaken guidance")
def weaken_guidance(guider: Guider, layers: str = "7, 8, 9") -> Guider:
    """Lets a guidance ask its network with some blocks left out, at every step.

    It makes a worse twin of the same network, to be led away from by Auto guidance, or to see what the blocks do.
    ``layers`` are numbers of a transformer's blocks, counted from 0 on, or names such as ``mid_block`` in a U-Net.

    Fails for blocks that the network does not have or that cannot be left out.
    Paper: Karras et al. 2024, Guiding a Diffusion Model with a Bad Version of Itself (arXiv:2406.02507).
    """
    return Worse(guider, SkippedBlocks(_checked(guider, layers)))
