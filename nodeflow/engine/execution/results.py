"""Results and errors of nodes, in the form in which the executor keeps and tells them."""

from __future__ import annotations

from typing import Any

from nodeflow.engine.planning.plan import Task
from nodeflow.graph.model.catalogue import NodeSpec, is_list
from nodeflow.graph.validate.sweeps import MAX_ITEMS
from nodeflow.node import NodeError
from nodeflow.wires import Files

Values = tuple[Any, ...]


def as_outputs(task: Task, result: Any) -> Values:
    """A node's return value as one value for each output. Raises NodeError where they are not what it declares."""
    ports = task.spec.outputs
    count = len(ports)
    outputs = result if isinstance(result, tuple) and hasattr(result, "_fields") else (result,) if count == 1 else ()
    if len(outputs) != count:
        raise NodeError(f"{task.spec.type} gave {len(outputs)} values, but declares {count}")
    if not any(is_list(port.type) for port in ports):
        return tuple(outputs)
    given = tuple(
        _as_list(task, value) if is_list(port.type) else value for port, value in zip(ports, outputs, strict=True)
    )
    if len({len(value) for port, value in zip(ports, given, strict=True) if is_list(port.type)}) > 1:
        raise NodeError(f"{task.spec.type} gave lists of different lengths; its lists go together item by item")
    return given


def _as_list(task: Task, value: Any) -> Values:
    """A list such that nobody changes it."""
    if not isinstance(value, (list, tuple)):
        raise NodeError(f"{task.spec.type} declares a list, but gave {type(value).__name__}")
    if len(value) > MAX_ITEMS:
        raise NodeError(f"its list has {len(value):,} items, and {MAX_ITEMS:,} is the most; make it shorter")
    return tuple(value)


def named(spec: NodeSpec, outputs: Values, name: str) -> Any:
    """The value at the output of this name."""
    for port, value in zip(spec.outputs, outputs, strict=True):
        if port.name == name:
            return value
    raise LookupError(f"{spec.type} has no output {name}")


def files(outputs: Values) -> tuple[str, ...]:
    """The paths of the files that a node wrote."""
    return tuple(str(path) for value in outputs if isinstance(value, Files) for path in value.paths)


def standing(outputs: Values) -> bool:
    """Return whether all files that outputs name still stand as they were left."""
    for written in (value for value in outputs if isinstance(value, Files)):
        try:
            found = [path.stat() for path in written.paths]
        except OSError:
            return False
        if tuple((status.st_size, status.st_mtime_ns) for status in found) != written.stamps:
            return False
    return True
