"""Arguments of a node's call: from its wires, its parameters, and what the run fills in."""

from __future__ import annotations

import inspect
import itertools
import json
from collections.abc import Callable
from typing import Any

from nodeflow.engine.execution.run_knowledge import RunKnowledge
from nodeflow.engine.execution.seeds_in_force import seeds, sources
from nodeflow.engine.execution.step_cache import StepRun
from nodeflow.engine.planning.content_keys import checked
from nodeflow.engine.planning.plan import Origin, Task
from nodeflow.graph.model.catalogue import is_list
from nodeflow.node import Lazy, NotYet


def called(function: Callable[..., Any], wires: list[Any], arguments: dict[str, Any]) -> Any:
    """Call a node; what it takes before an input of several wires goes by its place, as that one does."""
    named = dict(arguments)
    before = [_taken(named, argument) for argument in (_before_many(function) if wires else ())]
    return function(*before, *wires, **named)


def _before_many(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The arguments that stand before one that takes any number."""
    arguments = list(inspect.signature(function).parameters.values())
    many = inspect.Parameter.VAR_POSITIONAL
    return list(itertools.takewhile(lambda one: one.kind is not many, arguments))


def _taken(named: dict[str, Any], argument: inspect.Parameter) -> Any:
    return named.pop(argument.name) if argument.name in named else argument.default


def wires_of(run: RunKnowledge, task: Task) -> list[Any]:
    """The positional arguments: those of an input that takes several wires."""
    many = (port.name for port in task.spec.inputs if port.many)
    return [run.value(origin) for name in many for origin in task.inputs.get(name, ())]


def arguments_of(run: RunKnowledge, task: Task) -> dict[str, Any]:
    """The named arguments. Raises NodeError for a value that a parameter does not take."""
    arguments = dict(run.arguments[task.id])
    for name, origins in task.inputs.items():
        port = task.spec.input(name)
        if port is None:
            param = task.spec.param(name)
            if param is not None:
                arguments.setdefault(name, checked(param, run.value(origins[0]), origins[0]))
        elif port.lazy:
            arguments[name] = Lazy(_getter(run, name, origins[0]))
        elif is_list(port.type):
            arguments[name] = [run.value(origin) for origin in origins]
        elif not port.many:
            arguments[name] = run.value(origins[0])
    return arguments


def extras_of(run: RunKnowledge, task: Task, steps: StepRun) -> dict[str, Any]:
    """The arguments that say nothing about what the node computes, and so are no part of its key."""
    found: dict[str, Any] = {}
    for name, what in task.spec.supplied.items():
        if what == "steps":
            found[name] = steps
        elif what == "seeds":
            found[name] = json.dumps(seeds(sources(task.id, run.plan.tasks), run.parts, run.unfolding.node))
    return found


def _getter(run: RunKnowledge, name: str, origin: Origin) -> Callable[[], Any]:
    def get() -> Any:
        if origin.node not in run.values:
            raise NotYet(name)
        return run.value(origin)

    return get
