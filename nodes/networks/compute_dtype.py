"""Device and number format of a network. Where it is fetched piece by piece, or stored in fewer bits, its weights
do not tell: they lie on the host meanwhile, or in a type that nothing computes in. No nodes here."""

from __future__ import annotations

import torch


def device_of(network: torch.nn.Module) -> torch.device:
    """The device that a network computes on."""
    from diffusers.models.modeling_utils import get_parameter_device

    found: torch.device = get_parameter_device(network)
    return found


def dtype_of(network: torch.nn.Module) -> torch.dtype:
    """The number format that a network computes in."""
    from diffusers.models.modeling_utils import get_parameter_dtype

    found: torch.dtype = get_parameter_dtype(network)
    return found
