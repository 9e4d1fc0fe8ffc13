"""What a ControlNet adds to each block of a U-Net."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Conditioning, Curve, Denoiser, Image, Latent
from nodes.denoisers.denoisers import UNetDenoiser

MAP = 64
"""Pixels of a map."""
GLOW = (0.92, 0.42, 0.1)


class ResidualsSeen(NamedTuple):
    """What is added: its size by block, and where."""

    sizes: Curve
    maps: Image
    change: float
    table: str


@node("Control residuals")
def control_residuals(
    denoiser: Denoiser,
    conditioning: Conditioning,
    latent: Latent,
    t: Annotated[int, Range(0, 999)] = 500,
    zero_convolutions: Literal["as trained", "as at the start"] = "as trained",
) -> ResidualsSeen:
    """Shows what the ControlNet behind a denoiser adds to its U-Net, block by block.

    ``latent`` (1, C, h, w) is what the network sees at the time ``t``, such as one with noise. Behind each block of the
    ControlNet stands a convolution of 1 x 1 whose weights were 0 at the start of training: then nothing is added, and
    the U-Net does what it did; yet these weights have a gradient and grow. ``zero_convolutions`` as at the start sets
    them to 0 again. ``sizes`` has for each skip connection, and last for the middle, the root mean square of what is
    added; ``maps`` shows where, glowing. ``change`` is how far the U-Net's output is
    from that without control, as a share of it.

    Fails for a denoiser without a ControlNet; put *Control* before it.
    Paper: Zhang et al. 2023, Adding Conditional Control to Text-to-Image Diffusion Models (arXiv:2302.05543), section
    3.1.
    """
    if not isinstance(denoiser, UNetDenoiser) or not denoiser.controls:
        raise NodeError("this denoiser has no ControlNet; put the node Control before it")
    if conditioning.tokens is None:
        raise NodeError("this U-Net is led by a text; wire the encoding of one")
    control = denoiser.controls[-1]
    if zero_convolutions == "as at the start":
        control = replace(control, net=_zeroed(control.net))
    x = latent.samples[:1].to(denoiser.device, denoiser.dtype)
    time = torch.tensor(t, device=x.device)
    with torch.no_grad():
        given = control.residuals(x, time, conditioning.tokens[:1])
        if given is None:
            raise NodeError("this acts within the U-Net and adds nothing beside it; load a ControlNet that does")
        down, middle = given
        led = replace(denoiser, controls=(control,)).predict(x, time, conditioning)
        free = replace(denoiser, controls=()).predict(x, time, conditioning)
    added = [part.float().cpu() for part in (*down, middle)]
    sizes = torch.tensor([float(part.square().mean().sqrt()) for part in added]).double()
    change = float((led - free).norm() / free.norm().clamp(min=1e-12))
    names = [*(f"skip {number}" for number in range(len(down))), "middle"]
    lines = [
        f"{name}: {' x '.join(map(str, part.shape[1:]))}, size {size:.4f}"
        for name, part, size in zip(names, added, sizes.tolist(), strict=True)
    ]
    curve = Curve(torch.arange(len(sizes)).double(), sizes, "block", "size of what is added")
    return ResidualsSeen(curve, Image(torch.cat([_glowing(part) for part in added])), change, "\n".join(
        [*lines, f"the prediction changes by {change:.1%}"]
    ))  # fmt: skip


def _zeroed(net: Any) -> Any:
    """A copy of a ControlNet with its convolutions of 1 x 1 as at the start of training."""
    module: Any = getattr(net, "module", None)
    if not hasattr(module, "controlnet_down_blocks"):
        raise NodeError("this ControlNet keeps its zero convolutions elsewhere; load one in diffusers' form")
    module = deepcopy(module)
    for layer in (*module.controlnet_down_blocks, module.controlnet_mid_block):
        for weight in layer.parameters():
            weight.data.zero_()
    return replace(net, module=module)


def _glowing(part: Tensor) -> Tensor:
    """(1, 3, MAP, MAP): where (1, C, h, w) is large."""
    size = part.square().mean(1, keepdim=True).sqrt()
    share = size / size.max().clamp(min=1e-12)
    glow = share * torch.tensor(GLOW)[None, :, None, None]
    return interpolate(glow, (MAP, MAP), mode="nearest")
