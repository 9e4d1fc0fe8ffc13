"""Between images and latents, a part at a time."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Literal

from nodeflow.node import NodeError, Range, Rule, Step, node
from nodeflow.wires import VAE, Image, Latent
from nodes.latents.tiling.tiles import Tile, laid_together, shapes, tiles
from nodes.latents.vae import vae_decode, vae_encode

Passes = Literal["three shapes", "squares alone"]
Side = Annotated[int, Range(64, 8192, 8)]
Overlap = Annotated[int, Range(0, 4096, 8)]


OVERLAP = Rule(
    "2 * overlap < tile", "tiles of {tile} pixels that overlap by {overlap} hold nothing else; choose less than half"
)


@node("VAE decode in tiles", rules=(OVERLAP,))
def vae_decode_in_tiles(
    vae: VAE, latent: Latent, tile: Side = 512, overlap: Overlap = 64, passes: Passes = "three shapes"
) -> Generator[Step, None, Image]:
    """Turns latents into images a tile at a time, for images too large for the memory there is.

    Latents (B, C, h, w) become images (B, 3, H, W). Tiles are ``tile`` pixels wide and high and overlap by
    ``overlap``, over which they flow into each other, so that no seam shows. A VAE's layers see no more than their
    tile, so that colours may drift a little from one to the next; three shapes (squares, flat and tall tiles) are
    averaged to even that out, as ComfyUI does, and take three times as long.

    Fails where the overlap is half of a tile or more, and for the latents of another VAE.
    """
    side, around = _cells(vae, tile, overlap)
    height, width = latent.samples.shape[-2:]
    ways = [tiles(height, width, shape, around) for shape in shapes(side, passes == "three shapes")]

    def decoded(one: Tile) -> Image:
        return vae_decode(vae, Latent(one.of(latent.samples)))

    running = laid_together(ways, lambda one: decoded(one).pixels, around, vae.format.downscale)
    while True:
        try:
            done, total = next(running)
        except StopIteration as end:
            return Image(end.value)
        yield Step(done, total)


@node("VAE encode in tiles", rules=(OVERLAP,))
def vae_encode_in_tiles(
    vae: VAE, image: Image, tile: Side = 512, overlap: Overlap = 64, passes: Passes = "three shapes"
) -> Generator[Step, None, Latent]:
    """Turns images into latents a tile at a time, for images too large for the memory there is.

    Images (B, 3, H, W) become latents (B, C, h, w), the mean of the encoder's distribution. Tiles are ``tile`` pixels
    wide and high and overlap by ``overlap``, over which they flow into each other. The mean of three shapes (squares,
    flat and tall tiles) is evener, as ComfyUI has it, and takes three times as long.

    Fails where the overlap is half of a tile or more, and when a side is no multiple of the VAE's factor.
    """
    side, around = _cells(vae, tile, overlap)
    factor = vae.format.downscale
    height, width = image.pixels.shape[-2:]
    if height % factor or width % factor:
        raise NodeError(f"{width} x {height} is no multiple of {factor} on both sides; resize the image before")
    ways = [tiles(height // factor, width // factor, shape, around) for shape in shapes(side, passes == "three shapes")]

    def encoded(one: Tile) -> Latent:
        return vae_encode(vae, Image(one.of(image.pixels, factor)))

    running = laid_together(ways, lambda one: encoded(one).samples, around)
    while True:
        try:
            done, total = next(running)
        except StopIteration as end:
            return Latent(end.value)
        yield Step(done, total)


def _cells(vae: VAE, tile: int, overlap: int) -> tuple[int, int]:
    """A tile's side and overlap in cells of the latent. Raises NodeError where tiles hold nothing but overlap."""
    side, around = max(tile // vae.format.downscale, 2), overlap // vae.format.downscale
    if 2 * around >= side:
        raise NodeError(f"tiles of {tile} pixels that overlap by {overlap} hold nothing else; choose less than half")
    return side, around
