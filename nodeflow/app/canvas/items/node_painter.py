"""Painter of nodes. With less detail the smaller one is on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QStaticText

from nodeflow.app.canvas.items import badges, style
from nodeflow.app.canvas.items.annotation_item import shade
from nodeflow.app.canvas.items.port_shapes import outline
from nodeflow.app.i18n.pack_translations import told_choice
from nodeflow.app.i18n.texts import readable, seed_words, tr
from nodeflow.app.model.run_state import Phase
from nodeflow.app.model.run_state_text import old_words, state_line
from nodeflow.app.qt.mask_field import mask_words
from nodeflow.app.qt.places_field import WIDGETS, places_words
from nodeflow.app.qt.theme import Colour
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.subgraphs.instances import definition_of

if TYPE_CHECKING:
    from nodeflow.app.canvas.items.node_item import NodeItem
    from nodeflow.app.canvas.items.port_item import Port

PHASE_COLOURS: dict[Phase, Colour] = {
    "idle": "line",
    "queued": "faint",
    "running": "busy",
    "ran": "good",
    "cached": "known",
    "skipped": "faint",
    "failed": "bad",
    "stale": "faint",
}


def mark(item: NodeItem) -> QColor:
    """The colour of a node on the minimap."""
    phase = "failed" if item.problems else item.state.phase
    return style.colour("accent" if item.isSelected() else "faint" if phase == "idle" else PHASE_COLOURS[phase])


def card(painter: QPainter, item: NodeItem, zoom: float) -> None:
    """Paint a node at a zoom."""
    if item.node.mode != "run":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.colour("canvas"))
        painter.drawRoundedRect(item.body, style.RADIUS, style.RADIUS)
        painter.setOpacity(0.62)
    if zoom < style.FLAT:
        _flat(painter, item)
        if zoom >= style.TITLED:
            _flat_title(painter, item, zoom)
        return
    _ground(painter, item)
    _header(painter, item, zoom)
    _progress(painter, item)
    if zoom >= style.PLAIN and not item.collapsed:
        _labels(painter, item)
        for number in range(len(item.rows)):
            _row(painter, item, number)
        _note(painter, item)
    if item.thumbnail is not None and not item.picture_rect.isEmpty():
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _picture(painter, item, item.thumbnail, zoom)
    _dots(painter, item)


def _flat(painter: QPainter, item: NodeItem) -> None:
    body, selected = item.body, item.isSelected()
    painter.fillRect(body, style.colour("accent" if selected else "line"))
    painter.fillRect(item.inside, style.colour("fill" if selected else "node"))
    phase = "failed" if item.problems else item.state.phase
    painter.fillRect(item.strip, style.colour(PHASE_COLOURS[phase]))
    if phase == "running" and item.state.share:
        share = item.state.share
        painter.fillRect(QRectF(0, body.height() - 12, body.width() * share, 12), style.colour("busy"))
    if item.thumbnail is not None:
        _picture(painter, item, item.thumbnail, 0.0)


def _picture(painter: QPainter, item: NodeItem, image: QPixmap, zoom: float) -> None:
    """The image it gave; an old one is dimmed, with a line that says so where it can be read."""
    words = "" if item.shows_file else old_words(item.state)
    opacity = painter.opacity()
    if words:
        painter.fillRect(item.picture_rect, style.colour("row"))
        painter.setOpacity(opacity * 0.4)
    painter.drawPixmap(item.picture_rect, image, QRectF(image.rect()))
    painter.setOpacity(opacity)
    if not words or zoom < style.PLAIN:
        return
    room = item.picture_rect
    line = style.text(words, "small", max(room.width() - 12, 24))
    ground = QRectF(room.x(), room.y(), min(line.size().width() + 12, room.width()), line.size().height() + 4)
    painter.fillRect(ground, style.colour("panel"))
    painter.setFont(style.font("small"))
    painter.setPen(style.colour("busy"))
    painter.drawStaticText(ground.topLeft() + QPointF(6, 2), line)


def _flat_title(painter: QPainter, item: NodeItem, zoom: float) -> None:
    """The title as large as it can be read, on the box that stands for the node, where it has room."""
    top = 0.0 if item.collapsed else style.HEADER * 0.6
    room = QRectF(8, top, item.body.width() - 16, (item.picture_rect.top() or item.body.bottom()) - top)
    _large_title(painter, item, zoom, room, 8.0)


def _large_title(painter: QPainter, item: NodeItem, zoom: float, room: QRectF, lowest: float) -> None:
    """The title as large as it can be read, in the middle of its room, or at most ``lowest`` from its top."""
    wanted = style.SMALLEST_TITLE / (style.pixels("title") * zoom)
    scale = min(wanted, room.height() / style.metrics("title").height())
    words = style.text(item.title or item.face.title, "title", room.width() / scale)
    size = words.size() * scale
    painter.save()
    painter.setPen(style.colour("text"))
    painter.setFont(style.font("title"))
    painter.translate(room.x(), room.y() + min((room.height() - size.height()) / 2, lowest))
    painter.scale(scale, scale)
    painter.drawStaticText(QPointF(0, 0), words)
    painter.restore()


def _ground(painter: QPainter, item: NodeItem) -> None:
    bad = bool(item.problems) or item.state.phase == "failed"
    edge: Colour = "accent" if item.isSelected() else "bad" if bad else "line"
    pen = QPen(style.pen(edge, 1.6 if item.isSelected() or bad else 1.0))
    if item.node.mode == "bypass" or not item.face.known:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(style.colour("node"))
    if definition_of(item.node.type):  # a second sheet below shows that there is something inside
        painter.drawRoundedRect(item.body.translated(3.5, 3.5), style.RADIUS, style.RADIUS)
    painter.drawRoundedRect(item.body, style.RADIUS, style.RADIUS)
    inner = item.body.adjusted(1, 1, -1, -1)
    painter.save()
    painter.setClipRect(QRectF(0, 0, item.body.width(), style.HEADER), Qt.ClipOperation.IntersectClip)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shade(item.asked.colour, 0.34) if item.asked.colour else style.colour("header"))
    painter.drawRoundedRect(inner, style.RADIUS - 1, style.RADIUS - 1)
    painter.restore()


def _header(painter: QPainter, item: NodeItem, zoom: float) -> None:
    """State, title and below them the id and what the state is in words; further out the title has it all."""
    state, left = item.state, style.PAD + 16
    middle = 15.5 if zoom >= style.PLAIN else style.HEADER / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.colour(PHASE_COLOURS[state.phase]))
    painter.drawEllipse(QPointF(style.PAD + 5, middle), 4, 4)
    painter.setFont(style.font("title"))
    right = badges.paint(painter, item, zoom)
    if zoom < style.PLAIN:
        _large_title(painter, item, zoom, QRectF(left, 0, right - left, style.HEADER), style.HEADER)
        return
    painter.setPen(style.colour("text"))
    title = style.text(item.title or item.face.title, "title", right - left)
    painter.drawStaticText(QPointF(left, middle - title.size().height() / 2), title)
    painter.setFont(style.font("small"))
    words = _badge(item)
    line = style.text(words, "small", item.body.width() - 80)
    painter.setPen(style.colour(PHASE_COLOURS[state.phase] if state.phase not in ("idle", "queued") else "faint"))
    right = item.body.width() - style.PAD - line.size().width()
    painter.drawStaticText(QPointF(right, 26), line)
    painter.setPen(style.colour("faint"))
    name = style.text(item.id, "small", max(20.0, right - left - 8) if words else item.body.width() - left - style.PAD)
    painter.drawStaticText(QPointF(left, 26), name)


def _badge(item: NodeItem) -> str:
    if item.node.mode == "mute":
        return tr("muted")
    if item.node.mode == "bypass":
        return tr("bypassed")
    if not item.face.known:
        return tr("not installed")
    return tr("failed") if item.state.phase == "failed" else state_line(item.state)


def _progress(painter: QPainter, item: NodeItem) -> None:
    state = item.state
    if state.phase != "running":
        return
    share = state.share
    bar = QRectF(1, style.HEADER - 2.5, item.body.width() - 2, 2.5)
    painter.fillRect(bar, style.colour("line"))
    painter.fillRect(QRectF(bar.x(), bar.y(), bar.width() * share, bar.height()), style.colour("busy"))


def _labels(painter: QPainter, item: NodeItem) -> None:
    painter.setFont(style.font("label"))
    width = item.body.width()
    half = width / 2 - 14 if item.inputs and item.outputs else width - 28
    for port in item.inputs:
        painter.setPen(style.colour("faint" if port.optional and not port.wires else "dim"))
        if port.stray:
            painter.setPen(style.colour("bad"))
        _beside(painter, style.text(readable(port.name), "label", half), port.y(), left=14)
    painter.setPen(style.colour("dim"))
    for port in item.outputs:
        _beside(painter, style.text(readable(port.name), "label", half), port.y(), right=width - 14)


def _beside(painter: QPainter, words: QStaticText, middle: float, left: float = 0.0, right: float = 0.0) -> None:
    """Write a line with its middle at a height, from the left or up to the right."""
    size = words.size()
    painter.drawStaticText(QPointF(right - size.width() if right else left, middle - size.height() / 2), words)


def _row(painter: QPainter, item: NodeItem, number: int) -> None:
    """One parameter: its name, and its value or that a wire gives it."""
    rect, param = item.rows[number], item.face.rows[number]
    fed = item.is_fed(number)
    value = item.value(param)
    missing = param.widget == "model" and any(problem.port == param.name for problem in item.problems)
    hot = item.pointer.hot_row == number and not fed
    painter.setPen(style.pen("bad" if missing else "faint", 1.0) if hot or missing else Qt.PenStyle.NoPen)
    painter.setBrush(style.colour("node" if fed else "row"))
    painter.drawRoundedRect(rect, 5, 5)
    painter.setFont(style.font("label"))
    middle = rect.y() + style.ROW / 2 - 2
    share = _share(param, value)
    if share > 0 and not fed:
        _fill(painter, rect, share)
    painter.setPen(style.colour("dim"))
    name = style.text(readable(param.name), "label", rect.width() * 0.62)
    _beside(painter, name, middle, left=rect.x() + 8)
    room = rect.width() - name.size().width() - 26
    right = rect.right() - 8
    if fed:
        painter.setPen(style.colour("faint"))
        _beside(painter, style.text(tr("from wire"), "small", room), middle, right=right)
    elif param.kind == "bool":
        _switch(painter, right, middle, bool(value))
    elif param.widget == "multiline":
        _paragraph(painter, rect.adjusted(8, style.ROW - 5, -8, -4), str(value))
    else:
        wrong = bool(param.fault(value)) or any(problem.port == param.name for problem in item.problems)
        if param.kind == "choice" or param.widget == "model":
            _chevron(painter, QPointF(right - 4, middle))
            right -= 14
        if param.widget == "seed":
            _seed(painter, item, number)
            right -= 20
            room -= 20 + item.mode_rect(number).width()
        painter.setFont(style.font("label"))
        painter.setPen(style.colour("bad" if wrong else "text"))
        side = "left" if param.kind == "path" or param.widget == "model" else "right"
        _beside(painter, style.text(shown(param, value), "label", max(room - 12, 30), side), middle, right=right)


def _seed(painter: QPainter, item: NodeItem, number: int) -> None:
    """What becomes of the seed after a run, and the dice."""
    mode = item.seeds.get(item.face.rows[number].name)
    area = item.mode_rect(number)
    painter.setPen(style.pen("accent" if mode else "line", 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(area, 4, 4)
    painter.setPen(style.colour("accent" if mode else "dim"))
    painter.setFont(style.font("small"))
    _beside(painter, style.text(seed_words(mode), "small"), area.center().y(), left=area.x() + 6)
    _dice(painter, item.dice_rect(number).center())


def _dice(painter: QPainter, middle: QPointF) -> None:
    painter.setPen(style.pen("dim", 1.2))
    painter.drawRoundedRect(QRectF(middle.x() - 6, middle.y() - 6, 12, 12), 3, 3)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.colour("dim"))
    for x, y in ((-3, -3), (3, -3), (0, 0), (-3, 3), (3, 3)):
        painter.drawEllipse(middle + QPointF(x, y), 1.1, 1.1)


def shown(param: Param, value: Any) -> str:
    """A value as a row writes it: one line."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if param.widget == "mask":
        return mask_words(str(value))
    if param.widget in WIDGETS:
        return places_words(str(value))
    if isinstance(value, str) and param.kind == "choice":
        return told_choice(param.name, value)
    if isinstance(value, str):
        return value.partition("\n")[0] or "–"
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    return str(value)


