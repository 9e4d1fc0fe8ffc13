"""The seeds in force: what each seed parameter was, also where a wire brought its value."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Mapping

from nodeflow.engine.planning.content_keys import Parts
from nodeflow.engine.planning.plan import Task


def seeds(tasks: Iterable[Task], parts: Mapping[str, Parts], node: Callable[[str], str] = str) -> dict[str, int]:
    """The seeds of tasks by ``node.parameter``, in order of the nodes; a task without parts did not come to be run.

    ``node`` names the node that a task is of, which stands for it where no other item of the node is among the tasks.
    """
    tasks = list(tasks)
    count = collections.Counter(node(task.id) for task in tasks)
    return {
        f"{node(task.id) if count[node(task.id)] == 1 else task.id}.{param.name}": parts[task.id]["param " + param.name]
        for task in sorted(tasks, key=lambda task: task.id)
        for param in task.spec.params
        if param.widget == "seed" and "param " + param.name in parts.get(task.id, {})
    }


def sources(name: str, tasks: Mapping[str, Task]) -> Iterable[Task]:
    """A task and all that it comes from."""
    found: dict[str, Task] = {}
    todo = [name]
    while todo:
        task = tasks[todo.pop()]
        if task.id not in found:
            found[task.id] = task
            todo += [origin.node for origins in task.inputs.values() for origin in origins]
    return found.values()
