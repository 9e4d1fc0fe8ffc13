"""Latents, masks and images as values: cut, turned, scaled, combined; numbers from torch, Pillow and by hand."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch.nn.functional import interpolate

from nodeflow.node import NodeError
from nodeflow.wires import Image, Latent, Mask
from nodes.images import editing as images
from nodes.images import laying, scaling
from nodes.images.resampling.methods import LATENT_METHODS, bislerp, centre_crop
from nodes.latents import editing as latents
from nodes.latents.vae import pixel_space
from nodes.masks import editing as masks


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("method", ["nearest-exact", "bilinear", "area", "bicubic"])
def test_latents_are_scaled_as_torch_scales(method: str) -> None:
    samples = random(2, 4, 8, 6)
    expected = interpolate(samples, (12, 9), mode=method)
    assert torch.equal(latents.scale_latent_by(Latent(samples), 1.5, method).samples, expected)  # type: ignore[arg-type]
    assert torch.equal(latents.scale_latent(Latent(samples), 9, 0, method).samples, expected)  # type: ignore[arg-type]


def test_bislerp_keeps_the_length_of_vectors_and_turns_between_them() -> None:
    """Two unit vectors a quarter turn apart: half way lies their direction in between, of length 1."""
    samples = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).view(1, 2, 1, 2)
    found = bislerp(samples, 4, 1)
    assert torch.allclose(found.norm(dim=1), torch.ones(1, 1, 4), atol=1e-6)
    angles = torch.atan2(found[0, 1, 0], found[0, 0, 0]) / (torch.pi / 2)
    assert torch.allclose(angles, torch.tensor([0.0, 0.25, 0.75, 1.0]), atol=1e-6)


def test_bislerp_of_equal_and_opposed_vectors_is_linear() -> None:
    one = random(1, 4, 1, 1).expand(1, 4, 2, 2)
    assert torch.allclose(bislerp(one, 5, 3), one[..., :1, :1].expand(1, 4, 3, 5))
    opposed = torch.cat([one[..., :1, :1], -one[..., :1, :1]], -1)
    assert torch.allclose(bislerp(opposed, 4, 1), interpolate(opposed, (1, 4), mode="bilinear"), atol=1e-6)


def test_a_side_of_nothing_follows_from_the_other_and_two_are_refused() -> None:
    assert latents.scale_latent(Latent(random(1, 4, 8, 6)), 0, 16).samples.shape == (1, 4, 16, 12)
    assert scaling.scale_image(Image(random(1, 3, 8, 6)), 12, 0).pixels.shape == (1, 3, 16, 12)
    for refused in (
        lambda: latents.scale_latent(Latent(random(1, 4, 8, 6)), 0, 0),
        lambda: scaling.scale_image(Image(random(1, 3, 8, 6)), 0, 0),
    ):
        with pytest.raises(NodeError, match="both 0"):
            refused()


def test_lanczos_is_pillows() -> None:
    pixels = random(1, 3, 20, 30)
    found = scaling.scale_image(Image(pixels), 45, 10, "lanczos").pixels
    values = (255 * pixels[0]).clamp(0, 255).permute(1, 2, 0).numpy().astype(np.uint8)
    expected = np.asarray(Pillow.fromarray(values).resize((45, 10), Pillow.Resampling.LANCZOS), np.float32) / 255
    assert torch.equal(found[0].permute(1, 2, 0), torch.from_numpy(expected))


def test_images_are_scaled_by_factor_area_and_longest_side_to_multiples() -> None:
    image = Image(random(1, 3, 100, 200))
    assert scaling.scale_image_by(image, 0.5).pixels.shape[-2:] == (50, 100)
    assert scaling.scale_image_to_megapixels(image, 0.125, multiple_of=64).pixels.shape[-2:] == (256, 512)
    assert (
        scaling.scale_image_into(image, 120, 40).pixels.shape[-2:]
        == scaling.scale_image(image, 0, 40).pixels.shape[-2:]
    )
    assert scaling.scale_image_into(image, 9000, 9000, change="only smaller").pixels.shape == image.pixels.shape
    assert scaling.scale_image_into(image, 8, 8, change="only larger").pixels.shape == image.pixels.shape
    assert scaling.scale_image_to_longest_side(image, 90, multiple_of=8).pixels.shape[-2:] == (48, 88)
    with pytest.raises(NodeError, match="the most"):
        scaling.scale_image_by(Image(random(1, 3, 8, 2000)), 16)


def test_a_centre_crop_has_the_proportions_that_are_asked_for() -> None:
    wide = torch.arange(12.0).view(1, 1, 1, 12).expand(1, 1, 4, 12)
    assert centre_crop(wide, 10, 10)[0, 0, 0].tolist() == [4.0, 5.0, 6.0, 7.0]
    assert centre_crop(wide.transpose(2, 3), 10, 10).shape == (1, 1, 4, 4)
    scaled = latents.scale_latent(Latent(wide), 4, 4, "nearest-exact", "centre").samples
    assert torch.equal(scaled, wide[..., 4:8])


def test_latents_are_turned_and_turned_back() -> None:
    latent = Latent(random(1, 4, 6, 8))
    right = latents.turn_latent(latent, "quarter right")
    assert right.samples.shape == (1, 4, 8, 6)
    assert torch.equal(right.samples[0, :, 0, -1], latent.samples[0, :, 0, 0])
    assert torch.equal(latents.turn_latent(right, "quarter left").samples, latent.samples)
    for way in ("half", "mirror left and right", "mirror top and bottom"):
        twice = latents.turn_latent(latents.turn_latent(latent, way), way)  # type: ignore[arg-type]
        assert torch.equal(twice.samples, latent.samples)
    image = Image(random(1, 3, 6, 8))
    assert torch.equal(
        images.turn_image(images.turn_image(image, "quarter right"), "quarter left").pixels, image.pixels
    )


def test_a_latent_is_laid_on_another_and_fades_at_the_edges_inside() -> None:
    below, above = Latent(torch.zeros(2, 1, 6, 6)), Latent(torch.ones(1, 1, 4, 4))
    hard = latents.lay_latent_on(below, above, 4, -1).samples
    assert hard.shape == (2, 1, 6, 6)
    assert hard[0, 0].sum() == 3 * 2 and hard[1, 0, :3, 4:].eq(1).all()
    soft = latents.lay_latent_on(below, above, 2, 0, feather=2).samples[0, 0]
    assert soft[0].tolist() == [0, 0, 0.5, 1, 1, 1], "the right and the upper edge lie on the latent's own"
    assert soft[3, 3] == 0.5 and soft[4].eq(0).all()
    assert below.samples.eq(0).all()


def test_a_mask_says_where_a_latent_lies_on_another() -> None:
    below, above = Latent(random(2, 4, 6, 6)), Latent(random(1, 4, 4, 2, seed=1))
    mask = Mask(torch.rand(1, 1, 32, 16, generator=torch.Generator().manual_seed(2)))
    share = torch.nn.functional.interpolate(mask.values, (4, 2), mode="bilinear")
    found = latents.lay_latent_on(below, above, 1, 2, mask=mask).samples
    expected = below.samples.clone()
    expected[:, :, 2:6, 1:3] = (1 - share) * expected[:, :, 2:6, 1:3] + share * above.samples
    assert torch.allclose(found, expected)
    with pytest.raises(NodeError, match="other proportions"):
        latents.lay_latent_on(below, above, mask=Mask(torch.ones(1, 1, 32, 32)))
    with pytest.raises(NodeError, match="differ in number"):
        latents.lay_latent_on(below, above, mask=Mask(torch.ones(3, 1, 4, 2)))


@pytest.mark.parametrize(("x", "y"), [(0, 0), (3, 1), (-2, -1), (5, -3), (9, 0), (0, -9)])
def test_an_image_is_laid_on_another_of_any_size(x: int, y: int) -> None:
    below, above = Image(random(2, 3, 6, 8)), Image(random(1, 3, 4, 5, seed=1))
    mask = Mask(torch.rand(2, 1, 4, 5, generator=torch.Generator().manual_seed(2)))
    for given in (None, mask):
        found = laying.lay_image_on(below, above, given, x, y).pixels
        for image, row, column in itertools.product(range(2), range(6), range(8)):
            pixel = below.pixels[image, :, row, column]
            if 0 <= row - y < 4 and 0 <= column - x < 5:
                share = 1.0 if given is None else given.values[image, 0, row - y, column - x]
                pixel = (1 - share) * pixel + share * above.pixels[0, :, row - y, column - x]
            assert torch.allclose(found[image, :, row, column], pixel, atol=1e-6)


def test_what_cannot_be_laid_on_an_image_is_a_sentence() -> None:
    below, above = Image(random(2, 3, 6, 8)), Image(random(1, 3, 4, 4))
    with pytest.raises(NodeError, match="other proportions"):
        laying.lay_image_on(below, above, Mask(torch.ones(1, 1, 8, 4)))
    stretched = laying.lay_image_on(below, above, Mask(torch.ones(1, 1, 8, 4)), mask_fit="stretch")
    assert torch.equal(stretched.pixels, laying.lay_image_on(below, above).pixels)
    with pytest.raises(NodeError, match="differ in number"):
        laying.lay_image_on(below, Image(random(3, 3, 4, 4)))


def test_latents_are_blended_batched_repeated_and_picked() -> None:
    one, other = Latent(random(1, 4, 4, 4)), Latent(random(2, 4, 4, 4, seed=1))
    blended = latents.blend_latents(one, other, 0.25).samples
    assert torch.allclose(blended, 0.75 * one.samples + 0.25 * other.samples)
    batch = latents.batch_latents(one, other)
    assert torch.equal(latents.pick_latent(batch, 1, 5).samples, other.samples)
    assert torch.equal(latents.repeat_latent(other, 2).samples, torch.cat([other.samples] * 2))
    with pytest.raises(NodeError, match="has 3 latents"):
        latents.pick_latent(batch, 3)
    with pytest.raises(NodeError, match="channels"):
        latents.blend_latents(one, Latent(random(1, 16, 4, 4)))
    with pytest.raises(NodeError, match="differ"):
        latents.batch_latents(one, Latent(random(1, 4, 4, 5)))
    with pytest.raises(NodeError, match="there are no latents"):
        latents.batch_latents()


def test_an_empty_latent_has_the_size_that_its_vae_gives() -> None:
    assert latents.empty_latent(pixel_space(), 24, 16, 2).samples.shape == (2, 3, 16, 24)
    assert latents.crop_latent(Latent(random(1, 4, 8, 8)), 6, 2, 10, 3).samples.shape == (1, 4, 3, 2)
    with pytest.raises(NodeError, match="choose a place inside"):
        latents.crop_latent(Latent(random(1, 4, 8, 8)), 8, 0)


def test_masks_are_taken_from_channels_and_colours() -> None:
    pixels = torch.zeros(1, 3, 2, 2)
    pixels[0, :, 0, 0] = torch.tensor([1.0, 0.5, 0.25])
    image = Image(pixels)
    assert masks.mask_from_channel(image, "green").values[0, 0, 0, 0] == 0.5
    brightness = masks.mask_from_channel(image, "brightness").values[0, 0, 0, 0]
    assert float(brightness) == pytest.approx(0.299 + 0.587 * 0.5 + 0.114 * 0.25)
    assert masks.mask_from_colour(image, "#ff8040", 0.01).values.sum() == 1
    assert masks.mask_from_colour(image, "#000000").values.sum() == 3
    with pytest.raises(NodeError, match="#rrggbb"):
        masks.mask_from_colour(image, "red")


def test_masks_grow_and_shrink_by_pixels() -> None:
    values = torch.zeros(1, 1, 9, 9)
    values[..., 4, 4] = 0.8
    square, round_ = (masks.grow_mask(Mask(values), 2, corners).values for corners in ("square", "round"))  # type: ignore[arg-type]
    assert square.gt(0).sum() == 25 and round_.gt(0).sum() == 13
    assert torch.equal(square.unique(), torch.tensor([0.0, 0.8]))
    again = masks.grow_mask(Mask(square), -2, "square").values
    assert torch.allclose(again, values)
    assert torch.equal(masks.grow_mask(Mask(values), 0).values, values)


def test_a_mask_fades_towards_its_edges() -> None:
    found = masks.feather_mask(Mask(torch.ones(1, 1, 4, 6)), left=2, bottom=4).values[0, 0]
    assert found[0].tolist() == [0.5, 1, 1, 1, 1, 1]
    assert found[:, 5].tolist() == [1, 0.75, 0.5, 0.25]


def test_masks_are_combined_at_a_place() -> None:
    one, other = Mask(torch.full((1, 1, 4, 4), 0.75)), Mask(torch.full((2, 1, 2, 2), 0.5))
    added = masks.combine_masks(one, other, "add", 3, -1).values
    assert added.shape == (2, 1, 4, 4)
    assert added[0, 0, 0, 3] == 1 and added.sum() == 2 * (15 * 0.75 + 1)
    ways: tuple[Any, ...] = ("multiply", "subtract", "both", "either", "one of them")
    empty = Mask(torch.zeros(1, 1, 4, 4))
    results = {way: masks.combine_masks(one, empty, way).values[0, 0, 0, 0] for way in ways}
    assert results == {"multiply": 0, "subtract": 0.75, "both": 0, "either": 1, "one of them": 1}
    assert masks.threshold_mask(one, 0.75).values.sum() == 0
    assert masks.invert_mask(one).values.eq(0.25).all()
    assert masks.blur_mask(Mask(torch.ones(1, 1, 8, 8)), 2).values.allclose(torch.ones(1, 1, 8, 8))
    assert masks.mask_to_image(one).pixels.shape == (1, 3, 4, 4)
    assert masks.fit_mask(one, Image(random(1, 3, 5, 7))).values.shape == (1, 1, 5, 7)


def test_an_image_is_padded_with_grey_and_the_mask_fades_into_it() -> None:
    image = Image(torch.zeros(1, 3, 10, 10))
    padded = images.pad_for_outpainting(image, right=6, feather=4)
    assert padded.image.pixels.shape == (1, 3, 10, 16)
    assert padded.image.pixels[..., 10:].eq(0.5).all() and padded.image.pixels[..., :10].eq(0).all()
    assert padded.mask.values[0, 0, 5, 10:].eq(1).all()
    assert padded.mask.values[0, 0, 5, :10].tolist() == [0, 0, 0, 0, 0, 0, 0, 1 / 16, 4 / 16, 9 / 16]
    wide = images.pad_for_outpainting(image, left=3, right=0, feather=5).mask.values
    assert wide.sum() == 30, "too wide a feather is none"


def test_images_are_cut_inverted_stitched_and_blended() -> None:
    one, other = Image(random(1, 3, 8, 8)), Image(random(2, 3, 4, 8, seed=1))
    assert torch.equal(images.crop_image(one, 2, 3, 4, 40).pixels, one.pixels[..., 3:, 2:6])
    assert torch.equal(images.invert_image(one).pixels, 1 - one.pixels)
    beside = images.stitch_images(one, other, "right", 2).pixels
    assert beside.shape == (2, 3, 8, 8 + 2 + 16)
    assert beside[..., 8:10].eq(1).all() and torch.equal(beside[1, :, :, :8], one.pixels[0])
    assert images.stitch_images(one, other, "up").pixels.shape == (2, 3, 12, 8)
    for way in images.BLENDS:
        assert torch.equal(images.blend_images(one, one, 0.0, way).pixels, one.pixels), way  # type: ignore[arg-type]
        assert images.blend_images(one, other, 1.0, way).pixels.shape == (2, 3, 8, 8), way  # type: ignore[arg-type]
    assert torch.allclose(images.blend_images(one, one, 1.0, "multiply").pixels, one.pixels**2)
    assert images.blend_images(one, one, 1.0, "difference").pixels.eq(0).all()
    grey = Image(torch.full((1, 3, 8, 8), 0.5))
    assert torch.allclose(images.blend_images(one, grey, 1.0, "soft light").pixels, one.pixels, atol=1e-6)


def test_every_latent_method_keeps_a_flat_latent_flat() -> None:
    for name, method in LATENT_METHODS.items():
        flat = torch.full((1, 4, 5, 7), 0.3)
        for width, height in itertools.product((3, 14), (2, 10)):
            assert method(flat, width, height).allclose(torch.full((1, 4, height, width), 0.3), atol=1e-6), name


@pytest.mark.parametrize(("width", "height"), [(9, 13), (3, 2), (7, 5), (1, 1)])
def test_lanczos_of_latents_is_its_formula(width: int, height: int) -> None:
    """Each channel by itself, weighed by sinc(x) sinc(x / 3), wider where it is made smaller; values of any size."""
    latent = torch.randn(2, 16, 5, 7, generator=torch.Generator().manual_seed(3)) * 20

    def weights(old: int, new: int) -> torch.Tensor:
        scale = max(old / new, 1.0)
        places = ((torch.arange(new) + 0.5) * old / new)[:, None]
        away = (torch.arange(old) + 0.5 - places).double() / scale
        found = torch.where(away.abs() < 3, torch.sinc(away) * torch.sinc(away / 3), 0.0)
        return found / found.sum(1, keepdim=True)

    wanted = weights(5, height) @ latent.double() @ weights(7, width).T
    assert torch.allclose(LATENT_METHODS["lanczos"](latent, width, height).double(), wanted, atol=1e-3)


@pytest.mark.parametrize("method", list(LATENT_METHODS))
@pytest.mark.parametrize(
    ("old", "new"), [((64, 3), (200, 3)), ((3, 64), (3, 200)), ((64, 2), (90, 1)), ((1, 1), (9, 2))]
)
def test_the_middle_of_what_is_narrow_is_never_nothing(method: str, old: tuple[int, int], new: tuple[int, int]) -> None:
    """Proportions far from those of the latent leave a cell of it at least."""
    samples = torch.randn(1, 4, *old)
    cut = centre_crop(samples, *new)
    assert cut.numel() and LATENT_METHODS[method](cut, *new).shape == (1, 4, new[1], new[0])
    assert centre_crop(samples, new[1], new[0]).numel()
