"""Images that are measurements: depth, surface normals, colours without light, as a decoder gives them."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn.functional import normalize

from nodeflow.node import node
from nodeflow.wires import Image


@node("Finish prediction")
def finish_prediction(image: Image, shows: Literal["depth", "normals", "albedo"] = "depth") -> Image:
    """Makes an image to look at of what a network has measured and a VAE decoded (Marigold 2).

    Of (B, 3, H, W), for each image: ``depth`` is the mean of the colours, stretched from 0 to 1, what is nearest white;
    ``normals`` are brought to length 1, each of their axes from -1 to 1 shown as a colour; ``albedo`` goes from linear
    light to sRGB (IEC 61966-2-1).

    Paper: Ke et al. 2024, Marigold (arXiv:2312.02145).
    """
    pixels = image.pixels
    if shows == "normals":
        return Image((normalize(pixels * 2 - 1, dim=1) + 1) / 2)
    if shows == "albedo":
        light = pixels.clamp(min=0.0031308)
        return Image(torch.where(pixels <= 0.0031308, pixels * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).clamp(0, 1))
    depth = pixels.mean(1, keepdim=True)
    near, far = depth.amin((1, 2, 3), keepdim=True), depth.amax((1, 2, 3), keepdim=True)
    return Image(((far - depth) / (far - near).clamp(min=1e-6)).expand(-1, 3, -1, -1).contiguous())
