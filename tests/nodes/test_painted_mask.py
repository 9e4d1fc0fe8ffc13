"""Tests of masks painted by hand, as the window keeps them."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from nodeflow.node import NodeError, spec_of
from nodeflow.wires import Image
from nodes.masks.painted import PREFIX, painted_mask


def text_of(values: np.ndarray) -> str:
    data = BytesIO()
    Pillow.fromarray(values).save(data, "PNG")
    return PREFIX + base64.b64encode(data.getvalue()).decode()


def test_what_was_painted_is_the_mask() -> None:
    values = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5
    mask = painted_mask(Image(torch.zeros(3, 3, 6, 8)), text_of(values)).values
    assert torch.equal(mask, torch.from_numpy(values.astype(np.float32) / 255)[None, None])


def test_another_size_is_stretched_and_nothing_painted_is_nothing() -> None:
    values = np.zeros((8, 8), dtype=np.uint8)
    values[:, 4:] = 255
    mask = painted_mask(Image(torch.zeros(1, 3, 16, 32)), text_of(values)).values
    assert mask.shape == (1, 1, 16, 32)
    assert torch.equal(mask[..., 19:], torch.ones(1, 1, 16, 13))
    assert torch.equal(mask[..., :13], torch.zeros(1, 1, 16, 13))
    assert not painted_mask(Image(torch.zeros(1, 3, 4, 5))).values.any()


@pytest.mark.parametrize("text", ["painted", PREFIX + "AAAA", PREFIX + "é", PREFIX + "%%%"])
def test_what_is_no_png_is_refused(text: str) -> None:
    with pytest.raises(NodeError, match="paint the mask anew"):
        painted_mask(Image(torch.zeros(1, 3, 4, 4)), text)


def test_the_window_knows_what_it_is_painted_over() -> None:
    spec = spec_of(painted_mask)
    assert spec is not None
    assert (spec.params[0].widget, spec.params[0].over) == ("mask", "image")
    assert spec.input("image") is not None
