"""A short-lived message on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from nodeflow.app.i18n.sentences import said
from nodeflow.app.qt import theme


class Toast(QLabel):
    """One sentence that stands near a point of its parent for some seconds and takes no clicks."""

    SECONDS = 5.0

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._parent = parent
        self.setAccessibleName(self.tr("Message"))
        self.setObjectName("toast")
        self.setWordWrap(True)
        self.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)

    def tell(self, words: str) -> None:
        """Show a sentence on what went well."""
        self.say(words, edge="accent")

    def say(self, words: str, at: QPoint | None = None, edge: theme.Colour = "bad") -> None:
        """Show a sentence below a point, or at the foot of the parent."""
        t = theme.current()
        self.setStyleSheet(
            f"#toast {{ background: {t.raised}; color: {t.text}; padding: 8px 12px;"
            f" border: 1px solid {getattr(t, edge)}; border-radius: 7px; }}"
        )
        self.setText(said(words))
        self.setAccessibleDescription(words)
        room = self._parent.rect().adjusted(12, 12, -12, -12)
        width = min(420, room.width(), self.fontMetrics().horizontalAdvance(words) + 30)
        self.setFixedSize(width, self.heightForWidth(width))
        if at is None:
            at = QPoint(room.center().x(), room.bottom() - self.height() - 22)
        x = min(max(at.x() - width // 2, room.left()), room.right() - width)
        y = min(max(at.y() + 18, room.top()), room.bottom() - self.height())
        self.move(x, y)
        self.show()
        self.raise_()
        self._timer.start(round(self.SECONDS * 1000))
