"""Tooltips of the canvas for the thing under the pointer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from PySide6.QtCore import QPointF
from PySide6.QtGui import QCursor, QHelpEvent
from PySide6.QtWidgets import QGraphicsView, QToolTip

from nodeflow.app.canvas.items.node_item import NodeItem
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.items.terminal_item import TerminalItem
from nodeflow.app.canvas.items.wire_item import WireItem
from nodeflow.app.canvas.view.items_at import ItemsAt
from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import describe, readable, tr, wire_title
from nodeflow.app.model.run_state_text import memory_words, state_line
from nodeflow.graph.model.workflow import Problem
from nodeflow.graph.subgraphs.instances import MORE

Facts = Callable[[str, str], str]
"""What is known of the value of a node's output, as rich text."""


class HoverTips:
    """Says in a tooltip what is below the pointer."""

    def __init__(self, view: QGraphicsView, items: ItemsAt) -> None:
        self._view, self._items = view, items
        self.facts: Facts = lambda node, output: ""

    def show(self, event: QHelpEvent) -> None:
        """Show the tooltip that was asked for."""
        pos = self._view.mapToScene(event.pos())
        QToolTip.showText(event.globalPos(), self.hint(pos), self._view.viewport())

    def show_again(self) -> None:
        """Let what is known now come into the tooltip that is shown."""
        at = self._view.viewport().mapFromGlobal(QCursor.pos())
        if QToolTip.isVisible() and self._view.viewport().rect().contains(at):
            QToolTip.showText(QCursor.pos(), self.hint(self._view.mapToScene(at)), self._view.viewport())

    def hint(self, pos: QPointF) -> str:
        """Return a few lines on a port, a row, a node or a wire; nothing over empty canvas."""
        port = self._items.port(pos)
        if port is not None:
            return port_tip(port, self.facts)
        card = self._items.card(pos)
        if card is not None:
            row = card.row_at(card.mapFromScene(pos))
            return _row(card, row) if row >= 0 else _card(card)
        wire = next((item for item in self._view.scene().items(pos) if isinstance(item, WireItem)), None)
        return _wire(wire, self.facts) if wire is not None else ""


def _lines(*lines: str) -> str:
    return "<br>".join(line for line in lines if line)


def _problems(problems: Iterable[Problem]) -> str:
    return _lines(*(escape(said(problem.reason)) for problem in problems))


def port_tip(port: Port, facts: Facts) -> str:
    if port.name == MORE:
        lead = tr("Lead a wire from here to an input or a parameter to expose it.")
        return escape(tr("Lead a wire from an output to here to expose it.") if port.is_input else lead)
    wanted = "" if not port.is_input or port.optional or port.wires else tr("needs a wire")
    found = [problem for problem in port.card.problems if problem.port == port.name]
    source = port if not port.is_input else next((wire.source for wire in port.wires), None)
    value = _value(source, facts) if source else ""
    return _lines(
        f"<b>{escape(readable(port.name))}</b> · {escape(wire_title(port.wire_type))}", wanted, value, _problems(found)
    )


def _row(card: NodeItem, number: int) -> str:
    param = card.face.rows[number]
    found = [problem for problem in card.problems if problem.port == param.name]
    value = str(card.value(param))
    long = escape(value).replace("\n", "<br>") if len(value) > 20 else ""
    return _lines(f"<b>{escape(readable(param.name))}</b> · {escape(describe(param))}", long, _problems(found))


def _card(card: NodeItem) -> str:
    if isinstance(card, TerminalItem):
        given = tr("What the subgraph gives") if card.inputs else tr("What comes into the subgraph")
        return _lines(f"<b>{escape(given)}</b>", escape(tr("Double click a name to change it, right click for more.")))
    title = f"<b>{escape(card.title or card.face.title)}</b> · {escape(card.node.type)}"
    state = card.state
    modes = escape(tr(" · ").join(memory_words(mode) for mode in state.modes))
    return _lines(title, escape(state_line(state)), modes, escape(said(state.why)), _problems(card.problems))


def _wire(wire: WireItem, facts: Facts) -> str:
    source, target = wire.source, wire.target
    way = f"{source.card.id}.{source.name} → {target.card.id}.{target.name}"
    value = _value(source, facts)
    return _lines(f"<b>{escape(wire_title(source.wire_type))}</b> · {escape(way)}", value)


def _value(source: Port, facts: Facts) -> str:
    """Return what an output gave: facts and an image, as far as they are known."""
    told = facts(source.card.id, source.name)
    return told or escape(said(next((v.text for v in source.card.state.values if v.output == source.name), "")))
