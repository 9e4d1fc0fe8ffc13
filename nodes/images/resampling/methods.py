"""Resizing by the field's methods: as torch and Pillow compute them, and slerp between neighbours for latents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor
from torch.nn.functional import interpolate

ImageMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "lanczos", "bicubic, smooth"]
LatentMethod = Literal["nearest-exact", "bilinear", "area", "bicubic", "bislerp", "lanczos"]


def by_torch(mode: str, antialias: bool = False) -> Callable[[Tensor, int, int], Tensor]:
    """Return torch's method of a name, without aligned corners."""

    def resize(samples: Tensor, width: int, height: int) -> Tensor:
        return interpolate(samples, (height, width), mode=mode, antialias=antialias)

    return resize


def lanczos(samples: Tensor, width: int, height: int) -> Tensor:
    """Pillow's Lanczos, which works on 8-bit values: (B, 3, H, W), 0 to 1."""
    resized = []
    for pixels in samples.detach().float().cpu():
        values = (255 * pixels).clamp(0, 255).permute(1, 2, 0).numpy().astype(np.uint8)
        picture = Pillow.fromarray(values).resize((width, height), Pillow.Resampling.LANCZOS)
        resized.append(torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255).permute(2, 0, 1))
    return torch.stack(resized).to(samples.device, samples.dtype)


def lanczos_of_numbers(samples: Tensor, width: int, height: int) -> Tensor:
    """Pillow's Lanczos on numbers of any size, (B, C, h, w), each channel by itself in single precision."""
    channels = samples.detach().float().cpu().flatten(0, 1)
    resized = [
        np.asarray(Pillow.fromarray(cells.numpy()).resize((width, height), Pillow.Resampling.LANCZOS))
        for cells in channels
    ]
    found = torch.from_numpy(np.stack(resized)).unflatten(0, samples.shape[:2])
    return found.to(samples.device, samples.dtype)


def bislerp(samples: Tensor, width: int, height: int) -> Tensor:
    """Slerp between neighbouring cells, along x and then along y: keeps the length of vectors over the channels.

    (B, C, h, w). Where two vectors are alike the first is taken, where they are opposed they are mixed linearly.
    """
    across = _slerp_columns(samples.float(), width)
    down = _slerp_columns(across.transpose(2, 3), height).transpose(2, 3)
    return down.to(samples.dtype)


def _slerp_columns(samples: Tensor, width: int) -> Tensor:
    """Resize the last axis of (B, C, h, w)."""
    left, right, share = _neighbours(samples.shape[-1], width, samples.device)
    one, other = samples[..., left], samples[..., right]
    return _slerp(one.movedim(1, -1), other.movedim(1, -1), share[None, None, :, None]).movedim(-1, 1)


def _neighbours(old: int, new: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """For each new place the two old ones around it, and how far it lies on the way between them."""
    places = torch.arange(old, dtype=torch.float32, device=device).view(1, 1, 1, -1)
    first = interpolate(places, (1, new), mode="bilinear")
    share = first - first.floor()
    left = first.long()
    ahead = torch.arange(old, dtype=torch.float32, device=device).view(1, 1, 1, -1) + 1
    ahead[..., -1] -= 1
    right = interpolate(ahead, (1, new), mode="bilinear").long()
    return left.flatten(), right.flatten(), share.flatten()


def _slerp(one: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Shoemake 1985, with lengths mixed linearly; vectors along the last axis."""
    one_length, other_length = one.norm(dim=-1, keepdim=True), other.norm(dim=-1, keepdim=True)
    one_unit = torch.where(one_length > 0, one / one_length, 0.0)
    other_unit = torch.where(other_length > 0, other / other_length, 0.0)
    cosine = (one_unit * other_unit).sum(-1, keepdim=True)
    angle = cosine.clamp(-1, 1).acos()
    mixed = ((1 - share) * angle).sin() / angle.sin() * one_unit + (share * angle).sin() / angle.sin() * other_unit
    result = mixed * (one_length * (1 - share) + other_length * share)
    result = torch.where(cosine > 1 - 1e-5, one, result)
    return torch.where(cosine < 1e-5 - 1, one * (1 - share) + other * share, result)


IMAGE_METHODS: Mapping[str, Callable[[Tensor, int, int], Tensor]] = {
    "nearest-exact": by_torch("nearest-exact"),
    "bilinear": by_torch("bilinear"),
    "area": by_torch("area"),
    "bicubic": by_torch("bicubic"),
    "lanczos": lanczos,
    "bicubic, smooth": by_torch("bicubic", antialias=True),
}
LATENT_METHODS: Mapping[str, Callable[[Tensor, int, int], Tensor]] = {
    **{name: IMAGE_METHODS[name] for name in ("nearest-exact", "bilinear", "area", "bicubic")},
    "bislerp": bislerp,
    "lanczos": lanczos_of_numbers,
}


def centre_crop(samples: Tensor, width: int, height: int) -> Tensor:
    """Cut the middle of (B, C, H, W) out that has the proportions of a size, at least one cell or pixel of it."""
    old_height, old_width = samples.shape[-2:]
    old, new = old_width / old_height, width / height
    x = round((old_width - old_width * (new / old)) / 2) if old > new else 0
    y = round((old_height - old_height * (old / new)) / 2) if old < new else 0
    x, y = min(x, (old_width - 1) // 2), min(y, (old_height - 1) // 2)
    return samples[..., y : old_height - y, x : old_width - x]
