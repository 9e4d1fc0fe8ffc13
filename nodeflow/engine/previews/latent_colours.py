"""The colours of latents: one linear map a VAE, fitted to the VAE itself, for previews and for all looks alike."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from nodeflow.wires import VAE, Image

LEVELS = (0.1, 0.5, 0.9)
"""Of red, green and blue: a fit is made from a patch of each of their mixtures."""
PICTURES, PATCHES, SIDE = 3, 3, 9
"""Images that the patches stand in, patches along their side, and cells of the latent along it."""
GREYS = (-2.0, 2.0)
"""The numbers that are black and white in a latent without places."""
Map = Tensor
"""(3, C + 1), float32: from a latent cell and a 1 to red, green and blue, 0 to 1."""
Finder = Callable[[int], "Map | None"]
"""The map for latents of so many channels, where one is known."""

_maps: weakref.WeakKeyDictionary[Any, Map] = weakref.WeakKeyDictionary()
_makers: weakref.WeakKeyDictionary[Any, threading.Thread] = weakref.WeakKeyDictionary()
_fitting = threading.Lock()


def linear_map(vae: VAE) -> Map:
    """The least-squares map from a latent cell to the mean colour of its pixels. Fitted once a VAE; any thread may ask.

    Fitted to what the VAE makes of patches of colour that it has encoded itself: so the latents are such as it gives
    images. Raises whatever the VAE raises.
    """
    with _fitting:
        if vae not in _maps:
            _maps[vae] = _fit(vae)
        return _maps[vae]


class NotFitted(Exception):  # noqa: N818 - nothing went wrong
    """The map is being made; ask again a moment later."""


def map_so_far(vae: VAE) -> Map | None:
    """The map where it is there, None where it cannot be made. The first who asks has it made on a thread of its own.

    So that nobody who computes waits for it, it raises NotFitted until it is there.
    """
    if vae not in _maps:
        if vae not in _makers:
            # no daemon, which would be cut off amid native code where the program ends
            _makers[vae] = threading.Thread(target=map_if_any, args=(vae,), name="colours")
            _makers[vae].start()
        if _makers[vae].is_alive():
            raise NotFitted
    return _maps.get(vae)


def map_if_any(vae: VAE | None) -> Map | None:
    """The map, waited for; None where there is no VAE, or none that can be fitted to."""
    try:
        return None if vae is None else linear_map(vae)
    except Exception:  # a VAE that cannot encode, or too little memory: it is shown as if the VAE were not known
        return None


def rgb(item: Tensor, map: Map | None) -> Tensor:
    """A latent (C, h, w) as colours (3, h, w), 0 to 1, each cell by itself by the VAE's map.

    Without a map, three channels are pixels from -1 to 1, and more are shown by the directions in which they differ
    most, which are no true colours. A latent without places is a square of greys.
    """
    item = item.nan_to_num()  # to look at a value must not cost it
    if item[0].numel() == 1:
        return _greys(item)
    if map is not None:
        map = map.to(item.device)
        return (torch.einsum("rc,chw->rhw", map[:, :-1], item) + map[:, -1, None, None]).clamp(0, 1)
    if item.shape[0] == 3:
        return (item / 2 + 0.5).clamp(0, 1)
    return _principal(item)


def _fit(vae: VAE) -> Map:
    mixtures = torch.cartesian_prod(*[torch.tensor(LEVELS)] * 3)
    mixed = mixtures[torch.randperm(len(mixtures), generator=torch.Generator().manual_seed(0))]
    patches = mixed.reshape(PICTURES, PATCHES, PATCHES, 3).permute(0, 3, 1, 2)
    side = SIDE * vae.format.downscale
    with torch.no_grad():
        latent = vae.encode(Image(interpolate(patches, (side, side), mode="nearest")))
        pixels = vae.decode(latent).pixels.float().cpu()
    seen = adaptive_avg_pool2d(pixels, SIDE)
    known = torch.cat([latent.samples.cpu(), torch.ones(PICTURES, 1, SIDE, SIDE)], 1)
    found: Tensor = torch.linalg.lstsq(_rows(known), _rows(seen)).solution
    return found.T.float()


def _rows(planes: Tensor) -> Tensor:
    """(B, C, h, w) as one row of numbers a cell (B h w, C), float64."""
    return planes.permute(0, 2, 3, 1).flatten(0, 2).double()


def _principal(item: Tensor) -> Tensor:
    """The three directions in which the cells of a latent (C, h, w) differ most, as red, green and blue."""
    if item.shape[0] > 3:
        cells = item.flatten(1) - item.flatten(1).mean(1, keepdim=True)
        _, axes = torch.linalg.eigh(cells @ cells.T)
        axes = axes[:, -3:].flip(1)
        axes = axes * torch.sign(axes.sum(0) + 1e-6)
        item = (axes.T @ cells).reshape(3, *item.shape[1:])
    item = item[:3] if item.shape[0] >= 3 else item[:1].expand(3, -1, -1)
    low, high = item.amin((1, 2), keepdim=True), item.amax((1, 2), keepdim=True)
    return (item - low) / (high - low).clamp(min=1e-6)


def _greys(item: Tensor) -> Tensor:
    """A latent without places (C, 1, 1), as a square of greys (3, n, n), row by row."""
    side = math.ceil(math.sqrt(len(item)))
    square = torch.zeros(side * side)
    square[: len(item)] = item.flatten()
    low, high = GREYS
    return ((square - low) / (high - low)).clamp(0, 1).reshape(1, side, side).expand(3, -1, -1)
