"""What an edit sets, whatever it sets it to."""

from __future__ import annotations

from nodeflow.graph.edits.edits import Annotate, Edit, MoveNode, SetForm, SetParam, steps
from nodeflow.graph.edits.subgraph_edits import Inside


def same_aim(first: Edit, second: Edit) -> bool:
    """Return whether two edits set the same: the later one then holds, and the inverse of the first takes both back."""
    aims = [_aim(step) for step in steps(first)]
    return None not in aims and aims == [_aim(step) for step in steps(second)]


def _aim(step: Edit) -> tuple[object, ...] | None:
    """What a plain edit sets; None for one that adds to what is there, or takes from it."""
    match step:
        case SetParam(id, name):
            return "value", id, name
        case MoveNode(id):
            return "placement", id
        case Annotate(id):
            return "annotation", id
        case SetForm():
            return ("form",)
        case Inside(name, inner) if (aim := _aim(inner)) is not None:
            return "inside", name, *aim
    return None
