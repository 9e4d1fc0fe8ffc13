"""Sizes of latents as the configuration of an autoencoder's folder says them."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.node import NodeError
from nodes.loaders.families.autoencoders.vae_folder import SIDE, side_of


@pytest.mark.parametrize(("size", "side"), [(512, 64), (1024, 128), (32.0, 4)])
def test_a_side_is_that_of_the_image_by_the_levels(size: float, side: int) -> None:
    assert side_of({"sample_size": size, "block_out_channels": [128, 256, 512, 512]}) == side
    assert side_of({"block_out_channels": [128, 256, 512, 512]}) == SIDE


@pytest.mark.parametrize("size", [None, [512], "a.b", True, -1, 0, 1e30, float("nan")])
def test_what_is_no_size_is_a_sentence(size: Any) -> None:
    with pytest.raises(NodeError, match=r"sample_size is .* no number of pixels"):
        side_of({"sample_size": size, "block_out_channels": [128, 256]})
