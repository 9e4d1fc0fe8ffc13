"""Control images beside lines: soft edges, depth and poses, against what they say of themselves."""

import pytest
import torch

from nodeflow.wires import Image
from nodes.controls.hint_images import FAR, drawing_depth, soft_edges
from nodes.controls.pose_sticks import pose_sticks

WHITE, RED = torch.ones(3), torch.tensor([0.9, 0.1, 0.1])


def disc(radius: float = 18.0) -> Image:
    """A red disc on white, 64 x 64."""
    rows, columns = torch.meshgrid(torch.arange(64) + 0.5, torch.arange(64) + 0.5, indexing="ij")
    inside = torch.hypot(rows - 32, columns - 32) < radius
    return Image(torch.where(inside, RED[:, None, None], WHITE[:, None, None])[None])


def test_soft_edges_are_where_colour_changes_and_as_strong_as_it_does() -> None:
    step = torch.zeros(1, 3, 32, 64)
    step[..., 20:], step[..., 44:] = 0.3, 1.0
    found = soft_edges(Image(step)).pixels
    assert found.shape == step.shape and float(found.max()) == 1
    row = found[0, 0, 16]
    assert row[43:45].min() > 0.9 and row[32] < 0.01
    assert float(row[19:21].mean()) == pytest.approx(0.3 / 0.7, abs=0.02)
    assert not soft_edges(Image(torch.full((1, 3, 16, 16), 0.4))).pixels.any()


def test_a_subject_stands_in_front_and_is_nearest_in_its_middle() -> None:
    depth = drawing_depth(disc()).pixels
    assert torch.equal(depth[0, 0], depth[0, 2])
    assert float(depth[0, 0, 2, 2]) == pytest.approx(FAR)
    line = depth[0, 0, 32, 32:]
    assert line[0] > 0.98 and (line[1:] <= line[:-1] + 1e-6).all() and line[17] > FAR + 0.3 > line[19]
    plain = Image(torch.full((1, 3, 32, 32), 0.5))
    assert torch.allclose(drawing_depth(plain).pixels, torch.tensor(FAR))


def test_sticks_tell_place_size_and_turn() -> None:
    upright = pose_sticks(x=0.5, y=0.5, size=0.5, turn=0, width=64, height=48).pixels
    assert upright.shape == (1, 3, 48, 64)
    assert upright[0, 0, 24 - 9, 32] > 0.9 > 0.2 > upright[0, 2, 24 - 9, 32]  # red stands upwards
    quarter = pose_sticks(x=0.5, y=0.5, size=0.5, turn=90, width=64, height=48).pixels
    assert quarter[0, 0, 24, 32 + 9] > 0.9 > 0.2 > quarter[0, 2, 24, 32 + 9]  # and is now on the right
    moved = pose_sticks(x=0.25, y=0.5, size=0.5, turn=0, width=64, height=48).pixels
    assert torch.allclose(moved[..., :32], upright[..., 16:48])
    covered = [float(pose_sticks(size=size).pixels.amax(1).sum()) for size in (0.3, 0.6, 0.9)]
    assert covered == sorted(covered)
