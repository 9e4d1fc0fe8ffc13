"""One item of a map by itself: its name, and the workflow that makes just it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from nodeflow.engine.execution.list_mapping import ListMapping
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.plan import Plan, Task
from nodeflow.engine.protocol.item_places import plainly
from nodeflow.graph.edits.edits import Disconnect, SetParam, remove
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.catalogue import is_list
from nodeflow.graph.model.workflow import Workflow

_UNFIT = re.compile(r"[^\w.+-]+")

LONGEST = 120
"""Bytes of an item's name."""


def settings_of(task: Task, settings: RunContext, unfolding: ListMapping) -> RunContext:
    """Return what a task is given beside its inputs: of an item its own name and workflow."""
    if unfolding.node(task.id) == task.id or not {"workflow", "item"} & set(task.spec.supplied.values()):
        return settings
    values = unfolding.values(task.id)
    workflow = alone(settings.workflow, values, unfolding.plan) if settings.workflow else ""
    return msgspec.structs.replace(settings, workflow=workflow, item=name(values))


def name(values: dict[str, Any]) -> str:
    """An item in words that a file name can hold: ``guidance.scale=5,noise.seed=2``."""
    words = [f"{_fit(axis)}={_fit(plainly(value))[:40]}" for axis, value in values.items()]
    return ",".join(words).encode()[:LONGEST].decode(errors="ignore")


def _fit(text: str) -> str:
    return _UNFIT.sub("-", text).strip("-")


def alone(text: str, values: dict[str, Any], plan: Plan) -> str:
    """The workflow that makes one item of a map: swept parameters have its values, and so have those that a list fed.

    What does not come from a parameter (an image of a folder) stays wired to its list.
    """
    workflow = loads(text.encode())
    for sweep in plan.sweeps:
        if sweep.axis in values and sweep.node in workflow.nodes:
            SetParam(sweep.node, sweep.param, values[sweep.axis]).apply(workflow)
    for axis in values.keys() & workflow.nodes.keys():
        _settle(workflow, axis, values[axis], plan)
    return dumps(workflow).decode()


def _settle(workflow: Workflow, node: str, value: Any, plan: Plan) -> None:
    """Set the parameters that a list fed to one of its items, and take out the list where nothing else uses it."""
    first = next(port.name for port in plan.tasks[node].spec.outputs if is_list(port.type))
    links = workflow.outgoing()[node]
    for link in links:
        task = plan.tasks.get(link.target)
        param = task.spec.param(link.input) if task else None
        if param is not None and link.output == first and not param.fault(value):
            Disconnect(link.socket).apply(workflow)
            SetParam(link.target, link.input, value).apply(workflow)
    if links and not workflow.outgoing()[node]:
        remove(workflow, [node]).apply(workflow)
