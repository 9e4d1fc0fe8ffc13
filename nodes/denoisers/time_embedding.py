"""Time as a vector: what a denoiser is told of t."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate, normalize

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Curve, DiffusionNetwork, Embedding, Image
from nodes.networks.compute_dtype import device_of, dtype_of

SHOWN = 256
"""Pixels on the longer side of an image."""
COLD, MIDDLE, WARM = (0.23, 0.36, 0.75), (0.95, 0.95, 0.95), (0.86, 0.35, 0.13)
"""Colours of -1, 0 and 1."""


class TimeVectors(NamedTuple):
    """The vectors as rows of an image, how alike they are, and their likeness to the one in the middle."""

    vectors: Image
    similarity: Image
    likeness: Curve
    embedding: Embedding


@node("Time embedding")
def time_embedding(
    network: DiffusionNetwork | None = None,
    times: Annotated[int, Range(8, 256)] = 100,
    width: Annotated[int, Range(8, 1024, 2)] = 128,
    longest_period: Annotated[int, Range(2, 1000000)] = 10000,
) -> TimeVectors:
    """Shows the vectors that tell a network the time t, and how alike those of different times are.

    Each number of a vector is a sine or cosine of t, from fast waves to slow ones: the slow ones say about when, the
    fast ones exactly when. ``vectors`` has t from above to below, one column a number; in ``similarity`` both axes are
    t, and warm is alike; ``likeness`` is its middle row. Without a network ``width`` and ``longest_period`` say which
    waves there are; with a U-Net the vectors are those that it makes of its own waves by two layers, as trained.

    Fails for a network that takes the time in another way.
    Papers: Vaswani et al. 2017 (arXiv:1706.03762), section 3.5; for diffusion Ho et al. 2020 (arXiv:2006.11239).
    """
    t = torch.linspace(0, 999, times)
    values = _waves(t, width, longest_period) if network is None else _learned(network, t)
    directions = normalize(values - (values.mean(0) if network is not None else 0), dim=1)
    alike = directions @ directions.T
    shown = values / values.abs().amax().clamp(min=1e-9)
    return TimeVectors(
        Image(_coloured(shown)),
        Image(_coloured(alike)),
        Curve(t.double(), alike[times // 2].double(), "t", "cosine with the middle"),
        Embedding(values, tuple(f"t = {time:.0f}" for time in t.tolist())),
    )


def _waves(t: Tensor, width: int, longest_period: int) -> Tensor:
    """Sines and cosines (T, width) of times (T,), as diffusers makes them."""
    from diffusers.models.embeddings import get_timestep_embedding

    found: Tensor = get_timestep_embedding(t, width, max_period=longest_period)
    return found


def _learned(network: DiffusionNetwork, t: Tensor) -> Tensor:
    module: Any = network.module
    if not hasattr(module, "time_proj") or not hasattr(module, "time_embedding"):
        raise NodeError("this network takes the time in another way than a U-Net; wire a U-Net, or nothing")
    with torch.no_grad():
        waves = module.time_proj(t.to(device_of(module)))
        found: Tensor = module.time_embedding(waves.to(dtype_of(module)))
        return found.float().cpu()


def _coloured(values: Tensor) -> Tensor:
    """(1, 3, H, W) of a matrix of values from -1 to 1: cold, white, warm; enlarged so that it can be seen."""
    cold, middle, warm = (torch.tensor(colour)[:, None, None] for colour in (COLD, MIDDLE, WARM))
    share = values.clamp(-1, 1)
    colours = torch.where(share < 0, middle + (middle - cold) * share, middle + (warm - middle) * share)
    factor = max(SHOWN // max(values.shape), 1)
    return interpolate(colours[None], scale_factor=factor, mode="nearest")
