"""When an action can do something, as data: what of the window it needs, and what is said where that is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nodeflow.app.canvas.controller.canvas_controller import Canvas
from nodeflow.app.canvas.items.annotation_item import AnnotationItem
from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt.drawn_places import is_drawn
from nodeflow.app.qt.levels_drawing import drawn_param
from nodeflow.graph.model.workflow import TERMINALS
from nodeflow.graph.subgraphs.instances import definition_of


class Situation(NamedTuple):
    """What actions may need: whether a canvas is seen, how much is selected on it, and how its document stands.

    ``things``: nodes, frames and notes.
    """

    canvas: bool = False
    nodes: int = 0
    things: int = 0
    wires: int = 0
    seeds: int = 0
    drawn: int = 0
    subgraphs: int = 0
    shown: int = 0
    inside: bool = False
    running: bool = False
    source: bool = False


class Condition(NamedTuple):
    """Whether a situation allows an action, and a sentence for where it does not."""

    holds: Callable[[Situation], bool]
    reason: str


def conditions() -> dict[str, Condition]:
    """Return every condition by its name, its sentence in the person's language."""
    return {
        "canvas": Condition(lambda now: now.canvas, tr("Open a workflow first: this acts on its canvas.")),
        "node": Condition(lambda now: now.nodes >= 1, tr("Select a node first.")),
        "thing": Condition(lambda now: now.things >= 1, tr("Select something first.")),
        "thing or wire": Condition(lambda now: now.things + now.wires >= 1, tr("Select something first.")),
        "one thing": Condition(lambda now: now.things == 1, tr("Select one node, frame or note first.")),
        "one node": Condition(lambda now: now.nodes == 1, tr("Select one node first.")),
        "two": Condition(lambda now: now.things >= 2, tr("Select two or more first.")),
        "three": Condition(lambda now: now.things >= 3, tr("Select three or more first.")),
        "seed": Condition(lambda now: now.seeds >= 1, tr("Select a node that has a seed first.")),
        "drawn": Condition(
            lambda now: now.drawn == 1, tr("Select one node of which a place or a curve is drawn first.")
        ),
        "subgraph": Condition(lambda now: now.subgraphs >= 1, tr("Select a subgraph first.")),
        "inside": Condition(lambda now: now.inside, tr("This acts inside a subgraph: open one first.")),
        "shown": Condition(lambda now: now.shown >= 1, tr("There are no nodes yet. Tab on the canvas adds one.")),
        "running": Condition(lambda now: now.running, tr("Nothing of this workflow runs or waits.")),
        "source": Condition(lambda now: now.source, tr("This workflow was not read from a file.")),
    }


_SIDES = ("left", "centre", "right", "top", "middle", "bottom")
_WAYS = ("left", "right", "up", "down")
ENABLED_WHEN: dict[str, str] = {
    "file.revert": "source",
    "edit.cut": "thing",
    "edit.copy": "thing",
    "edit.duplicate": "thing",
    "edit.duplicate_wired": "thing",
    "edit.delete": "thing or wire",
    "edit.dissolve": "node",
    "edit.select_all": "shown",
    "edit.keep_snippet": "thing",
    "node.rename": "one thing",
    "node.mute": "node",
    "node.bypass": "node",
    "node.group": "node",
    "node.ungroup": "subgraph",
    "node.open": "subgraph",
    "node.unique": "subgraph",
    "node.keep": "subgraph",
    "node.expose": "inside",
    "node.collapse": "node",
    "node.pin": "node",
    "node.own_size": "node",
    "node.to_form": "node",
    "node.edit": "one node",
    "node.draw": "drawn",
    "node.reroll": "seed",
    "node.seed_mode": "seed",
    "arrange.colour": "thing",
    **dict.fromkeys((f"arrange.{side}" for side in _SIDES), "two"),
    "arrange.across": "three",
    "arrange.down": "three",
    "arrange.tidy": "shown",
    **dict.fromkeys((f"arrange.{by}_{way}" for by in ("move", "nudge") for way in _WAYS), "thing"),
    "view.up": "inside",
    "run.to": "node",
    "run.cancel": "running",
}
"""By an action's id the name of its condition; what is not among them can always be done. What acts on the canvas needs
that it is seen, too."""


def situation_of(canvas: Canvas, seen: bool) -> Situation:
    """Return how a canvas stands, which is seen or has another page in its place."""
    scope, session = canvas.scope, canvas.scope.session
    selected = canvas.view.scene().selectedItems()
    cards = [item for item in selected if isinstance(item, NodeItem) and item.id not in TERMINALS]
    return Situation(
        canvas=seen,
        nodes=len(cards),
        things=len(cards) + sum(isinstance(item, AnnotationItem) for item in selected),
        wires=sum(isinstance(item, WireItem) for item in selected),
        seeds=sum(any(row.widget == "seed" for row in card.face.rows) for card in cards),
        drawn=sum(
            is_drawn(spec) or drawn_param(spec) is not None
            for card in cards
            if (spec := scope.catalogue.nodes.get(card.node.type))
        ),
        subgraphs=sum(definition_of(card.node.type) in scope.root.subgraphs for card in cards),
        shown=len(canvas.scope.workflow.nodes),
        inside=bool(scope.path),
        running=session.running,
        source=session.source is not None,
    )


def why_grey(id: str, on_canvas: bool, now: Situation, known: dict[str, Condition]) -> str:
    """Return why an action cannot be done now, as a sentence; empty where it can."""
    needed = [*(["canvas"] if on_canvas else []), *filter(None, [ENABLED_WHEN.get(id)])]
    return next((known[name].reason for name in needed if not known[name].holds(now)), "")
