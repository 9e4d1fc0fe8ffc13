"""A VAE a tile at a time: exact where its layers see no further, without seams where they do."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from nodeflow.node import NodeError, Step
from nodeflow.wires import Image, Latent, LatentFormat
from nodes.latents.tiling.tiles import tiles
from nodes.latents.vae import DiffusersVAE, pixel_space
from nodes.latents.vae_in_tiles import vae_decode_in_tiles, vae_encode_in_tiles


@dataclass(frozen=True, eq=False)
class Doubling:
    """Two pixels a cell and axis, each as the cell is."""

    format: LatentFormat = field(default=LatentFormat(3, 2, 8))

    def encode(self, image: Image, generators: Any = None) -> Latent:
        return Latent(torch.nn.functional.avg_pool2d(image.pixels, 2))

    def decode(self, latent: Latent) -> Image:
        return Image(latent.samples.repeat_interleave(2, 2).repeat_interleave(2, 3))


def run(steps: Generator[Step, None, Any]) -> tuple[list[Step], Any]:
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as end:
            return seen, end.value


@pytest.mark.parametrize("passes", ["three shapes", "squares alone"])
def test_what_sees_no_further_than_a_cell_is_exact(passes: Any) -> None:
    image = Image(torch.rand(2, 3, 200, 312))
    seen, latent = run(vae_encode_in_tiles(Doubling(), image, 64, 16, passes))
    assert torch.allclose(latent.samples, Doubling().encode(image).samples, atol=1e-6)
    assert [step.index for step in seen] == list(range(1, seen[0].total + 1))
    _, back = run(vae_decode_in_tiles(Doubling(), latent, 64, 16, passes))
    assert torch.allclose(back.pixels, Doubling().decode(latent).pixels, atol=1e-6)


def test_tiles_cover_all_and_are_whole() -> None:
    found = tiles(20, 30, (8, 12), 3)
    covered = torch.zeros(20, 30)
    for tile in found:
        assert (tile.height, tile.width) == (8, 12)
        tile.of(covered[None, None]).add_(1)
    assert covered.min() >= 1 and covered.sum() == len(found) * 96
    assert tiles(5, 30, (8, 12), 3)[0] == (0, 0, 5, 12), "no tile is higher than what it is of"


def autoencoder() -> DiffusersVAE:
    torch.manual_seed(0)
    module = AutoencoderKL(
        block_out_channels=(8, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
    ).eval()
    return DiffusersVAE(module.requires_grad_(False), LatentFormat(4, 8, 8), 1.0)


def jumps(pixels: Tensor, at: list[int]) -> float:
    """How much larger the differences between neighbouring columns are at some of them than at all, in the mean."""
    across = (pixels[..., 1:] - pixels[..., :-1]).abs().mean((0, 1, 2))
    return float(across[[place - 1 for place in at]].mean() / across.mean())


def test_a_true_decoder_leaves_no_seam() -> None:
    vae = autoencoder()
    latent = Latent(torch.randn(1, 4, 24, 40, generator=torch.Generator().manual_seed(2)))
    whole = vae.decode(latent).pixels
    _, tiled = run(vae_decode_in_tiles(vae, latent, 128, 32))
    parts = [latent.samples[..., start : start + 10] for start in range(0, 40, 10)]
    hard = torch.cat([vae.decode(Latent(part)).pixels for part in parts], 3)
    edges = [tile.left * 8 for tile in tiles(24, 40, (16, 16), 4) if tile.left]
    deviation = whole.std()
    assert jumps(hard - whole, [80, 160, 240]) > 2, "parts that are put side by side do show"
    assert jumps(tiled.pixels - whole, edges) < 1.2
    assert (tiled.pixels - whole).square().mean().sqrt() < 0.5 * deviation
    assert (tiled.pixels - whole).square().mean() < (hard - whole).square().mean()


def test_a_true_encoder_is_near_the_whole() -> None:
    vae = autoencoder()
    image = Image(torch.rand(1, 3, 192, 320, generator=torch.Generator().manual_seed(2)))
    whole = vae.encode(image).samples
    _, tiled = run(vae_encode_in_tiles(vae, image, 128, 32))
    assert tiled.samples.shape == whole.shape
    assert (tiled.samples - whole).square().mean().sqrt() < 0.3 * whole.std()


def test_what_fits_into_one_tile_is_the_whole() -> None:
    latent = Latent(torch.rand(1, 4, 8, 8))
    vae = autoencoder()
    _, found = run(vae_decode_in_tiles(vae, latent, 64, 16, "squares alone"))
    assert torch.allclose(found.pixels, vae.decode(latent).pixels, atol=1e-6)


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(NodeError, match="tiles of 64 pixels that overlap by 32 hold nothing else"):
        run(vae_decode_in_tiles(pixel_space(), Latent(torch.zeros(1, 3, 8, 8)), 64, 32))
    with pytest.raises(NodeError, match="9 x 8 is no multiple of 2"):
        run(vae_encode_in_tiles(Doubling(), Image(torch.zeros(1, 3, 8, 9))))
    with pytest.raises(NodeError, match="4 channels and the VAE takes 3"):
        run(vae_decode_in_tiles(pixel_space(), Latent(torch.zeros(1, 4, 8, 8))))
