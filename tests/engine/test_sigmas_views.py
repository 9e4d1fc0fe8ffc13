"""Tests of the inspector's words on noise levels."""

from __future__ import annotations

import pytest
import torch

from nodeflow.engine.inspect.schedule_views import FORMS
from nodeflow.views import Chart, Table, ViewRequest
from nodeflow.wires import Sigmas


class Alone:
    """A document with nothing beside the value."""

    def vae(self, channels: int) -> None:
        return None

    def clip(self, width: int) -> None:
        return None

    def colours(self, channels: int) -> None:
        return None

    def image(self) -> None:
        return None

    def texts(self) -> list[str]:
        return []


def test_noise_levels_are_a_curve_its_logarithm_and_numbers() -> None:
    value = Sigmas(torch.tensor([100.0, 10.0, 1.0, 0.0]))
    shown = {form.name: form.make(value, ViewRequest(Alone())) for form in FORMS["Sigmas"]}
    curve, logarithm, numbers = shown["sigmas"], shown["log"], shown["numbers"]
    assert isinstance(curve, Chart)
    assert curve.series[0].y == (100.0, 10.0, 1.0, 0.0)
    assert isinstance(logarithm, Chart)
    assert logarithm.series[0].y == pytest.approx((2.0, 1.0, 0.0))
    assert isinstance(numbers, Table)
    assert numbers.rows[1] == ("1", "10", "0.1000")
    assert numbers.rows[3] == ("3", "0", "0.0000")
