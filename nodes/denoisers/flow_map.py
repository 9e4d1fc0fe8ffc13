"""Networks that were distilled to go from one noise level to another in a single step, and are told both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nodeflow.node import NodeError, node
from nodeflow.wires import Denoiser, DiffusionNetwork, Schedule
from nodes.denoisers.calls.prediction_types import levels
from nodes.loaders.models.known import family_of_network


@node("Flow-map denoiser")
def flow_map_denoiser(network: DiffusionNetwork, schedule: Schedule) -> Denoiser:
    """A network that is told where each step goes (FLUX.3 Klein distilled), ready for sampling.

    It was distilled to lead from one noise level to the next in few steps, 16 or less, and knows both. ``schedule`` is
    the one that is wired to the sampler; wire the denoiser to No guidance, since guidance was distilled too.

    Fails for a network that is told no such thing, and where the sampler goes along another schedule.
    Paper: Boffi et al. 2024, Flow Map Matching (arXiv:2406.07507).
    """
    family = family_of_network(network)
    if family is None or not family.network.flow_map(network):
        raise NodeError("this network is not told where a step goes; use Denoiser")
    denoiser: Any = family.network.denoiser(network, 0.0)
    times = (*(level.sigma for level in levels(schedule, denoiser)), 0.0)
    asked: Denoiser = replace(denoiser, times=times)
    return asked
