"""Values that are curves are drawn on the node that gave them."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from nodeflow.engine.previews import curves
from nodeflow.engine.previews.summaries import pictures, summaries
from nodeflow.graph.model.catalogue import NodeSpec, Output
from nodeflow.wires import Curve, Sigmas
from nodes.schedulers.model_sigmas import model_sigmas
from nodes.schedulers.sampler_schedules import k_sampler
from nodes.schedulers.schedulers import scheduler


def alpha(value: object, side: int = 120) -> np.ndarray:
    """How much is drawn at each pixel of the value's picture, (60, 120)."""
    (png,) = pictures(value, side)
    picture = Pillow.open(io.BytesIO(png))
    assert picture.mode == "RGBA" and picture.size == (side, side // 2)
    return np.asarray(picture)[..., 3].astype(int)


def height_at(drawn: np.ndarray, share: float) -> float:
    """How high the line stands at a share of the width, from 0 at the bottom to 1, by its strongest pixels."""
    column = drawn[:, round(5 + share * (drawn.shape[1] - 10))]
    return 1 - float(np.flatnonzero(column > 0.75 * column.max()).mean()) / (len(column) - 1)


def test_sigmas_fall_from_left_to_right() -> None:
    drawn = alpha(Sigmas(torch.tensor([8.0, 4.0, 2.0, 1.0, 0.0])))
    heights = [height_at(drawn, share) for share in (0, 0.25, 0.5, 0.75)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > 0.85 and heights[1] == pytest.approx(0.5, abs=0.08)
    assert (drawn == 0).mean() > 0.7, "the ground stays clear, for light and dark themes"


def test_a_schedule_is_drawn_as_its_levels() -> None:
    along, levels = k_sampler(None, "euler", "karras", 6), model_sigmas(None, "karras", 6)
    assert (alpha(along) == alpha(levels)).all()
    assert alpha(scheduler(None, "DDIM", 6)).any()


def test_many_levels_and_curves_are_drawn_too() -> None:
    long = alpha(Sigmas(torch.linspace(10, 0, 1001)))
    short = alpha(Sigmas(torch.tensor([10.0, 0.0])))
    assert long.sum() < 2 * short.sum(), "a thousand levels are a line, not a thousand dots"
    rising = alpha(Curve(torch.tensor([0.0, 1.0, 4.0]), torch.tensor([0.0, 1.0, 4.0])))
    assert height_at(rising, 0.25) == pytest.approx(height_at(rising, 0.75) / 3, abs=0.12)


def test_curves_of_one_chart_are_drawn_together_in_colours_of_their_own() -> None:
    x = torch.tensor([5.0, 10.0, 20.0])
    first = Curve(x, torch.tensor([1e-1, 1e-2, 1e-3]), name="a", logarithmic=True)
    second = Curve(x, torch.tensor([1e-2, 1e-4, 1e-6]), name="b")
    (png,) = pictures(replace(first, others=(second,)), 120)
    colours = np.asarray(Pillow.open(io.BytesIO(png)))
    solid = colours[colours[..., 3] > 250][:, :3]
    for line in curves.LINES[:2]:
        assert (np.abs(solid.astype(int) - line[:3]).max(1) < 8).any()
    assert [points[-1][1] for points in curves.lines(replace(first, others=(second,)))] == pytest.approx([-3, -6])


def test_what_has_no_points_has_no_picture() -> None:
    assert pictures(Sigmas(torch.tensor([])), 120) == ()
    assert pictures(Curve(torch.tensor([0.0]), torch.tensor([float("nan")])), 120) == ()
    assert pictures(Sigmas(torch.tensor([1.0])), 120) != ()
    spec = NodeSpec("a.b", "B", 1, "a", "B.", outputs=(Output("sigmas", "Sigmas"),))
    assert summaries(spec, (Sigmas(torch.tensor([2.0, 0.0])),))[0].pictures == 1


def test_a_drawing_is_no_larger_than_a_line_needs() -> None:
    (png,) = pictures(Sigmas(torch.tensor([14.6, 2.0, 0.0])), 4096)
    assert Pillow.open(io.BytesIO(png)).width == curves.WIDEST
