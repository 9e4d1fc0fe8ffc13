"""Masks from colours and channels, grown, feathered, combined."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d

from nodeflow.node import DrawnNumber, NodeError, Range, Slider, node
from nodeflow.wires import Image, Mask
from nodes.written import COLOUR


@node("Mask from channel")
def mask_from_channel(image: Image, channel: Literal["red", "green", "blue", "brightness"] = "red") -> Mask:
    """Takes one channel of images as a mask, as it is.

    Images (B, 3, H, W) become masks (B, 1, H, W). brightness is the weighted sum of ITU-R BT.601:
    0.299 red + 0.587 green + 0.114 blue.
    """
    if channel == "brightness":
        weights = image.pixels.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
        return Mask((image.pixels * weights).sum(1, keepdim=True).clamp(0, 1))
    number = ("red", "green", "blue").index(channel)
    return Mask(image.pixels[:, number : number + 1].clamp(0, 1))


@node("Mask from colour")
def mask_from_colour(
    image: Image, colour: Annotated[str, COLOUR] = "#ffffff", tolerance: Annotated[float, Slider(0, 1, 0.01)] = 0.0
) -> Mask:
    """Takes as a mask where images have a colour.

    Images (B, 3, H, W) become masks (B, 1, H, W) of 0 and 1. ``colour`` is written as #rrggbb. Each channel may be off
    by ``tolerance``, and by half a step of 8 bits.

    Fails for a colour that is written in another way.
    """
    if not re.fullmatch(COLOUR.pattern, colour):
        raise NodeError(f"{colour!r} is no colour; write it as #rrggbb, such as #ff0000 for red")
    digits = colour.strip()[1:]
    wanted = image.pixels.new_tensor([int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]).view(1, 3, 1, 1)
    return Mask(((image.pixels - wanted).abs().amax(1, keepdim=True) <= tolerance + 0.5 / 255).float())


@node("Mask to image")
def mask_to_image(mask: Mask) -> Image:
    """Shows a mask as a grey image: 1 is white.

    Masks (B, 1, H, W) become images (B, 3, H, W).
    """
    return Image(mask.values.expand(-1, 3, -1, -1).contiguous())


@node("Invert mask")
def invert_mask(mask: Mask) -> Mask:
    """Turns a mask round: what was 1 is 0.

    Masks (B, 1, H, W) become 1 minus themselves.
    """
    return Mask(1 - mask.values)


@node("Grow mask")
def grow_mask(
    mask: Mask, pixels: Annotated[int, Range(-4096, 4096)] = 8, corners: Literal["round", "square"] = "round"
) -> Mask:
    """Makes what is in a mask larger by so many pixels on all sides, or smaller where that is negative.

    (B, 1, H, W), soft values too: each becomes the largest (smallest) around it. ``corners`` round goes by steps to
    the four neighbours, square to all eight.
    """
    values = mask.values if pixels >= 0 else 1 - mask.values
    steps = min(abs(pixels), max(values.shape[-2:]))
    if corners == "square" and steps:
        values = max_pool2d(max_pool2d(values, (1, 2 * steps + 1), 1, (0, steps)), (2 * steps + 1, 1), 1, (steps, 0))
    elif steps:
        for _ in range(steps):
            values = torch.maximum(max_pool2d(values, (1, 3), 1, (0, 1)), max_pool2d(values, (3, 1), 1, (1, 0)))
    return Mask(values if pixels >= 0 else 1 - values)


@node("Feather mask")
def feather_mask(
    mask: Mask,
    left: Annotated[int, Range(0, 16_384)] = 0,
    top: Annotated[int, Range(0, 16_384)] = 0,
    right: Annotated[int, Range(0, 16_384)] = 0,
    bottom: Annotated[int, Range(0, 16_384)] = 0,
) -> Mask:
    """Lets a mask fade towards the edges of the image, over so many pixels each.

    (B, 1, H, W): the outermost pixel keeps 1 / n of its value, the next 2 / n, and so on.
    """
    values = mask.values.clone()
    height, width = values.shape[-2:]
    for axis, size, count, ahead in (
        (3, width, left, True),
        (3, width, right, False),
        (2, height, top, True),
        (2, height, bottom, False),
    ):
        count = min(count, size)
        if count:
            rate = (torch.arange(count, dtype=values.dtype, device=values.device) + 1) / count
            shape = [1, 1, 1, 1]
            shape[axis] = count
            part = values.narrow(axis, 0 if ahead else size - count, count)
            part.mul_((rate if ahead else rate.flip(0)).view(shape))
    return Mask(values)


@node("Blur mask")
def blur_mask(mask: Mask, radius: Annotated[float, Slider(0, 100, 0.5)] = 4.0) -> Mask:
    """Makes the edges of a mask soft, by a Gaussian blur.

    (B, 1, H, W). ``radius`` is its deviation in pixels; 0 leaves the mask as it is.
    """
    if not radius:
        return mask
    from kornia.filters import gaussian_blur2d

    size = 2 * max(1, round(3 * radius)) + 1
    blurred: Tensor = gaussian_blur2d(mask.values, (size, size), (radius, radius), border_type="replicate")
    return Mask(blurred)


@node("Threshold mask")
def threshold_mask(mask: Mask, threshold: Annotated[float, Slider(0, 1, 0.01)] = 0.5) -> Mask:
    """Makes a mask hard: 1 where it is above a threshold, else 0.

    (B, 1, H, W) of 0 and 1.
    """
    return Mask((mask.values > threshold).float())


@node("Combine masks")
def combine_masks(
    first: Mask,
    second: Mask,
    way: Literal["add", "multiply", "subtract", "both", "either", "one of them"] = "add",
    x: Annotated[int, Range(-16_384, 16_384), DrawnNumber("left", "first")] = 0,
    y: Annotated[int, Range(-16_384, 16_384), DrawnNumber("top", "first")] = 0,
) -> Mask:
    """Combines two masks: by sum, product or difference, or as both, either, or just one of them.

    (B, 1, H, W), of the size of ``first``; the second lies at ``x`` and ``y`` in pixels, and what reaches beyond is cut
    off. Sums and differences stay from 0 to 1. both, either and one of them round to 0 and 1 before. A single mask
    serves a whole batch.

    It can be drawn on an image: press D on the node.

    Fails when the two hold different numbers of masks.
    """
    one, other = first.values, second.values.to(first.values)
    counts = {len(one), len(other)} - {1}
    if len(counts) > 1:
        raise NodeError("the masks are different in number; make them equal, or one of them single")
    result = one.expand(max(counts, default=1), -1, -1, -1).clone()
    height, width = one.shape[-2:]
    part = other[..., max(-y, 0) : max(height - y, 0), max(-x, 0) : max(width - x, 0)]
    place = result[..., max(y, 0) : max(y, 0) + part.shape[-2], max(x, 0) : max(x, 0) + part.shape[-1]]
    if part.numel():
        place.copy_(_combined(place, part, way).to(place))
    return Mask(result.clamp(0, 1))


def _combined(one: Tensor, other: Tensor, way: str) -> Tensor:
    if way == "add":
        return one + other
    if way == "multiply":
        return one * other
    if way == "subtract":
        return one - other
    first, second = one.round().bool(), other.round().bool()
    return {"both": first & second, "either": first | second, "one of them": first ^ second}[way]


@node("Fit mask")
def fit_mask(mask: Mask, image: Image, method: Literal["bilinear", "nearest-exact", "area"] = "bilinear") -> Mask:
    """Brings a mask to the size of an image, whatever its proportions.

    (B, 1, h, w) become (B, 1, H, W) of the image; a mask of other proportions is squeezed.
    """
    return Mask(interpolate(mask.values, image.pixels.shape[-2:], mode=method))