def _share(param: Param, value: Any) -> float:
    """Return how far a slider stands, from 0 to 1."""
    low, high = param.minimum, param.maximum
    if param.widget != "slider" or low is None or high is None or high <= low or not isinstance(value, (int, float)):
        return 0.0
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _fill(painter: QPainter, rect: QRectF, share: float) -> None:
    path = QPainterPath()
    path.addRoundedRect(rect, 5, 5)
    painter.save()
    painter.setClipRect(QRectF(rect.x(), rect.y(), rect.width() * share, rect.height()), Qt.ClipOperation.IntersectClip)
    painter.fillPath(path, style.colour("fill"))
    painter.restore()


def _switch(painter: QPainter, right: float, middle: float, on: bool) -> None:
    groove = QRectF(right - 26, middle - 7, 26, 14)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.colour("accent" if on else "line"))
    painter.drawRoundedRect(groove, 7, 7)
    painter.setBrush(style.colour("on_accent" if on else "dim"))
    painter.drawEllipse(QPointF(groove.right() - 7 if on else groove.left() + 7, middle), 4.6, 4.6)


def _chevron(painter: QPainter, at: QPointF) -> None:
    painter.save()
    painter.setPen(style.pen("dim", 1.4))
    painter.drawPolyline([at + QPointF(-4, -1.6), at + QPointF(0, 2.2), at + QPointF(4, -1.6)])
    painter.restore()


