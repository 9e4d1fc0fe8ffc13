"""FLUX.2's autoencoder as Ideogram 4 has it: the cells of a patch are the outer axis of a latent's channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nodes.loaders.families.autoencoders import flux_2
from nodes.loaders.families.autoencoders.flux_2 import FLUX_2, PATCH, PatchedVAE
from nodes.loaders.families.autoencoders.kl import ORIGINAL
from nodes.loaders.models.architecture import Weights

SPREAD = "bn.running_mean", "bn.running_var"
"""What each channel is normalised by."""


def names(weights: Weights) -> Weights:
    """diffusers' names; a file in Black Forest Labs' names is FLUX.2's own, whose channels are in another order."""
    moved = dict(weights)
    if ORIGINAL in weights:
        for name in SPREAD:
            moved[name] = weights[name].reshape(-1, PATCH**2).T.flatten()
    return flux_2.names(moved)


def wire(module: Any, side: int) -> PatchedVAE:
    """A VAE of its network."""
    return replace(flux_2.wire(module, side), outer=True)


CELLS_OUTSIDE = replace(FLUX_2, architecture=replace(FLUX_2.architecture, named=names), wire=wire)
