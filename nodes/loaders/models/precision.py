"""Which precision a network computes in: what its family does rightly, and the device can."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nodes.loaders.read.parts import DTYPES, LoadTarget, torch_dtype

AUTO = "auto"
CHOICES = (AUTO, *DTYPES)


@dataclass(frozen=True)
class ComputePrecision:
    """What a person chose, or auto; what the run supplies, and the device it computes on; and whether the denoiser's
    weights are stored in 8 bits."""

    chosen: str
    supplied: str
    device: str = "cpu"
    small: bool = False

    def dtype(self, rightly: tuple[str, ...]) -> torch.dtype:
        """The precision of a network that computes ``rightly`` in these."""
        return precision(self.chosen, self.supplied, rightly, has_bfloat16(self.device))

    def target(self, rightly: tuple[str, ...]) -> LoadTarget:
        """The same for those who ask for both."""
        return LoadTarget(self.dtype(rightly), self.small)


def precision(chosen: str, supplied: str, rightly: tuple[str, ...], bfloat16: bool) -> torch.dtype:
    """The precision of a network.

    ``chosen`` by a person, or auto: then full where the run ``supplied`` that (on CPUs), bfloat16 where it supplied
    that (fast runs on CPUs) and the family computes ``rightly`` in it, else the first of those which there is;
    ``bfloat16``: whether the device computes in it. Numbers beyond 65504, which some networks trained in bfloat16 have,
    are infinite in float16.
    """
    if chosen != AUTO:
        return torch_dtype(chosen)
    if torch_dtype(supplied) == torch.float32:
        return torch.float32
    if torch_dtype(supplied) == torch.bfloat16:
        return torch.bfloat16 if "bfloat16" in rightly else torch.float32
    there = [name for name in rightly if bfloat16 or name != "bfloat16"]
    return torch_dtype(there[0] if there else "float32")


def has_bfloat16(device: str) -> bool:
    """Return whether a device computes in bfloat16 without imitating it."""
    if device.startswith("cuda"):
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    return not device.startswith("mps")
