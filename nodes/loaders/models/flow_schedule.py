"""The schedule of families that were trained to predict a flow, for files that bring none. No nodes here."""

from __future__ import annotations

from typing import Any

BY_TOKENS = {
    "use_dynamic_shifting": True,
    "base_shift": 0.5,
    "max_shift": 1.15,
    "base_image_seq_len": 256,
    "max_image_seq_len": 4096,
}
"""A shift that grows with an image's tokens, from 256 pixels a side to 1024, as FLUX.1's authors chose it."""


def flow_schedule(shift: float, **told: Any) -> dict[str, Any]:
    """Return the configuration of diffusers' `FlowMatchEulerDiscreteScheduler` with a shift towards noise (Esser et
    al. 2024, arXiv:2403.03206, eq. 23); ``told`` is what else a family says, and outweighs it."""
    usual = {"_class_name": "FlowMatchEulerDiscreteScheduler", "num_train_timesteps": 1000, "shift": shift}
    return usual | told
