"""A node on the canvas: where its parts lie. `node_painter` paints it, `node_pointer` is what the pointer does."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import msgspec
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneHoverEvent,
    QGraphicsSceneMouseEvent,
    QStyleOptionGraphicsItem,
    QWidget,
)

from nodeflow.app.canvas.items import node_painter, style
from nodeflow.app.canvas.items.card_host import CardHost
from nodeflow.app.canvas.items.node_layout import NodeLayout
from nodeflow.app.canvas.items.node_pointer import NodePointer
from nodeflow.app.canvas.items.port_item import Port
from nodeflow.app.canvas.nodegraphqt.items import IN, OUT, NodeItemBase
from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import readable, seed_words
from nodeflow.app.model.run_state import IDLE, NodeState
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.workflow import TERMINALS, Node, Placement, Problem, SeedMode

_TEXT_LINE = 17.0
_EDGE, _CORNER = 6.0, 14.0
"""How far from its edges, and from its corner, a node is taken to be pulled larger."""
_MAX_IMAGE_HEIGHT, _MIN_IMAGE_HEIGHT = 200.0, 24.0
_MOVED = QGraphicsItem.GraphicsItemChange.ItemPositionHasChanged
_SELECTED = QGraphicsItem.GraphicsItemChange.ItemSelectedHasChanged
"""Looked up once: a node is told of some twenty changes while it is made."""


class NodeItem(NodeItemBase):
    """One node: header, ports, rows of parameters, and below them what went wrong or what it gave.

    It shows what it is told and keeps no truth of its own: `node`, `face`, `placement`, `state`, `problems`,
    `thumbnail`.
    """

    can_be_shaped = True
    """Whether its edges can be pulled and it can be folded up."""

    def __init__(self, name: str, node: Node, face: NodeLayout, title: str) -> None:
        super().__init__(name)
        self.setAcceptHoverEvents(True)
        self.node = node
        self.asked = Placement(0, 0, title)
        """Title, modes of seeds, size and look, as they are asked for."""
        self.room_below = math.inf
        """Scene units below its rows down to what stands there: an image is not shown larger."""
        self.state: NodeState = IDLE
        self.problems: tuple[Problem, ...] = ()
        self.hint = ""
        """What a run would say of it, known before one."""
        self.cut_tokens = 0
        """Tokens of its texts that are beyond what the model reads."""
        self.thumbnail: QPixmap | None = None
        self.shows_file = False
        self.pointer = NodePointer(self)
        self._folded = False
        self.inputs: list[Port] = []
        self.outputs: list[Port] = []
        self.row_ports: list[Port] = []
        self.rows: list[QRectF] = []
        self.note_rect = self.picture_rect = QRectF()
        self.rows_bottom = self._usual_bottom = 0.0
        self.body = self.outline = QRectF()
        self.inside = self.strip = QRectF()
        """What is within its border, and the band that shows its state, where it is too small to be read."""
        self.set_face(face)

    def __repr__(self) -> str:
        return f"Card({self.id!r})"

    # --- what it shows

    @property
    def title(self) -> str:
        """Return the title that a person gave it; empty where it has that of its type."""
        return self.asked.title

    @property
    def seeds(self) -> dict[str, SeedMode]:
        """Return what becomes of its seeds after a run."""
        return self.asked.seeds

    @property
    def collapsed(self) -> bool:
        """Return whether only its title is shown."""
        return self.asked.collapsed and self.can_be_shaped

    def show_placement(self, placement: Placement) -> None:
        """Take another place, title, size or look."""
        before, self.asked = self.asked, placement
        self.setPos(placement.x, placement.y)
        if placement == before:
            return
        if placement.pinned != before.pinned:
            self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsMovable, not placement.pinned)
        if any(getattr(before, name) != getattr(placement, name) for name in ("width", "height", "collapsed")):
            self.arrange()
        self.update()

    def ask_size(self, width: float, height: float) -> None:
        """Be of another size, as long as nobody says otherwise."""
        self.asked = msgspec.structs.replace(self.asked, width=width, height=height)
        self.arrange()

    def set_face(self, face: NodeLayout) -> None:
        """Take other ports and rows; the wires at ports that stay are the caller's to lay again."""
        for port in self.ports():
            for wire in list(port.wires):
                wire.delete()
            port.setParentItem(None)  # type: ignore[arg-type]
            if self.scene() is not None:
                self.scene().removeItem(port)
        self.face = face
        self.inputs = [Port(self, IN, port.name, port.type, port.slot) for port in face.inputs]
        for item, spec in zip(self.inputs, face.inputs, strict=True):
            item.optional, item.stray = spec.optional, spec.stray
        self.outputs = [Port(self, OUT, port.name, port.type) for port in face.outputs]
        for item, given in zip(self.outputs, face.outputs, strict=True):
            item.stray = given.stray
        self.row_ports = [Port(self, IN, param.name, param.type) for param in face.rows]
        for item in self.row_ports:
            item.is_row = item.optional = True
        self.arrange()

    def ports(self) -> Iterator[Port]:
        """All ports: inputs, outputs, and those of parameters."""
        yield from self.inputs
        yield from self.outputs
        yield from self.row_ports

    def input_port(self, name: str, slot: int) -> Port | None:
        for port in self.inputs:
            if port.slot == slot and port.name == name:
                return port
        return next((port for port in self.row_ports if port.name == name), None) if slot == 0 else None

    def output_port(self, name: str) -> Port | None:
        return next((port for port in self.outputs if port.name == name), None)

    def value(self, param: Param) -> Any:
        """Return what a parameter is set to, or its default."""
        return self.node.params.get(param.name, param.default)

    def is_fed(self, row: int) -> bool:
        """Return whether a wire gives the parameter of a row. One that exposes it does not: its value is the
        default."""
        return any(wire.source.card.id not in TERMINALS for wire in self.row_ports[row].wires)

    @property
    def note(self) -> str:
        """Return what is wrong with it, or what its result is short of, in one sentence; empty when nothing is."""
        if self.state.phase == "failed":
            return said(self.state.error)
        if not self.problems:
            note, *others = dict.fromkeys((*filter(None, [self.hint]), *self.state.notes)) or ("",)
            return said(note) + (f" (+{len(others)})" if others else "")
        first = self.problems[0]
        more = len(self.problems) - 1
        words = f"{readable(first.port)}: {said(first.reason)}" if first.port else said(first.reason)
        return words + (f" (+{more})" if more else "")

    def show_node(self, node: Node) -> None:
        """Take other parameters or another mode."""
        self.node = node
        self.update()

    def show_state(self, state: NodeState) -> None:
        note = self.note
        self.state = state
        if self.note != note:
            self.arrange()
        self.update()

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        if problems != self.problems:
            self.problems = problems
            self.arrange()

    def show_hint(self, hint: str) -> None:
        if hint != self.hint:
            self.hint = hint
            self.arrange()
            self.update()

    def show_cut(self, tokens: int) -> None:
        """Take how many tokens of its texts are cut."""
        if tokens != self.cut_tokens:
            self.cut_tokens = tokens
            self.update()

    def show_picture(self, picture: QPixmap | None, of_file: bool = False) -> None:
        """Show an image: what a run gave, or that ``of_file`` which the node names now, which is never old."""
        self.thumbnail, self.shows_file = picture, of_file
        self.arrange()

    def show_room(self, room_below: float) -> None:
        """Take how much room an image has below the rows."""
        if room_below != self.room_below:
            self.room_below = room_below
            if self.thumbnail is not None:
                self.arrange()

    # --- where things lie

    def arrange(self) -> None:
        """Lay out ports, rows, note and image, and take the height they need."""
        self.prepareGeometryChange()
        width, top = self.asked.width or style.WIDTH, style.HEADER + 5
        self.note_rect, self.picture_rect, self.rows = QRectF(), QRectF(), []
        if self.collapsed or self._folded:
            self._folded = self.collapsed
            for port in self.ports():
                port.setVisible(not self.collapsed or (not port.is_input and len(self.outputs) == 1))
        if self.collapsed:
            for port in self.ports():
                port.setPos(0 if port.is_input else width, style.HEADER / 2)
            self._take_height(width, style.HEADER)
            return
        for port_row, port in enumerate(self.inputs):
            port.setPos(0, top + (port_row + 0.5) * style.ROW)
        for port_row, port in enumerate(self.outputs):
            port.setPos(width, top + (port_row + 0.5) * style.ROW)
        y = top + max(len(self.inputs), len(self.outputs)) * style.ROW
        more = self._more_for_texts(y)
        for param, port in zip(self.face.rows, self.row_ports, strict=True):
            text = style.TEXT_LINES * _TEXT_LINE + 4 + more
            height = style.ROW + (text if param.widget == "multiline" else 0)
            self.rows.append(QRectF(style.PAD, y + 2, width - 2 * style.PAD, height - 4))
            port.setPos(0, y + style.ROW / 2)
            y += height
        y += 6
        self.rows_bottom = y
        if self.note:
            wide = width - 2 * style.PAD
            room = QRectF(0, 0, wide - 16, 1e6)
            needed = style.metrics("small").boundingRect(room, int(Qt.TextFlag.TextWordWrap), self.note).height()
            self.note_rect = QRectF(style.PAD, y, wide, math.ceil(needed) + 10)
            y += self.note_rect.height() + style.PAD
        if self.thumbnail is not None and not self.thumbnail.isNull():
            y += self._place_image(self.thumbnail, width, y)
        self._take_height(width, y)

    def _more_for_texts(self, top: float) -> float:
        """Return how much higher than usual each text of several lines is, for the height that was asked for."""
        texts = sum(param.widget == "multiline" for param in self.face.rows)
        usual = top + len(self.face.rows) * style.ROW + texts * (style.TEXT_LINES * _TEXT_LINE + 4) + 6
        self._usual_bottom = usual
        return max(self.asked.height - usual, 0.0) / texts if texts else 0.0

    def _place_image(self, image: QPixmap, width: float, y: float) -> float:
        """Put the image below all else, as large as width and room allow; the height that it takes."""
        texts = any(param.widget == "multiline" for param in self.face.rows)
        most = _MAX_IMAGE_HEIGHT if texts else max(_MAX_IMAGE_HEIGHT, self.asked.height - y - style.PAD)
        high = min(most, self.room_below - (y - self.rows_bottom) - style.PAD)
        scale = min((width - 2 * style.PAD) / image.width(), high / image.height())
        if scale * image.height() < _MIN_IMAGE_HEIGHT:
            return 0.0
        size = QSizeF(image.width() * scale, image.height() * scale)
        self.picture_rect = QRectF(QPointF((width - size.width()) / 2, y), size)
        return size.height() + style.PAD

    def height_for(self, bottom: float) -> float:
        """Return the height to ask for so that the node ends at ``bottom``, in its own coordinates."""
        texts = any(param.widget == "multiline" for param in self.face.rows)
        return max(bottom - (self.body.height() - self.rows_bottom if texts else 0.0), self._usual_bottom)

    def _take_height(self, width: float, y: float) -> None:
        self.set_size(width, y)
        self.body = QRectF(0, 0, width, y)
        self.outline = self.body.adjusted(-8, -3, 8, 5)
        self.inside, self.strip = self.body.adjusted(5, 5, -5, -5), QRectF(0, 0, width, style.HEADER * 0.6)
        self._shape = QPainterPath()
        self._shape.addRect(self.body)
        self._redraw_wires()
        self.update()

    def boundingRect(self) -> QRectF:
        return self.outline

    def shape(self) -> QPainterPath:
        """Return where it can be pressed: the body, not the room around it for the ports."""
        return self._shape

    def middle(self) -> QPointF:
        """Return its middle, in the scene."""
        return self.pos() + self.body.center()

    def arrow_rect(self) -> QRectF:
        """Return where it is pressed to be folded up or opened."""
        return QRectF(self.body.right() - 26, 3, 22, 24) if self.can_be_shaped else QRectF()

    def edges_at(self, pos: QPointF) -> tuple[int, int]:
        """Return which edges a point pulls: 1 for the right one, 1 for the lower one, 0 for none."""
        if not self.can_be_shaped or self.collapsed or pos.y() < style.HEADER:
            return 0, 0
        right, down = self.body.right() - pos.x(), self.body.bottom() - pos.y()
        if right < _CORNER and down < _CORNER:
            return 1, 1
        return int(right < _EDGE), int(down < _EDGE)

    def dice_rect(self, row: int) -> QRectF:
        """Return where a seed's row is pressed for another seed."""
        area = self.rows[row]
        return QRectF(area.right() - 24, area.y(), 24, area.height())

    def mode_rect(self, row: int) -> QRectF:
        """Return where a seed's row says, and is pressed to change, what becomes of the seed after a run."""
        area = self.rows[row]
        left = area.x() + 14 + style.metrics("label").horizontalAdvance(readable(self.face.rows[row].name))
        words = style.metrics("small").horizontalAdvance(seed_words(self.seeds.get(self.face.rows[row].name)))
        return QRectF(left, area.y() + 3, words + 12, area.height() - 6)

    def row_at(self, pos: QPointF) -> int:
        """The row under a point, -1 where there is none."""
        return next((number for number, rect in enumerate(self.rows) if rect.contains(pos)), -1)

    # --- what happens to it

    def host(self) -> CardHost | None:
        """Return the canvas it stands on."""
        found = self.viewer()
        return found if isinstance(found, CardHost) else None

    def itemChange(self, change: QGraphicsItem.GraphicsItemChange, value: Any) -> Any:
        if change is _MOVED:
            self._redraw_wires()
        elif change is _SELECTED:
            self.note_selected(bool(value))
            self.setZValue(2 if value else 1)
            for port in self.ports():
                for wire in port.wires:
                    wire.highlight() if value else wire.reset()
        return value

    def _redraw_wires(self) -> None:
        for port in self.ports():
            for wire in port.wires:
                wire.draw_path()

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if not self.pointer.press(event):
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if not self.pointer.move(event):
            super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if not self.pointer.release(event):
            super().mouseReleaseEvent(event)

    def title_rect(self) -> QRectF:
        """Return where its title stands, in its own coordinates."""
        return QRectF(style.PAD, 3, self.body.width() - 2 * style.PAD, style.ROW)

    def hoverMoveEvent(self, event: QGraphicsSceneHoverEvent) -> None:
        self.pointer.hover(event.pos())

    def hoverLeaveEvent(self, _: QGraphicsSceneHoverEvent) -> None:
        self.pointer.leave()

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        node_painter.card(painter, self, painter.worldTransform().m11())
