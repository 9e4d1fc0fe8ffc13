"""Noise levels as a curve over the steps, drawn by mouse and keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from nodeflow.app.qt import theme
from nodeflow.app.qt.levels_drawing import LevelsDrawing

LEFT, FOOT, AIR = 64, 28, 14
"""Pixels for the numbers at the side, for those below, and elsewhere."""
POINT = 3.5
MOST_POINTS = 120
"""More levels than these are a line alone."""
RULES = 5
"""Lines across, from the foot to the top."""
STEP, FINE = 0.02, 0.002
"""How far an arrow moves a level, as a share of the height, and how far with Shift."""

_KEYS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Up, Qt.Key.Key_Down)


class LevelsView(QWidget):
    """A drag draws the curve; Left and Right choose a level, Up and Down move it, with Shift finely."""

    def __init__(self, drawing: LevelsDrawing) -> None:
        super().__init__()
        self.drawing = drawing
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 160)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(self.tr("Noise levels"))
        drawing.changed.connect(self.update)

    # --- looks

    @property
    def area(self) -> QRectF:
        """Where the curve lies in the widget."""
        return QRectF(LEFT, AIR, max(self.width() - LEFT - AIR, 1), max(self.height() - FOOT - AIR, 1))

    def point(self, number: int) -> QPointF:
        """Where a level lies in the widget."""
        area, drawing = self.area, self.drawing
        x = area.left() + area.width() * number / max(drawing.steps, 1)
        return QPointF(x, area.bottom() - area.height() * drawing.height_of(drawing.levels[number]))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("canvas"))
        self._draw_rules(painter)
        points = [self.point(number) for number in range(len(self.drawing.levels))]
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent"))
        for point in points if len(points) <= MOST_POINTS else ():
            painter.drawEllipse(point, POINT, POINT)
        painter.setPen(QPen(theme.colour("text"), 2))
        painter.drawEllipse(points[self.drawing.chosen], 2 * POINT, 2 * POINT)

    def _draw_rules(self, painter: QPainter) -> None:
        area, drawing = self.area, self.drawing
        for rule in range(RULES + 1):
            height = rule / RULES
            y = area.bottom() - area.height() * height
            painter.setPen(theme.colour("line"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("dim"))
            side = QRectF(0, y - 12, LEFT - 8, 24)
            painter.drawText(side, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _short(drawing, height))
        for number in {0, drawing.steps // 2, drawing.steps}:
            middle = area.left() + area.width() * number / max(drawing.steps, 1)
            width = 80.0
            x = min(max(middle - width / 2, 0.0), max(self.width() - width, 0.0))
            below = QRectF(x, area.bottom() + 4, width, FOOT - 4)
            ends = {0: Qt.AlignmentFlag.AlignHCenter, drawing.steps: Qt.AlignmentFlag.AlignRight}
            painter.drawText(below, ends.get(number, Qt.AlignmentFlag.AlignHCenter), str(number))

    # --- hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            number, height = self._under(event.position())
            self.drawing.begin()
            self.drawing.choose(number)
            self.drawing.put(number, height)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.drawing.draw_to(*self._under(event.position()))

    def _under(self, pos: QPointF) -> tuple[int, float]:
        """The level nearest to a point of the widget, and its height there."""
        area, steps = self.area, self.drawing.steps
        number = round((pos.x() - area.left()) / area.width() * steps)
        return min(max(number, 0), steps), (area.bottom() - pos.y()) / area.height()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            event.accept()  # no action of a window takes these keys away
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        drawing, key = self.drawing, event.key()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            drawing.choose(drawing.chosen + (1 if key == Qt.Key.Key_Right else -1))
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            drawing.choose(0 if key == Qt.Key.Key_Home else drawing.steps)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            far = FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
            way = far if key == Qt.Key.Key_Up else -far
            drawing.begin()
            drawing.put(drawing.chosen, drawing.height_of(drawing.levels[drawing.chosen]) + way)
        else:
            super().keyPressEvent(event)


def _short(drawing: LevelsDrawing, height: float) -> str:
    return f"{drawing.level_at(height):.3g}"
