"""How much nodes have to do beside other runs of their kind: by steps, by images at once, and by their sizes."""

from __future__ import annotations

from typing import NamedTuple

from nodeflow.engine.planning.plan import Plan, Task
from nodeflow.graph.model.catalogue import Param

STEPS, BATCH, SIDES = "steps", "batch", ("width", "height")
AMOUNTS = (STEPS, BATCH, *SIDES)
"""The numbers, by their names in the field, that work grows with: for a sampler the seconds are nearly proportional."""
STRENGTH = "strength"
"""Of a task that goes by steps: the share of them that it makes."""
MIN_SHARE = 0.01


class Work(NamedTuple):
    """``passes``: steps times images. ``area``: pixels of an image; 0 where its size is left to the model."""

    passes: float = 1.0
    area: float = 1.0

    def known(self, native: float) -> Work:
        """As it is where the model's own size has so many pixels."""
        return self if self.area else self._replace(area=native)

    def beside(self, other: Work) -> float:
        """Return how many times another's work this is; sizes count where both are known."""
        ratio = self.passes / other.passes
        return ratio * self.area / other.area if self.area and other.area else ratio


def works(plan: Plan) -> dict[str, Work]:
    """The work of each task, by what it and all before it are set to. Steps count for tasks that go by steps."""
    before: dict[str, dict[str, tuple[float, float, float]]] = {}
    found: dict[str, Work] = {}
    for name, task in plan.tasks.items():
        own = _amounts(task)
        parts = {name: own} if own is not None else {}
        for origins in task.inputs.values():
            for origin in origins:
                parts |= before.get(origin.node, {})
        before[name] = parts
        passes = area = 1.0
        for steps, images, pixels in parts.values():
            passes *= images * (steps if task.spec.streams else 1.0)
            area *= pixels
        share = task.node.params.get(STRENGTH, 1.0) if task.spec.streams and STRENGTH not in task.inputs else 1.0
        found[name] = Work(passes * max(float(share), MIN_SHARE), area)
    return found


def _amounts(task: Task) -> tuple[float, float, float] | None:
    """Steps, images and pixels that a task is set to; None where it is set to none of them."""
    given = {
        param.name: float(task.node.params.get(param.name, param.default))
        for param in task.spec.params
        if param.name in AMOUNTS and param.kind == "int" and not param.edge and param.name not in task.inputs
    }
    if not given:
        return None
    wide, high = (given.get(side, 1.0) for side in SIDES)
    return max(given.get(STEPS, 1.0), 1.0), max(given.get(BATCH, 1.0), 1.0), max(wide, 0.0) * max(high, 0.0)


def is_measure(param: Param) -> bool:
    """Return whether a parameter is a number that makes no other kind of work: an amount, or a strength or scale."""
    return param.kind == "float" or (param.kind == "int" and param.name in AMOUNTS)
