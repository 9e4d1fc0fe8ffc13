"""A workflow as a small image, drawn from its layout: boxes and wires. Made on any thread."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from nodeflow.app.qt import theme
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Placement, Workflow

_WIDE, _HIGH, _HEAD, _ROW = 252.0, 60.0, 40.0, 24.0


def sketch(workflow: Workflow, catalogue: Catalogue, size: QSize) -> QImage:
    """The whole workflow in the colours of the theme in force; nodes without a place stand in a row."""
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(theme.colour("canvas"))
    boxes = _boxes(workflow, catalogue)
    if not boxes:
        return image
    area = QRectF()
    for box in boxes.values():
        area = area.united(box)
    area.adjust(-60, -60, 60, 60)
    scale = min(size.width() / area.width(), size.height() / area.height(), 0.5)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(size.width() / 2, size.height() / 2)
    painter.scale(scale, scale)
    painter.translate(-area.center())
    for link in workflow.links.values():
        if link.source in boxes and link.target in boxes:
            spec = catalogue.nodes.get(workflow.nodes[link.source].type)
            port = spec.output(link.output) if spec else None
            start, end = boxes[link.source], boxes[link.target]
            painter.setPen(QPen(theme.wire_colour(port.type) if port else theme.colour("faint"), 5))
            painter.drawPath(_wire(QPointF(start.right(), start.top() + _HEAD + 14), end.topLeft() + QPointF(0, 54)))
    for name, box in boxes.items():
        dim = workflow.nodes[name].mode != "run"
        painter.setPen(QPen(theme.colour("line"), 3))
        painter.setBrush(theme.colour("node"))
        painter.setOpacity(0.5 if dim else 1.0)
        painter.drawRoundedRect(box, 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(QRectF(box.x() + 14, box.y() + 13, box.width() * 0.55, 14), 6, 6)
        painter.setBrush(QColor(theme.current().row))
        rows = int((box.height() - _HIGH) // _ROW)
        for row in range(rows):
            place = QRectF(box.x() + 14, box.y() + _HEAD + 24 + row * _ROW, box.width() - 28, 15)
            painter.drawRoundedRect(place, 5, 5)
    painter.end()
    return image


def _boxes(workflow: Workflow, catalogue: Catalogue) -> dict[str, QRectF]:
    boxes = {}
    for number, (name, node) in enumerate(workflow.nodes.items()):
        spec = catalogue.nodes.get(node.type)
        place = workflow.layout.get(name, Placement(300.0 * number, 0))
        high = _HIGH + _ROW * (max(len(spec.inputs), len(spec.outputs)) + len(spec.params) if spec else 1)
        boxes[name] = QRectF(place.x, place.y, _WIDE, high)
    return boxes


def _wire(start: QPointF, end: QPointF) -> QPainterPath:
    bend = max(60.0, abs(end.x() - start.x()) / 2)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(bend, 0), end - QPointF(bend, 0), end)
    return path
