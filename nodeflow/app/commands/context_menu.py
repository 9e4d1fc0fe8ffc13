"""The menu of the canvas: what can be done to what was pressed, and no more."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QMenu, QWidget

from nodeflow.app.canvas.controller.node_commands import NodeCommands
from nodeflow.app.commands.grey_reasons import GreyReasons
from nodeflow.app.commands.registry import Actions, categories
from nodeflow.app.qt.places_field import WIDGETS
from nodeflow.graph.subgraphs.instances import definition_of

Group = tuple[str, ...]
"""Actions by their ids, between two lines of the menu."""

ARRANGE: Group = (
    *(f"arrange.{side}" for side in ("left", "centre", "right", "top", "middle", "bottom")),
    *("arrange.across", "arrange.down", "arrange.tidy"),
)


def canvas_menu(gestures: NodeCommands, actions: Actions, grey: GreyReasons, parent: QWidget) -> QMenu:
    """The menu for the place where it was asked for, and for what is selected there."""
    menu = QMenu(parent)
    grey.watch_menu(menu)
    for group in _groups(gestures):
        menu.addSeparator()
        menu.addActions([actions[id] for id in group])
    if len(gestures.canvas.selection.chosen()) > 1:
        menu.addMenu(categories()["arrange"]).addActions([actions[id] for id in ARRANGE])
    return menu


def _groups(gestures: NodeCommands) -> Iterator[Group]:
    view, at = gestures.view, gestures.view.asked_at()
    inside = bool(gestures.scope.path)
    if view.items_at.card(at) is not None:
        yield from _for_nodes(gestures, inside)
    elif view.items_at.annotation(at) is not None:
        yield "node.rename", "arrange.colour"
        yield "edit.cut", "edit.copy", "edit.duplicate", "edit.delete"
    elif view.items_at.wire(at) is not None:
        yield "node.add", "edit.delete"
    else:
        yield "node.add", "edit.insert_snippet", "node.note", "arrange.frame"
        yield "edit.paste", "edit.select_all", "arrange.tidy"
        yield "view.frame_all", "view.minimap", *(("view.up",) if inside else ())


def _for_nodes(gestures: NodeCommands, inside: bool) -> Iterator[Group]:
    """For the selected nodes: what holds for each kind that is among them."""
    cards = [gestures.canvas.nodes[name] for name in gestures.canvas.selection.chosen()]
    yield ("run.to",)
    if any(definition_of(card.node.type) for card in cards):
        yield "node.open", "node.ungroup", "node.unique", "node.keep"
    yield "node.mute", "node.bypass", "node.rename", "node.wire"
    sized = any(card.asked.width or card.asked.height for card in cards)
    yield "node.collapse", "node.pin", "arrange.colour", *(("node.own_size",) if sized else ())
    if any(param.edge or param.widget in WIDGETS for card in cards for param in card.face.rows):
        yield ("node.draw",)
    yield ("node.to_form",)
    if any(param.widget == "seed" for card in cards for param in card.face.rows):
        yield "node.reroll", "node.seed_mode"
    yield "node.group", "arrange.frame", *(("node.expose",) if inside else ())
    yield "edit.cut", "edit.copy", "edit.duplicate", "edit.duplicate_wired", "edit.keep_snippet"
    yield "edit.delete", "edit.dissolve"