def _paragraph(painter: QPainter, rect: QRectF, words: str) -> None:
    painter.setPen(style.colour("text" if words else "faint"))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(rect, int(flags), words or tr("empty"))


def _note(painter: QPainter, item: NodeItem) -> None:
    """What is wrong, or what the result is short of, on a tinted ground."""
    if item.note_rect.isEmpty():
        return
    tone: Colour = "bad" if item.problems or item.state.phase == "failed" else "busy"
    ground = QColor(style.colour(tone))
    ground.setAlpha(34)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(item.note_rect, 5, 5)
    painter.setPen(style.colour(tone))
    painter.setFont(style.font("small"))
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(item.note_rect.adjusted(8, 3, -8, -3), int(flags), item.note)


def _dots(painter: QPainter, item: NodeItem) -> None:
    """The ports: filled where a wire is, hollow where one may go; a parameter's only when it matters."""
    faulty = {problem.port for problem in item.problems if problem.port}
    if item.collapsed:
        _folded_dots(painter, item, bool(faulty))
        return
    for port in item.ports():
        if port.is_row and not (port.wires or port.hovered or port.offered):
            continue
        _dot(painter, port, port.is_input and port.name in faulty)


def _dot(painter: QPainter, port: Port, faulty: bool) -> None:
    tone = style.port_colour(port.wire_type)
    radius = 6.5 if port.hovered or port.offered else 5.0
    painter.setPen(QPen(style.colour("bad") if faulty else tone, 1.8))
    painter.setBrush(tone if port.wires or not port.is_input or port.hovered else style.colour("node"))
    if port.offered and not port.wires:
        painter.setBrush(tone.darker(140))
    _shape(painter, port.pos(), outline(port.wire_type, radius))


def _shape(painter: QPainter, at: QPointF, path: QPainterPath) -> None:
    painter.translate(at)
    painter.drawPath(path)
    painter.translate(-at)


def _folded_dots(painter: QPainter, item: NodeItem, faulty: bool) -> None:
    """A folded node has one dot for all that comes in, and its output or one dot for all of them."""
    painter.setPen(QPen(style.colour("bad" if faulty else "faint"), 1.8))
    painter.setBrush(style.colour("node"))
    if any(port.wires for port in item.ports() if port.is_input):
        painter.drawEllipse(QPointF(0, style.HEADER / 2), 4, 4)
    if len(item.outputs) == 1:
        _dot(painter, item.outputs[0], False)
    elif item.outputs:
        painter.drawEllipse(QPointF(item.body.width(), style.HEADER / 2), 4, 4)
