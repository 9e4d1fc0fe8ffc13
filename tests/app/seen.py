"""Helpers that look and point at the canvas, for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF

from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, EditBatch, MoveNode
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Link, Node, Placement, Socket


def port(window: MainWindow, node: str, name: str, slot: int = 0) -> Port:
    card = window.canvas.nodes[node]
    found = card.output_port(name) or card.input_port(name, slot)
    assert found is not None
    return found


def row_centre(window: MainWindow, node: str, param: str) -> QPointF:
    card = window.canvas.nodes[node]
    number = [row.name for row in card.face.rows].index(param)
    return card.pos() + card.rows[number].center()


def text(window: MainWindow) -> bytes:
    return files.dumps(window.session.workflow)


def add(window: MainWindow, name: str, node_type: str, x: float = 0, y: float = 900) -> None:
    window.session.do("Add", EditBatch((AddNode(name, Node(node_type, 1)), MoveNode(name, Placement(x, y)))))


def agrees(window: MainWindow) -> bool:
    """Whether the view shows what the document says, no more and no less."""
    return not differences(window)


def differences(window: MainWindow) -> list[str]:
    """What the view shows in another way than the document says, in words."""
    canvas, workflow = window.canvas, window.canvas.scope.workflow
    nodes = {name: (card.node, card.x(), card.y()) for name, card in canvas.nodes.items()}
    wanted = {name: (node, workflow.layout[name].x, workflow.layout[name].y) for name, node in workflow.nodes.items()}
    wires = {
        Socket(*wire.target.address): Link(wire.source.card.id, wire.source.name, *wire.target.address)
        for wire in canvas.view.all_pipes()
    }
    at_ports = sum(len(p.wires) for card in canvas.nodes.values() for p in card.ports())
    drawn = {name: item.shown for name, item in canvas.annotations.items.items()}
    found = _unlike("note", drawn, workflow.annotations) + _unlike("node", nodes, wanted)
    found += _unlike("wire", wires, workflow.links)
    return found if at_ports == 2 * len(wires) else [*found, f"{len(wires)} wires have {at_ports} ends at ports"]


def _unlike(kind: str, seen: Mapping[Any, object], said: Mapping[Any, object]) -> list[str]:
    names = [name for name in {**seen, **said} if seen.get(name) != said.get(name)]
    return [f"{kind} {name}: seen {seen.get(name)}, said {said.get(name)}" for name in names]
