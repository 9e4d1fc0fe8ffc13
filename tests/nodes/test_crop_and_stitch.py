"""Crop around a mask and stitch: what is cut, and that the rest stays to the last bit."""

from __future__ import annotations

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Area, Image, Mask
from nodes.images.scaling import scale_image_by
from nodes.masks.crop_and_stitch import crop_around_mask, stitch_crop

IMAGE = Image(torch.rand(1, 3, 70, 90, generator=torch.Generator().manual_seed(0)))


def masked(top: int, bottom: int, left: int, right: int) -> Mask:
    values = torch.zeros(1, 1, 70, 90)
    values[..., top:bottom, left:right] = 1
    return Mask(values)


@pytest.mark.parametrize("margin", [0, 8, 24])
@pytest.mark.parametrize("box", [(20, 33, 60, 71), (0, 5, 0, 5), (60, 70, 85, 90), (10, 64, 3, 88)])
def test_the_part_holds_the_mask_and_has_the_sides_that_are_asked_for(box: tuple[int, ...], margin: int) -> None:
    mask = masked(*box)
    image, part, area = crop_around_mask(IMAGE, mask, margin, 8)
    top, left, high, wide = (int(side) for side in (area.top, area.left, area.height, area.width))
    assert high % 8 == wide % 8 == 0
    assert part.values.sum() == mask.values.sum()
    assert torch.equal(image.pixels, IMAGE.pixels[..., top : top + high, left : left + wide])
    assert box[1] - box[0] <= high <= box[1] - box[0] + 2 * margin + 7
    assert top <= max(box[0] - margin, 0) or high < box[1] + margin - max(box[0] - margin, 0)


def test_what_is_stitched_shows_in_the_mask_and_leaves_the_rest() -> None:
    mask = masked(20, 33, 60, 71)
    image, part, area = crop_around_mask(IMAGE, mask, 16, 8)
    large = scale_image_by(Image(torch.ones_like(image.pixels)), 2.0)
    found = stitch_crop(IMAGE, large, part, area, blend=3).pixels
    changed = (found != IMAGE.pixels).any(1)[0].nonzero()
    assert torch.allclose(found[..., 20:33, 60:71], torch.ones(1), atol=1e-6)
    assert changed.amin(0).tolist() >= [14, 54] and (changed.amax(0) <= torch.tensor([38, 76])).all()
    ring = found[0, 0, 26, 71:77] - IMAGE.pixels[0, 0, 26, 71:77]
    share = ring / (1 - IMAGE.pixels[0, 0, 26, 71:77])
    assert share.diff().max() <= 1e-5 and 0 < share[-1] < share[0] < 1
    assert torch.equal(stitch_crop(IMAGE, image, part, area).pixels, IMAGE.pixels), "the same part changes nothing"


def test_a_part_without_room_around_ends_softly() -> None:
    mask = masked(20, 36, 60, 76)
    image, part, area = crop_around_mask(IMAGE, mask, 8, 8)
    found = stitch_crop(IMAGE, Image(torch.ones_like(image.pixels)), part, area, blend=20).pixels
    edge = found[0, 0, int(area.top), int(area.left) : int(area.left + area.width)]
    before = IMAGE.pixels[0, 0, int(area.top), int(area.left) : int(area.left + area.width)]
    assert torch.allclose(edge, before, atol=1e-6)


def test_a_batch_takes_one_image_or_as_many() -> None:
    image, part, area = crop_around_mask(IMAGE, masked(20, 33, 60, 71))
    several = Image(image.pixels.repeat(3, 1, 1, 1))
    assert len(stitch_crop(IMAGE, several, part, area).pixels) == 3
    with pytest.raises(NodeError, match="different numbers of images"):
        stitch_crop(Image(IMAGE.pixels.repeat(2, 1, 1, 1)), several, part, area)


def test_what_has_no_place_is_refused() -> None:
    with pytest.raises(NodeError, match="this mask is 0 everywhere"):
        crop_around_mask(IMAGE, masked(0, 0, 0, 0))
    with pytest.raises(NodeError, match="the mask spans 70 of 70 pixels, and no multiple of 8"):
        crop_around_mask(IMAGE, masked(0, 70, 0, 8))
    with pytest.raises(NodeError, match="outside of the image of 90 x 70"):
        stitch_crop(IMAGE, IMAGE, masked(0, 1, 0, 1), Area(70, 90, 1, 0))
