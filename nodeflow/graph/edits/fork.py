"""A fork of a sampling run: from a step on it goes another way, in a branch of its own beside the first one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import msgspec

from nodeflow.graph.edits.edits import AddNode, Connect, Edit, EditBatch, MoveNode
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec
from nodeflow.graph.model.roles import CHANGE
from nodeflow.graph.model.workflow import Link, Node, Placement, Socket, Workflow, downstream, upstream

ROOM, WIDTH = 420.0, 292.0
"""For the lowest node above the branch, and for a node and the gap beside it, on the canvas."""


class Fork(msgspec.Struct, frozen=True):
    """The edit that makes a branch; ``focus`` is the node whose parameters are to be changed, ``sampler`` its end."""

    edit: EditBatch
    focus: str
    sampler: str


def changes(catalogue: Catalogue) -> dict[str, NodeSpec]:
    """The nodes that change an input of a sampler at a step, by the name of that input."""
    return {spec.outputs[0].name: spec for spec in catalogue.specs(CHANGE)}


def changeable(workflow: Workflow, catalogue: Catalogue, sampler: str) -> list[str]:
    """The nodes that a sampler's run may have another of from a step on: all that lead it, the nearest first."""
    found: dict[str, None] = {}
    incoming = workflow.incoming()
    leading = (_own(workflow, sampler, name, spec) for name, spec in changes(catalogue).items())
    todo = [link.source for link in leading if link is not None]
    while todo:
        name = todo.pop(0)
        if name not in found:
            found[name] = None
            todo.extend(link.source for link in incoming.get(name, ()))
    return list(found)


def fork(workflow: Workflow, catalogue: Catalogue, sampler: str, step: int, other: str) -> Fork | None:
    """A branch that has another of a node from a step of a sampler's run on; None where that node does not lead it.

    The node is copied with all that is made from it on the way to the sampler. Where these copies arrive, the first
    ones lead up to the step, so that all steps before it are those of the first run and come from the cache.
    Everything that is made from the sampler is copied too.
    """
    kinds = changes(catalogue)
    made_from_other = downstream(workflow.outgoing(), [other])
    arrive = {
        name: link
        for name, spec in kinds.items()
        if (link := _own(workflow, sampler, name, spec)) is not None and link.source in made_from_other
    }
    if other not in workflow.nodes or not arrive:
        return None
    lead = upstream(workflow.incoming(), [link.source for link in arrive.values()]) & made_from_other
    branch = [sampler, *(name for name in downstream(workflow.outgoing(), [sampler]) if name != sampler)]
    copied = [name for name in workflow.nodes if name in lead] + branch
    names = dict(zip(copied, _free(workflow, copied), strict=True))
    added = dict(zip(arrive, _free(workflow, ["change"] * len(arrive), taken=names.values()), strict=True))

    edits: list[Edit] = [AddNode(new, workflow.nodes[old]) for old, new in names.items()]
    for name, change in added.items():
        before, kind = workflow.links[Socket(sampler, name)], kinds[name]
        first, second = kind.inputs[:2]
        edits += [
            AddNode(change, Node(kind.type, kind.version, {kind.params[0].name: step})),
            Connect(Link(before.source, before.output, change, first.name)),
            Connect(Link(names[arrive[name].source], arrive[name].output, change, second.name)),
            Connect(Link(change, name, names[sampler], name)),
        ]
    for link in sorted(workflow.links.values()):
        if link.target in names and not (link.target == sampler and link.input in added):
            source = link.source if link.target == sampler else names.get(link.source, link.source)
            edits.append(Connect(msgspec.structs.replace(link, source=source, target=names[link.target])))
    edits += _places(workflow, names, set(branch), added.values())
    return Fork(EditBatch(tuple(edits)), names[other], names[sampler])


def _own(workflow: Workflow, sampler: str, name: str, kind: NodeSpec) -> Link | None:
    """The wire that leads the last steps at an input of a sampler, behind all changes."""
    found = workflow.links.get(Socket(sampler, name))
    while found is not None and workflow.nodes[found.source].type == kind.type:
        found = workflow.links.get(Socket(found.source, kind.inputs[1].name))
    return found


def _free(workflow: Workflow, wanted: Iterable[str], taken: Iterable[str] = ()) -> Iterator[str]:
    """A name that is not taken for each that is wanted: ``sampler_2``, ``sampler_3``."""
    used = {*workflow.nodes, *taken}
    for name in wanted:
        stem, _, number = name.rpartition("_")
        stem = stem if stem and number.isdigit() else name
        new = next(f"{stem}_{count}" for count in itertools.count(2) if f"{stem}_{count}" not in used)
        used.add(new)
        yield new


def _places(workflow: Workflow, names: dict[str, str], branch: set[str], changes: Iterable[str]) -> list[Edit]:
    """The branch stands below the whole workflow, as the first one stands, with room for what changes its inputs."""
    layout = workflow.layout
    known = {name: layout[name] for name in names if name in layout}
    if not known:
        return []
    down = max(place.y for place in layout.values()) - min(place.y for place in known.values()) + ROOM
    edits: list[Edit] = [
        MoveNode(names[old], msgspec.structs.replace(place, x=place.x + WIDTH * (old in branch), y=place.y + down))
        for old, place in known.items()
    ]
    before = [place for name, place in known.items() if name in branch]
    if before:
        x, y = min((place.x, place.y) for place in before)
        edits += [MoveNode(change, Placement(x, y + down + at * ROOM / 2)) for at, change in enumerate(changes)]
    return edits
