"""A row of widgets that goes on in a next row where it is too narrow."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Lays widgets out like words; what may grow takes the room that is left in its row."""

    def __init__(self, parent: QWidget | None = None, spacing: int = 6) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._wide = 0
        """Pixels that there are, once that is known."""
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = self._rows(width)
        return sum(_height(row) for row in rows) + self.spacing() * max(len(rows) - 1, 0)

    def sizeHint(self) -> QSize:
        seen = self._seen()
        wide = sum(item.sizeHint().width() for item in seen) + self.spacing() * max(len(seen) - 1, 0)
        return QSize(wide, _height(seen))

    def minimumSize(self) -> QSize:
        seen = self._seen()
        high = self.heightForWidth(self._wide) if self._wide else _height(seen)
        return QSize(max((item.minimumSize().width() for item in seen), default=0), high)

    def setGeometry(self, area: QRect) -> None:
        super().setGeometry(area)
        if area.width() != self._wide:
            self._wide = area.width()
            self.invalidate()
        y = area.y()
        for row in self._rows(area.width()):
            high = _height(row)
            spare = area.width() - sum(_width(item) for item in row) - self.spacing() * (len(row) - 1)
            growing = [item for item in row if item.expandingDirections() & Qt.Orientation.Horizontal]
            x = area.x()
            for item in row:
                more = spare // len(growing) if item in growing else 0
                wide = max(min(_width(item) + more, area.width()), 0)
                item.setGeometry(QRect(x, y + (high - item.sizeHint().height()) // 2, wide, item.sizeHint().height()))
                x += wide + self.spacing()
            y += high + self.spacing()

    def _seen(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _rows(self, width: int) -> list[list[QLayoutItem]]:
        rows: list[list[QLayoutItem]] = []
        used = 0
        for item in self._seen():
            wide = _width(item)
            if rows and used + self.spacing() + wide <= width:
                rows[-1].append(item)
                used += self.spacing() + wide
            else:
                rows.append([item])
                used = wide
        return rows


def _width(item: QLayoutItem) -> int:
    return max(item.sizeHint().width(), item.minimumSize().width())


def _height(items: list[QLayoutItem]) -> int:
    return max((item.sizeHint().height() for item in items), default=0)
