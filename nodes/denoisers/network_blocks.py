"""A denoising network as it is: its blocks, what each gives in one pass, how large it is and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Conditioning, Curve, Denoiser, Image, Latent, NetworkMap
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.denoisers.network_drawing import DrawnBlock, draw_network, glow, places

MAP = 48
"""Pixels of a map of features."""
MOST_CHANNELS, FINEST = 16, 64
"""Of the features of a block that are kept to be looked at: channels, and cells on a side."""


class NetworkSeen(NamedTuple):
    """The network drawn, what each block gave, and shares of parameters and of time."""

    image: Image
    maps: Image
    parameters: Curve
    time: Curve
    table: str
    network: NetworkMap


@dataclass
class ObservedBlock:
    """A block while it is looked at."""

    name: str
    module: nn.Module
    began: float = 0.0
    seconds: float = 0.0
    output: Tensor | None = None

    @property
    def parameters(self) -> int:
        return sum(weight.numel() for weight in self.module.parameters())

    @property
    def told(self) -> str:
        """What comes in beside the features, as the names of its layers say."""
        names = [name for name, _ in self.module.named_modules()]
        text = any("attn2" in name or "cross" in name or "add_k_proj" in name for name in names)
        when = any("time_emb" in name or "norm1.linear" in name or "adaLN" in name for name in names)
        return " + ".join([word for word, there in (("text", text), ("time", when)) if there])


@node("Network blocks", version=2)
def network_blocks(
    denoiser: Denoiser, conditioning: Conditioning, latent: Latent, t: Annotated[int, Range(0, 999)] = 500
) -> NetworkSeen:
    """Draws a denoising network as it is, with what each of its blocks gives in one pass.

    ``latent`` (1, C, h, w) is what it sees at the time ``t``. In ``image`` each block is a box, as deep as its map is
    coarse, in the order in which they compute; inside glows where its features are large. Lines between boxes of one
    depth are a U-Net's skip connections. ``maps`` are the same, one image a block. ``parameters`` and ``time`` are each
    block's share; the time is that of this one pass, and differs a little each time. ``table`` says where text and
    time come in. ``network`` is the drawing again: in the inspector the pointer over a box shows what each channel of
    that block gave.

    Fails for a denoiser that is no single network, and as that does for what does not fit it.
    Papers: U-Net: Ronneberger et al. 2015 (arXiv:1505.04597); DiT: Peebles & Xie 2023 (arXiv:2212.09748); U-ViT: Bao et
    al. 2023 (arXiv:2209.12152); MMDiT: Esser et al. 2024 (arXiv:2403.03206).
    """
    if not isinstance(denoiser, NetworkDenoiser):
        raise NodeError("this denoiser is no single network; wire one that comes from a model's own denoiser node")
    x = latent.samples[:1].to(denoiser.device, denoiser.dtype)
    blocks = list(blocks_of(denoiser.network.module))
    with ExitStack() as hooks, torch.no_grad():
        for block in blocks:
            _watch(block, hooks)
        denoiser.predict(x, torch.tensor(t, device=x.device), conditioning)
    ran = sorted((block for block in blocks if block.output is not None), key=lambda block: block.began)
    if not ran:
        raise NodeError("this network has no blocks that could be looked at; wire a U-Net or a transformer")
    features = [as_map(block.output, tuple(x.shape[-2:])) for block in ran]
    parameters = torch.tensor([block.parameters for block in ran]).double()
    seconds = torch.tensor([block.seconds for block in ran]).double()
    shares = [parameters / parameters.sum().clamp(min=1), seconds / seconds.sum().clamp(min=1e-12)]
    lines = [
        f"{block.name}: {_shape(block.output)}, {block.parameters:,} parameters ({part:.0%}), time {took:.0%}"
        + (f", takes {block.told}" if block.told else "")
        for block, part, took in zip(ran, *(share.tolist() for share in shares), strict=True)
    ]
    boxes = [DrawnBlock(block.name, map_of, block.told) for block, map_of in zip(ran, features, strict=True)]
    axis, drawing = torch.arange(len(ran)).double(), draw_network(boxes)
    channels = tuple(as_channels(block.output, tuple(x.shape[-2:])) for block in ran)
    return NetworkSeen(
        drawing,
        Image(torch.cat([glow(map_of, MAP) for map_of in features])),
        Curve(axis, shares[0], "block", "share of parameters"),
        Curve(axis, shares[1], "block", "share of time"),
        "\n".join([f"{int(parameters.sum()):,} parameters in {len(ran)} blocks", *lines]),
        NetworkMap(drawing.pixels, places(boxes), channels, tuple(lines)),
    )


def blocks_of(network: nn.Module) -> Iterator[ObservedBlock]:
    """The parts right in a network, and those of its lists one by one, as far as they have weights."""
    for name, part in network.named_children():
        inner = list(part.named_children()) if isinstance(part, nn.ModuleList) else [("", part)]
        for number, module in inner:
            if next(module.parameters(), None) is not None:
                yield ObservedBlock(f"{name} {number}".strip(), module)


def _watch(block: ObservedBlock, hooks: ExitStack) -> None:
    def before(*_: Any) -> None:
        block.began = block.began or time.perf_counter()
        block.output, block.seconds = None, block.seconds - time.perf_counter()

    def after(_: nn.Module, __: Any, output: Any) -> None:
        block.seconds += time.perf_counter()
        block.output = next((part for part in _tensors(output) if part.ndim >= 2), None)

    for hook in (block.module.register_forward_pre_hook(before), block.module.register_forward_hook(after)):
        hooks.callback(hook.remove)


def _tensors(output: Any) -> Iterator[Tensor]:
    """The tensors of an output, the largest first."""
    parts = output if isinstance(output, (tuple, list)) else [output]
    yield from sorted((part for part in parts if isinstance(part, Tensor)), key=lambda part: -part.numel())


def as_map(output: Tensor | None, sides: tuple[int, ...]) -> Tensor:
    """Where features are large, (h, w): of (B, C, h, w), or of tokens (B, N, D) whose last ones are an image's.

    A single cell where there is no image in it.
    """
    found = as_features(output, sides)
    if found is None:
        return torch.zeros(1, 1) if output is None else output[:1].float().square().mean().sqrt().cpu().reshape(1, 1)
    return found.square().mean(0).sqrt()


def as_channels(output: Tensor | None, sides: tuple[int, ...]) -> Tensor:
    """The first channels of features, (C, h, w) in half precision, as large as can be seen; a cell where none are."""
    found = as_features(output, sides)
    if found is None:
        return torch.zeros(1, 1, 1, dtype=torch.float16)
    found = found[:MOST_CHANNELS]
    if max(found.shape[-2:]) > FINEST:
        found = adaptive_avg_pool2d(found, (min(found.shape[1], FINEST), min(found.shape[2], FINEST)))
    return found.half()


def as_features(output: Tensor | None, sides: tuple[int, ...]) -> Tensor | None:
    """The features (C, h, w) of the first image; None where there is no image in them."""
    if output is None or output.ndim not in (3, 4):
        return None
    found = output[0].float().cpu()
    if output.ndim == 4:
        return found
    for patch in (1, 2):
        h, w = sides[0] // patch, sides[1] // patch
        if h * w <= len(found) < 4 * h * w and h * w:
            return found[len(found) - h * w :].T.reshape(-1, h, w)
    return None


def _shape(output: Tensor | None) -> str:
    return "" if output is None else " x ".join(map(str, output.shape[1:]))
