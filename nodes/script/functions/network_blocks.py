"""A denoising network drawn as it is: a box for each block, with what that gives in one pass."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from PIL import Image, ImageDraw
from torch import nn
from torch.nn.functional import interpolate

from nodes.script.functions.matrices import GLOW
from nodes.script.functions.sampling import At


class BlockSeen(NamedTuple):
    """A block: where its features are large (h, w), how deep it lies, and what comes in beside them."""

    map: Any
    side: int
    told: str


def watched_blocks(network):
    """The parts right in a network, and those of its lists one by one, as far as they have weights."""
    for part in network.children():
        for inner in part.children() if isinstance(part, nn.ModuleList) else [part]:
            if next(inner.parameters(), None) is not None:
                yield inner


def told_beside(block):
    """What comes in beside the features, as the names of its layers say."""
    names = [name for name, _ in block.named_modules()]
    text = any("attn2" in name or "cross" in name or "add_k_proj" in name for name in names)
    time = any("time_emb" in name or "norm1.linear" in name or "adaLN" in name for name in names)
    return " ".join([word for word, there in (("text", text), ("time", time)) if there])


def feature_map(output, height, width):
    """Where features are large: of (B, C, h, w), or of tokens (B, N, D) whose last ones are an image's."""
    found = output[0].float()
    if output.ndim == 4:
        return found.square().mean(0).sqrt()
    for patch in (1, 2) if output.ndim == 3 else ():
        h, w = height // patch, width // patch
        if h * w <= len(found) < 4 * h * w and h * w:
            return found[len(found) - h * w :].T.reshape(-1, h, w).square().mean(0).sqrt()
    return output[:1].float().square().mean().sqrt().reshape(1, 1)


def seen_blocks(network, predict, latents, t):
    """The blocks of a network in the order in which they compute."""
    outputs = {}

    def before(block, _):
        outputs.setdefault(block, None)

    def after(block, _, output):
        parts = output if isinstance(output, (tuple, list)) else [output]
        parts = sorted((part for part in parts if isinstance(part, torch.Tensor)), key=lambda part: -part.numel())
        outputs[block] = next((part for part in parts if part.ndim >= 2), None)

    hooks = []
    for block in watched_blocks(network):
        hooks += [block.register_forward_pre_hook(before), block.register_forward_hook(after)]
    x = latents[:1]
    predict(x, At(torch.tensor(t), 0, 1))
    for hook in hooks:
        hook.remove()
    found = []
    for block, output in outputs.items():
        if output is not None:
            features = feature_map(output, *x.shape[-2:])
            found.append(BlockSeen(features, max(features.shape), told_beside(block)))
    return found


def glow_of(features, side):
    """(1, 3, side, side) of a map (h, w): black where it is least, orange where it is greatest."""
    low, high = features.min(), features.max()
    share = (
        (features - low) / (high - low).clamp(min=1e-12) if features.numel() > 1 else torch.full_like(features, 0.25)
    )
    return interpolate(share[None, None], (side, side), mode="nearest") * torch.tensor(GLOW)[None, :, None, None]


def block_maps(blocks):
    """What each block gave, one image a block."""
    return torch.cat([glow_of(block.map, 48) for block in blocks])


def drawn_network(blocks):
    """The boxes in their order, as deep as their maps are coarse; a blue edge takes the text, a yellow dot the time."""
    finest = max(block.side for block in blocks)
    depths = [min(round(math.log2(finest / block.side)), 5) if block.side > 1 else 0 for block in blocks]
    corners = [(14 + at * 50, 14 + depth * 54) for at, depth in enumerate(depths)]
    sheet = Image.new("RGB", (28 + len(blocks) * 50 - 10, 28 + 40 + max(depths) * 54), (24, 26, 31))
    pen = ImageDraw.Draw(sheet)
    for (x, y), (u, v) in pairwise(corners):
        pen.line([(x + 40, y + 20), (u, v + 20)], (96, 104, 120), 2)
    for first, last in skips([depth if block.side > 1 else -1 for block, depth in zip(blocks, depths, strict=True)]):
        (x, y), (u, _) = corners[first], corners[last]
        pen.line([(x + 40, y + 4), (u, y + 4)], (96, 104, 120), 1)
    for block, (x, y) in zip(blocks, corners, strict=True):
        pixels = (glow_of(block.map, 40)[0].permute(1, 2, 0) * 255).round().to(torch.uint8)
        sheet.paste(Image.fromarray(pixels.contiguous().numpy()), (x, y))
        edge = (98, 160, 234) if "text" in block.told else (96, 104, 120)
        pen.rectangle((x, y, x + 39, y + 39), outline=edge, width=2)
        if "time" in block.told:
            pen.ellipse((x + 29, y + 4, x + 35, y + 10), (214, 180, 90))
    whole = torch.frombuffer(bytearray(sheet.tobytes()), dtype=torch.uint8).reshape(sheet.height, sheet.width, 3)
    return whole.permute(2, 0, 1)[None].float() / 255


def skips(depths):
    """The pairs of boxes of one depth with deeper ones between them."""
    found, deepest = [], max(depths)
    middle = depths.index(deepest)
    for depth in range(deepest):
        before = [at for at in range(middle) if depths[at] == depth]
        after = [at for at in range(middle, len(depths)) if depths[at] == depth]
        if before and after:
            found.append((before[-1], after[0]))
    return found
