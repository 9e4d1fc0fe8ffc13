"""A cancel takes effect inside a step: no further block of a network is computed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import torch

from nodeflow.engine.execution.interrupt import Cancelled, interruptible
from nodeflow.engine.execution.run_control import RunControl


class Block(torch.nn.Module):
    """Counts its calls, and cancels at one of them."""

    def __init__(self, cancel: RunControl, at: int) -> None:
        super().__init__()
        self.cancel, self.at, self.calls = cancel, at, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls == self.at:
            self.cancel.cancel()
        return x + 1


class Network(torch.nn.Module):
    def __init__(self, cancel: RunControl) -> None:
        super().__init__()
        self.levels = torch.nn.ModuleList(Block(cancel, 2 if index == 4 else 0) for index in range(10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for level in self.levels:
            x = level(x)
        return x


@dataclass(frozen=True, eq=False)
class Wire:
    network: Network


def test_no_block_is_computed_after_the_cancel() -> None:
    cancel = RunControl()
    network = Network(cancel)
    with interruptible(([], {"wire": Wire(network)}), cancel):
        assert network(torch.zeros(1)) == 10
        with pytest.raises(Cancelled):
            network(torch.zeros(1))
    assert [level.calls for level in network.levels] == [2] * 5 + [1] * 5


def test_afterwards_the_network_is_as_it_was() -> None:
    cancel = RunControl()
    network = Network(cancel)
    with interruptible(Wire(network), cancel):
        pass
    cancel.cancel()
    assert network(torch.zeros(1)) == 10
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_other_threads_that_use_the_network_are_not_stopped() -> None:
    """They look into values, and whoever catches errors there does not expect a cancel."""
    cancel = RunControl()
    network = Network(cancel)
    cancel.cancel()
    with interruptible(Wire(network), cancel), ThreadPoolExecutor(1) as other:
        assert other.submit(network, torch.zeros(1)).result() == 10
