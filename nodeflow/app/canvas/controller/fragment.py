"""A piece of a workflow as text, for the clipboard: the nodes chosen, the wires among them, where they stand. No Qt."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from nodeflow.graph.edits.edits import AddNode, Annotate, Connect, Edit, EditBatch, MoveNode, free_annotation, free_id
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Placement, Subgraph, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import needed_by
from nodeflow.graph.subgraphs.merge import adopt

_NUMBER = re.compile(r"_\d+$")


def cut_out(
    workflow: Workflow,
    names: Iterable[str],
    drawn: Iterable[str] = (),
    subgraphs: Mapping[str, Subgraph] | None = None,
) -> str:
    """The text of a workflow file with only these nodes, the wires among them, and these frames and notes.

    Of ``subgraphs``, the definitions that there are, it holds those that the nodes need.
    """
    chosen = set(names)
    definitions = needed_by((workflow.nodes[name] for name in chosen), subgraphs or {})
    part = Workflow(
        nodes={name: node for name, node in workflow.nodes.items() if name in chosen},
        links={s: link for s, link in workflow.links.items() if link.source in chosen and link.target in chosen},
        layout={name: place for name, place in workflow.layout.items() if name in chosen},
        sources={name: source for name, source in workflow.sources.items() if name in chosen},
        annotations={name: workflow.annotations[name] for name in drawn},
        subgraphs=definitions,
    )
    return files.dumps(part).decode()


class Pasted(NamedTuple):
    """The edit that adds a piece of a workflow, and the ids that it gets, by those it had."""

    edit: EditBatch
    names: dict[str, str]
    drawn: dict[str, str]


def put_in(
    workflow: Workflow, text: str, at: tuple[float, float] | None = None, root: Workflow | None = None
) -> Pasted:
    """Return how a piece of text is added to a workflow, or to the inside of a subgraph of ``root``.

    ``at``: where the middle of the piece comes to stand; None: a little beside its own place. Raises WorkflowError
    for text that is no workflow.
    """
    part = files.loads(text.encode())
    if not part.nodes and not part.annotations:
        raise WorkflowError()
    definitions = adopt(root or workflow, part)
    taken = workflow.copy()
    names: dict[str, str] = {}
    for name, node in part.nodes.items():
        names[name] = free_id(taken, name if name not in taken.nodes else _NUMBER.sub("", name))
        taken.nodes[names[name]] = node
    dx, dy = _shift(part, at)
    edits: list[Edit] = [*definitions, *(AddNode(names[name], node) for name, node in part.nodes.items())]
    for number, name in enumerate(part.nodes):
        place = part.layout.get(name, Placement(30.0 * number, 30.0 * number))
        edits.append(MoveNode(names[name], msgspec.structs.replace(place, x=place.x + dx, y=place.y + dy)))
    for link in sorted(part.links.values()):
        if link.source in names:
            moved = msgspec.structs.replace(link, source=names[link.source], target=names[link.target])
            edits.append(Connect(moved))
    drawn: dict[str, str] = {}
    for name, item in part.annotations.items():
        drawn[name] = free_annotation(taken, _NUMBER.sub("", name))
        taken.annotations[drawn[name]] = msgspec.structs.replace(item, x=item.x + dx, y=item.y + dy)
        edits.append(Annotate(drawn[name], taken.annotations[drawn[name]]))
    return Pasted(EditBatch(tuple(edits)), names, drawn)


def wires_in(workflow: Workflow, names: Mapping[str, str]) -> list[Edit]:
    """The edits that give copies of nodes, by the ids they are copied from, the wires that come in from the rest."""
    return [
        Connect(msgspec.structs.replace(link, target=names[link.target]))
        for link in sorted(workflow.links.values())
        if link.target in names and link.source not in names
    ]


def _shift(part: Workflow, at: tuple[float, float] | None) -> tuple[float, float]:
    if at is None:
        return 40.0, 40.0
    boxes = [(place.x, place.y, place.x + 252, place.y + 160) for place in part.layout.values()]
    boxes += [(item.x, item.y, item.x + item.width, item.y + item.height) for item in part.annotations.values()]
    if not boxes:
        return at
    left, top, right, bottom = zip(*boxes, strict=True)
    return at[0] - (min(left) + max(right)) / 2, at[1] - (min(top) + max(bottom)) / 2
