"""The loop that trains one network: AdamW, a rate that decays to zero, averaged weights, a checkpoint now and then."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from training.loops.run_folders import TrainingRun, learning_rate

Learner = TypeVar("Learner", bound=nn.Module)
Losses = dict[str, Tensor]
"""The losses of a step by name; their sum is minimised."""


@dataclass(frozen=True)
class TrainingPlan:
    """Hold how long and how fast: the rate is at its peak until ``hold`` of all steps, then falls to zero.

    ``last``: the step that a training ends with before that, where it does.
    """

    steps: int
    peak: float
    warm_up: int = 100
    hold: float = 0.4
    average: float = 0.995
    weight_decay: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    save_every: int = 50
    last: int | None = None


def fit(run: TrainingRun, learner: Learner, plan: TrainingPlan, losses_of: Callable[[Learner, int], Losses]) -> Learner:
    """Trains to the end, or goes on where a killed run stopped; the averaged weights.

    A step must depend on its number alone, so that a run that was killed goes on as if nothing had happened.
    """
    average = deepcopy(learner).requires_grad_(False)
    weights, averaged = list(learner.parameters()), list(average.parameters())
    optimizer = torch.optim.AdamW(weights, lr=plan.peak, betas=plan.betas, weight_decay=plan.weight_decay, fused=True)
    first, seen = 0, list[dict[str, float]]()
    if state := run.load():
        learner.load_state_dict(state["learner"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    last = plan.last or plan.steps
    for step in range(first, last):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, plan.steps, plan.peak, plan.warm_up, plan.hold)
        losses = losses_of(learner, step)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(tuple(averaged), tuple(weights), 1 - min(plan.average, (1 + step) / (20 + step)))
        seen.append({name: float(loss.detach()) for name, loss in losses.items()})
        if (step + 1) % plan.save_every == 0 or step + 1 == last:
            means = {name: round(float(np.mean([entry[name] for entry in seen])), 4) for name in seen[0]}
            run.record(step=step + 1, **means, seconds=round(run.busy_seconds(), 1))
            seen.clear()
            run.save(
                {
                    "learner": learner.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                }
            )
    return average


def epoch_indices(seed: int, step: int, batch: int, count: int) -> np.ndarray:
    """The examples of a step: each of ``count`` once an epoch, in an order of its own."""
    epoch, position = divmod(step, count // batch)
    order = np.random.default_rng([seed, 1, epoch]).permutation(count)
    return order[position * batch : (position + 1) * batch]
