"""Predictions that are no numbers end a node before they are drawn from, or brought into a range, which hides them."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError, NumbersError
from nodeflow.wires import Call, Guided
from nodes.loaders.families.autoencoders.vq_folder import DiffusersVQ
from nodes.loaders.quantised.finite import check_module
from nodes.networks.finite import finite
from nodes.samplers.loop.asking import Asker
from nodes.samplers.loop.per_sample import BatchSplitter


class Led:
    """A guider whose prediction of one image of a batch ran over."""

    def __init__(self, worse: float) -> None:
        self.worse = worse

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        output = torch.zeros_like(x)
        output[-1, 0] = self.worse
        return Guided(output, output)


@pytest.mark.parametrize("worse", [math.nan, math.inf, -math.inf])
def test_a_step_says_that_its_prediction_is_not_finite(worse: float) -> None:
    guider: Any = Led(worse)
    asker = Asker([guider] * 3, 2, 5, BatchSplitter(1), None)
    call = Call(torch.zeros(2, 4, 1, 1), torch.zeros(()), lambda output: output.clamp(-1, 1))
    with pytest.raises(NumbersError, match=r"in step 2, made predictions that are no numbers .* full precision"):
        asker.ask(call, 3)


@pytest.mark.parametrize("look", [lambda vq, image: vq.encode(image), lambda vq, image: vq.features(image)])
def test_an_encoder_that_ran_over_chooses_no_codes(look: Callable[[Any, Any], object]) -> None:
    module = torch.nn.Linear(1, 1)
    module.encode = lambda pixels: SimpleNamespace(latents=pixels.mean(1, keepdim=True) * math.nan)  # type: ignore[assignment]
    vq = DiffusersVQ(module, 8, 1, -1.0)
    with pytest.raises(NumbersError, match="the VQ encoder made vectors that are no numbers"):
        look(vq, SimpleNamespace(pixels=torch.rand(1, 3, 2, 2)))


def test_what_is_finite_is_left_alone() -> None:
    values = torch.rand(3)
    assert finite(values) is values


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_one_value_that_is_none_is_found_among_many(dtype: torch.dtype) -> None:
    for bad in (float("nan"), float("inf"), -float("inf")):
        values = torch.zeros(1, 4, 9, 9, dtype=dtype)
        values[0, 2, 3, 4], values[0, 0, 0, 0] = bad, -bad  # infinities that cancel each other out
        with pytest.raises(NumbersError, match="no numbers"):
            finite(values)
    most = torch.full((1, 4, 9, 9), torch.finfo(dtype).max, dtype=dtype)
    assert finite(most) is most  # whose sum is infinite
    assert finite(torch.zeros(0, dtype=dtype)).numel() == 0


def test_what_a_network_has_seen_is_looked_at_as_its_weights_are() -> None:
    seen = torch.nn.BatchNorm1d(4)
    seen.register_buffer("mask", torch.full((4,), -torch.inf), persistent=False)
    check_module(seen)
    other = torch.nn.BatchNorm1d(4)
    other.running_mean[2] = torch.nan  # type: ignore[index]
    with pytest.raises(NodeError, match=r"its weight running_mean holds numbers that are none \(NaN\)"):
        check_module(other)
