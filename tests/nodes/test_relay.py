"""One schedule, and one noise, from a step on after another."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Answer, Schedule, Solver, StepNoise, TrainedSchedule
from nodes.latents.noise import change_noise, gaussian_noise
from nodes.schedulers.schedulers import change_scheduler, scheduler
from nodes.schedulers.solvers.composite import stage_at, stages_of

TRAINED = TrainedSchedule({"beta_schedule": "scaled_linear", "beta_start": 0.001, "beta_end": 0.012,
                           "timestep_spacing": "trailing"})  # fmt: skip
CPU = torch.device("cpu")


def walk(schedule: Schedule, stop: int = 99, change: int = 99) -> Tensor:
    """x at the end, with a network that predicts noise by a formula; at ``change`` another solver takes the state."""
    solver = schedule.begin("epsilon", CPU)
    random = StepNoise([torch.Generator().manual_seed(3)], (3,))
    noise = torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(1))
    x = solver.add_noise(torch.zeros_like(noise), noise, 0)
    for index in range(len(solver.timesteps)):
        if index == change:
            state = solver.state()
            solver = schedule.begin("epsilon", CPU)
            solver.restore(state)
        x = stepped(solver, x, index, random)
    return x


def stepped(solver: Solver, x: Tensor, index: int, random: StepNoise) -> Tensor:
    """x one step further, by a method that asks once."""
    taking = solver.calls(x, index, random)
    call = next(taking)
    output = torch.tanh(call.seen) * (0.5 + float(call.timestep) / 2000)
    with pytest.raises(StopIteration) as end:
        taking.send(Answer(output, call.original(output)))
    found: Tensor = end.value.value
    return found


def test_methods_that_go_the_same_way_in_other_scales_may_take_turns() -> None:
    ddim, euler = scheduler(TRAINED, "DDIM", 10), scheduler(TRAINED, "Euler", 10)
    alone = walk(ddim)
    for one, other in ((ddim, euler), (euler, ddim)):
        assert torch.allclose(walk(change_scheduler(one, other, 5)), alone, atol=2e-4)
    levels = change_scheduler(ddim, euler, 5).begin("epsilon", CPU).sigmas
    assert torch.allclose(levels, ddim.begin("epsilon", CPU).sigmas, rtol=1e-4)


@pytest.mark.parametrize("change", [3, 5, 6, 8, 9])
def test_a_run_along_several_schedules_goes_on_from_its_state(change: int) -> None:
    first, second = scheduler(TRAINED, "DPM++ 2M", 10), scheduler(TRAINED, "DPM++ 2M SDE", 10)
    both = change_scheduler(change_scheduler(first, second, 5), first, 8)
    assert torch.equal(walk(both, change=change), walk(both))
    assert not torch.equal(walk(both), walk(first))


def test_until_it_changes_it_leaves_the_state_that_the_first_alone_leaves() -> None:
    plain, relay = (schedule.begin("epsilon", CPU) for schedule in (
        scheduler(TRAINED, "DPM++ 2M", 10), change_scheduler(*(scheduler(TRAINED, "DPM++ 2M", 10) for _ in "ab"), 5)
    ))  # fmt: skip
    x = torch.randn(1, 4, 6, 6)
    for index in range(5):
        for solver in (plain, relay):
            stepped(solver, x, index, StepNoise([], ()))
        assert plain.state().keys() == relay.state().keys()
    stepped(relay, x, 5, StepNoise([], ()))
    assert relay.state()["since"] == 5


def test_changes_of_changes_are_one_list() -> None:
    a, b, c = (scheduler(TRAINED, "DDIM", 10, eta) for eta in (0.0, 0.5, 1.0))
    assert stages_of(change_scheduler(change_scheduler(a, b, 4), c, 8)) == ((0, a), (4, b), (8, c))
    assert stages_of(change_scheduler(change_scheduler(a, b, 8), c, 4)) == ((0, a), (4, c))
    assert stages_of(change_scheduler(a, change_scheduler(b, c, 8), 4)) == ((0, a), (4, b), (8, c))
    assert stages_of(change_scheduler(a, b, 0)) == ((0, b),)
    assert stage_at(change_scheduler(a, b, 4), 3) == (0, a)
    assert stage_at(change_scheduler(a, b, 4), 4) == (4, b)


def test_schedules_that_do_not_meet_are_refused() -> None:
    ddim = scheduler(TRAINED, "DDIM", 10)
    with pytest.raises(NodeError, match="10 steps and the other 20"):
        change_scheduler(ddim, scheduler(TRAINED, "DDIM", 20), 5).begin("epsilon", CPU)
    with pytest.raises(NodeError, match="at step 5 the first scheduler stands at noise"):
        change_scheduler(ddim, scheduler(TRAINED, "Euler", 10, sigmas="Karras"), 5).begin("epsilon", CPU)
    with pytest.raises(NodeError, match="steps"):
        change_scheduler(scheduler(TRAINED, "Euler", 10), scheduler(TRAINED, "Heun", 10), 5).begin("epsilon", CPU)


def test_seeds_change_from_a_step_on() -> None:
    one, other, third = (gaussian_noise(seed, batch=2) for seed in (0, 50, 70))
    both = change_noise(change_noise(one, other, 4), third, 9)
    assert [both.seeds_at(step) for step in (0, 3, 4, 8, 9)] == [
        (0, (0, 1)), (0, (0, 1)), (4, (50, 51)), (4, (50, 51)), (9, (70, 71)),
    ]  # fmt: skip
    assert change_noise(both, one, 2).later == ((2, (0, 1)),)
    assert change_noise(one, both, 6).later == ((6, (50, 51)), (9, (70, 71)))
    with pytest.raises(NodeError, match="2 seeds and after 3"):
        change_noise(one, gaussian_noise(0, batch=3), 4)
    assert math.isclose(sum(seed for _, seeds in both.later for seed in seeds), 242)
