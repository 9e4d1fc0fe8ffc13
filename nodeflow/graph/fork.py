"""A fork of a sampling run: from a step on it goes another way, in a branch of its own beside the first one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from nodeflow.graph.edits import AddNode, Batch, Connect, Edit, Place
from nodeflow.graph.workflow import Link, Node, Placement, Socket, Workflow, downstream

What = Literal["guidance", "text"]
CHANGE = "nodes.change_guidance"
TEXTS = ("positive", "conditioning")
"""Inputs of a guidance that take the text which a picture is led to."""
ROOM, WIDTH = 420.0, 292.0
"""For the lowest node above the branch, and for a node and the gap beside it, on the canvas."""


class Fork(msgspec.Struct, frozen=True):
    """The edit that makes a branch; ``focus`` is the node whose parameters are to be changed, ``sampler`` its end."""

    edit: Batch
    focus: str
    sampler: str


def fork(workflow: Workflow, sampler: str, step: int, what: What = "guidance") -> Fork | None:
    """A branch that goes another way from a step of a sampler's run on; None where that is not possible.

    Its guidance (for a new ``text`` also what encodes the text) is a copy that can be changed; before the step the
    first guidance leads, so that all steps up to there are those of the first run and come from the cache. Everything
    that is made from the sampler is copied too.
    """
    if sampler not in workflow.nodes:
        return None
    guider = workflow.links.get(Socket(sampler, "guider"))
    own = _last(workflow, guider) if guider is not None else None
    if guider is None or own is None:
        return None
    text = next((link for name in TEXTS if (link := workflow.links.get(Socket(own.source, name)))), None)
    if what == "text" and text is None:
        return None
    branch = [sampler, *(name for name in downstream(workflow.outgoing(), [sampler]) if name != sampler)]
    copied = [own.source, *([text.source] if what == "text" and text else []), *branch]
    names = dict(zip(copied, _free(workflow, copied), strict=True))
    change = next(_free(workflow, ["change"], taken=names.values()))

    edits: list[Edit] = [AddNode(new, workflow.nodes[old]) for old, new in names.items()]
    edits.append(AddNode(change, Node(CHANGE, 1, {"step": step})))
    edits += [
        Connect(Link(guider.source, guider.output, change, "before")),
        Connect(Link(names[own.source], own.output, change, "after")),
        Connect(Link(change, "guider", names[sampler], "guider")),
    ]
    for link in sorted(workflow.links.values()):
        if link.target in names and link.socket != guider.socket:
            source = names.get(link.source, link.source) if _inside(link, text, what, branch) else link.source
            edits.append(Connect(msgspec.structs.replace(link, source=source, target=names[link.target])))
    edits += _places(workflow, names, own.source, change)
    focus = names[text.source] if what == "text" and text else names[own.source]
    return Fork(Batch(tuple(edits)), focus, names[sampler])


def _last(workflow: Workflow, guider: Link) -> Link | None:
    """The wire of the guidance that leads the last steps, behind all changes."""
    found: Link | None = guider
    while found is not None and workflow.nodes[found.source].type == CHANGE:
        found = workflow.links.get(Socket(found.source, "after"))
    return found


def _inside(link: Link, text: Link | None, what: What, branch: list[str]) -> bool:
    """Whether a link of a copy starts at a copy too: those within the branch, and that from the new text."""
    return link.source in branch or (what == "text" and text is not None and link.socket == text.socket)


def _free(workflow: Workflow, wanted: Iterable[str], taken: Iterable[str] = ()) -> Iterator[str]:
    """A name that is not taken for each that is wanted: ``sampler_2``, ``sampler_3``."""
    used = {*workflow.nodes, *taken}
    for name in wanted:
        stem, _, number = name.rpartition("_")
        stem = stem if stem and number.isdigit() else name
        new = next(f"{stem}_{count}" for count in itertools.count(2) if f"{stem}_{count}" not in used)
        used.add(new)
        yield new


def _places(workflow: Workflow, names: dict[str, str], guidance: str, change: str) -> list[Edit]:
    """The branch stands below the whole workflow, as the first one stands."""
    layout = workflow.layout
    known = [layout[name] for name in names if name in layout]
    if not known:
        return []
    down = max(place.y for place in layout.values()) - min(place.y for place in known) + ROOM
    led = names.keys() - {guidance, *_before(workflow, guidance)}
    edits: list[Edit] = [
        Place(new, msgspec.structs.replace(place, x=place.x + (WIDTH if old in led else 0), y=place.y + down))
        for old, new in names.items()
        if (place := layout.get(old)) is not None
    ]
    if guidance in layout:
        edits.append(Place(change, Placement(layout[guidance].x + WIDTH, layout[guidance].y + down)))
    return edits


def _before(workflow: Workflow, name: str) -> set[str]:
    """The nodes whose wires lead to a node."""
    return {link.source for link in workflow.links.values() if link.target == name}
