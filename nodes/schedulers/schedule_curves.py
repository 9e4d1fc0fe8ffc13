"""Curves of a schedule at each step."""

from __future__ import annotations

import torch

from nodeflow.node import NodeError, node
from nodeflow.wires import Answer, Curve, Schedule, Solver, StepNoise

COUNT = 4096
"""How many numbers the deviation is taken over: it is right to about a hundredth."""


@node("Noise added per step")
def noise_added(schedule: Schedule) -> Curve:
    """Shows how much fresh noise a method adds at each step, as the noise's deviation.

    0 at every step for a method that is sure; for those that draw noise on the way (ancestral, SDE, LCM, eta above 0)
    how much of it comes into x, in the scale that the method works in.

    Fails for methods that set their own steps.
    """
    solver = schedule.begin("flow" if schedule.flow else "epsilon", torch.device("cpu"))
    if solver.adaptive:
        raise NodeError("this method sets its own steps, which only an image shows; look at its trajectory")
    noise, added = StepNoise([torch.Generator().manual_seed(0)], (0,)), []
    with torch.no_grad():
        for index in range(len(solver.timesteps)):
            added.append(_deviation(solver, index, noise))
    return Curve(
        torch.arange(len(added)).double(), torch.tensor(added).double(), "step", "deviation of the noise added"
    )


def _deviation(solver: Solver, index: int, noise: StepNoise) -> float:
    """The deviation of x after a step from nothing, with a denoiser that foresees nothing: what is there was added."""
    nothing = torch.zeros(1, 1, 1, COUNT)
    taking = solver.calls(nothing, index, noise)
    call = next(taking)
    while True:
        try:
            call = taking.send(Answer(torch.zeros_like(call.seen), nothing, torch.zeros_like(call.seen)))
        except StopIteration as end:
            return float(end.value.std())
