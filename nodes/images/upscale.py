"""Networks that make an image larger in one go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import torch

from nodeflow.node import Range, Reads, Supplied, node
from nodeflow.wires import Image, Upscaler
from nodes.loaders.families.upscalers import upscaler_file as loading
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for
from nodes.networks.compute_dtype import device_of, dtype_of


@dataclass(frozen=True, eq=False)
class SpandrelUpscaler:
    """A network as spandrel describes it. ``module`` is the network itself, which is brought to where it computes."""

    descriptor: Any
    module: torch.nn.Module

    @property
    def scale(self) -> int:
        return int(self.descriptor.scale)

    def upscale(self, image: Image) -> Image:
        given = image.pixels.to(device_of(self.module), dtype_of(self.module))
        return Image(torch.cat([self.descriptor(one).float().to(image.pixels.device) for one in given.split(1)]))


@node("Load upscaler")
def load_upscaler(
    model: Annotated[str, Reads("model", True, tuple(loading.PATTERNS))] = "starter:compact-upscaler",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> Upscaler:
    """Loads a network that makes images larger in one go: ESRGAN, SwinIR and all that spandrel knows.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:compact-upscaler``, from 64 x 64 to 256 x 256
    - one .safetensors file of such a network; its kind and its factor are read from the weights
    - a folder, or the id of a repository on the Hugging Face hub, with one such file: the latter is taken from the
      hub's cache on this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is
      then a branch, tag or commit of it, empty for main

    Files that can hold programs (.pth, .ckpt, .pt, .bin) are never opened; convert those to safetensors first.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, or when the network is of
    a kind that spandrel does not know or that is no upscaler of colour images.
    Papers: Wang et al. 2018, ESRGAN (arXiv:1809.00219); Wang et al. 2021, Real-ESRGAN (arXiv:2107.10833).
    """
    path = find_for("Load upscaler", model, revision, loading.PATTERNS)
    descriptor = loading.load_spandrel(path, LoadTarget(torch_dtype(dtype)))
    return SpandrelUpscaler(descriptor, descriptor.model)


@node("Upscale image")
def upscale_image(
    upscaler: Upscaler,
    image: Image,
    tile: Annotated[int, Range(0, 4096, 16)] = 256,
    overlap: Annotated[int, Range(0, 256)] = 16,
) -> Image:
    """Makes images larger by a network, at the factor that it was trained for.

    Images (B, 3, H, W) become (B, 3, f H, f W), with f the network's factor. Large ones go through it in tiles of
    ``tile`` pixels a side, so that memory suffices; each tile is seen with ``overlap`` more pixels on every side, which
    are cut off again. Where that is at least as far as the network looks, tiles leave no trace. ``tile`` 0 takes the
    image as a whole.

    Papers: Wang et al. 2018, ESRGAN (arXiv:1809.00219); Wang et al. 2021, Real-ESRGAN (arXiv:2107.10833).
    """
    pixels, f = image.pixels, upscaler.scale
    height, width = pixels.shape[-2:]
    made = pixels.new_empty((len(pixels), 3, f * height, f * width))
    for y, bottom, above, below in _spans(height, tile, overlap):
        for x, right, left, behind in _spans(width, tile, overlap):
            part = upscaler.upscale(Image(pixels[..., above:below, left:behind])).pixels
            inside = part[..., f * (y - above) : f * (bottom - above), f * (x - left) : f * (right - left)]
            made[..., f * y : f * bottom, f * x : f * right] = inside
    return Image(made)


def _spans(length: int, tile: int, overlap: int) -> Iterator[tuple[int, int, int, int]]:
    """Along one side: where each tile begins and ends, and where what it sees begins and ends."""
    size = tile or length
    for start in range(0, length, size):
        end = min(start + size, length)
        yield start, end, max(start - overlap, 0), min(end + overlap, length)
