"""A PixelCNN sees only what stands before, and learns what images are like."""

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.networks.live_training import seeded
from nodes.plane.autoencoder import small_drawings
from nodes.samplers.pixel_cnn import pixel_cnn, train_pixel_cnn, write_pixels
from tests.nodes.finishing import finish


def test_a_pixel_is_told_from_those_before_alone() -> None:
    network = seeded(0, pixel_cnn)
    x = torch.rand(1, 1, 8, 8, requires_grad=True)
    network(x)[0, 0, 4, 3].backward()
    assert x.grad is not None
    seen = x.grad[0, 0] != 0
    assert seen[:4].any() and seen[4, :3].any()
    assert not seen[4, 3:].any() and not seen[5:].any()


def test_bits_fall_and_images_are_written() -> None:
    found, steps = finish(train_pixel_cnn(small_drawings(16), 100))
    assert len(steps) == 2 and 0 < found.bits.y[-1] < 0.7 * found.bits.y[0] < 1.1
    assert found.draws.pixels.shape == found.surprise.pixels.shape == (8, 3, 32, 32)
    assert set(found.draws.pixels.unique().tolist()) <= {0.0, 1.0}
    with pytest.raises(NodeError, match="at least 8 images"):
        finish(train_pixel_cnn(Image(torch.rand(2, 3, 8, 8))))


def test_what_is_sure_is_written_so() -> None:
    class Diagonal(torch.nn.Module):
        """Sure of a black diagonal."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (torch.eye(*x.shape[-2:]) * 2 - 1).expand_as(x) * 50

    written = write_pixels(Diagonal(), torch.Size((2, 1, 5, 5)), torch.Generator().manual_seed(0))
    assert torch.equal(written, torch.eye(5).expand(2, 1, 5, 5))
