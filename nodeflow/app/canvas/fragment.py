"""A piece of a workflow as text, for the clipboard: the nodes chosen, the wires among them, where they stand. No Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from nodeflow.graph import files
from nodeflow.graph.edits import AddNode, Batch, Connect, Edit, Place, free_id
from nodeflow.graph.workflow import Placement, Workflow, WorkflowError

_NUMBER = re.compile(r"_\d+$")


def cut_out(workflow: Workflow, names: Iterable[str]) -> str:
    """The text of a workflow file with only these nodes and the wires among them."""
    chosen = set(names)
    part = Workflow(
        nodes={name: node for name, node in workflow.nodes.items() if name in chosen},
        links={s: link for s, link in workflow.links.items() if link.source in chosen and link.target in chosen},
        layout={name: place for name, place in workflow.layout.items() if name in chosen},
    )
    return files.dumps(part).decode()


def put_in(workflow: Workflow, text: str, at: tuple[float, float] | None = None) -> tuple[Batch, list[str]]:
    """The edit that adds a piece of text to a workflow, and the ids its nodes get.

    ``at``: where the middle of the piece comes to stand; None: a little beside its own place. Raises WorkflowError
    for text that is no workflow.
    """
    part = files.loads(text.encode())
    if not part.nodes:
        raise WorkflowError()
    taken = workflow.copy()
    names: dict[str, str] = {}
    for name, node in part.nodes.items():
        names[name] = free_id(taken, name if name not in taken.nodes else _NUMBER.sub("", name))
        taken.nodes[names[name]] = node
    dx, dy = _shift(part, at)
    edits: list[Edit] = [AddNode(names[name], node) for name, node in part.nodes.items()]
    for number, name in enumerate(part.nodes):
        place = part.layout.get(name, Placement(30.0 * number, 30.0 * number))
        edits.append(Place(names[name], msgspec.structs.replace(place, x=place.x + dx, y=place.y + dy)))
    for link in sorted(part.links.values()):
        if link.source in names:
            moved = msgspec.structs.replace(link, source=names[link.source], target=names[link.target])
            edits.append(Connect(moved))
    return Batch(tuple(edits)), list(names.values())


def _shift(part: Workflow, at: tuple[float, float] | None) -> tuple[float, float]:
    if at is None:
        return 40.0, 40.0
    xs = [place.x for place in part.layout.values()] or [0.0]
    ys = [place.y for place in part.layout.values()] or [0.0]
    return at[0] - (min(xs) + max(xs)) / 2 - 126, at[1] - (min(ys) + max(ys)) / 2 - 80
