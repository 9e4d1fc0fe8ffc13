"""A short tour of the window: a card that tells of one place after another, left at any moment, in nobody's way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.commands.registry import Actions
from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt import theme

WIDTH, GAP = 380, 14


class TourStop(NamedTuple):
    """A place of the window, and what is told of it."""

    title: str
    words: str
    place: Callable[[], QWidget | None]


class TourPlaces(NamedTuple):
    """The places of a window that a tour goes to; None where one is not to be seen."""

    canvas: Callable[[], QWidget | None]
    run: Callable[[], QWidget | None]
    preview: Callable[[], QWidget | None]
    inspector: Callable[[], QWidget | None]
    menus: Callable[[], QWidget | None]


def stops(actions: Actions, places: TourPlaces) -> list[TourStop]:
    """The stops of the tour, with the keys that hold now."""

    def keys(id: str) -> str:
        return actions.entries[id].shown_keys or actions.entries[id].words

    return [
        TourStop(
            tr("A workflow"),
            tr(
                "Each box is a part of the model, each wire carries what one part gives to the next. Drag the ground to"
                " move, turn the wheel or pinch to zoom; {0} shows everything."
            ).format(keys("view.frame_all")),
            places.canvas,
        ),
        TourStop(
            tr("Change something"),
            tr("Click a row of a node to write another text or number. {0} takes any change back.").format(
                keys("edit.undo")
            ),
            places.canvas,
        ),
        TourStop(
            tr("Run it"),
            tr("{0} runs the workflow. Only what a change concerns is computed again; {1} stops it.").format(
                keys("run.run"), keys("run.cancel")
            ),
            places.run,
        ),
        TourStop(
            tr("The image"),
            tr("Here it comes into being, step by step. Copy it, save it, or take its seed for the next run."),
            places.preview,
        ),
        TourStop(
            tr("Look inside"),
            tr("Select a node: the inspector shows what flows through it, such as the latent at every step."),
            places.inspector,
        ),
        TourStop(
            tr("Build on"),
            tr("{0} on the canvas finds a node by a few letters, or by ComfyUI's name; or drop a wire on the ground.")
            .format(keys("node.add")),
            places.canvas,
        ),
        TourStop(
            tr("Find the rest"),
            tr(
                "{0} finds every command by its words, {1} lists the keys. The course in the view menu explains how the"
                " models work."
            ).format(keys("help.palette"), keys("help.keys")),
            places.menus,
        ),
    ]  # fmt: skip


class TourCard(QFrame):
    """The card. The window is used as usual meanwhile. ``left``: the tour is over."""

    left = Signal()

    def __init__(self, window: QWidget, stops: Sequence[TourStop]) -> None:
        super().__init__(window)
        self._window, self._stops, self.at = window, stops, 0
        self.setObjectName("overlay")
        self.setAccessibleName(self.tr("Short tour"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.title, self.words, self.count = QLabel(), QLabel(), QLabel()
        self.title.setObjectName("heading")
        self.count.setObjectName("dim")
        self.words.setWordWrap(True)
        self.back, self.next = QPushButton(self.tr("Back")), QPushButton()
        self.leave = QPushButton(self.tr("Leave"))
        buttons = QHBoxLayout()
        buttons.addWidget(self.count)
        buttons.addStretch()
        for button in (self.leave, self.back, self.next):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(10)
        column.addWidget(self.title)
        column.addWidget(self.words)
        column.addLayout(buttons)
        self.mark = TourMark(window)
        self.leave.clicked.connect(self.end)
        self.back.clicked.connect(lambda: self.go(self.at - 1))
        self.next.clicked.connect(lambda: self.go(self.at + 1))
        window.installEventFilter(self)
        self.go(0)
        self.next.setFocus()

    def go(self, at: int) -> None:
        """Tell of a stop; behind the last one the tour is over."""
        if at >= len(self._stops):
            self.end()
            return
        self.at = max(at, 0)
        stop = self._stops[self.at]
        self.title.setText(stop.title)
        self.words.setText(stop.words)
        self.setAccessibleDescription(stop.words)
        self.count.setText(f"{self.at + 1} / {len(self._stops)}")
        self.back.setEnabled(self.at > 0)
        self.next.setText(self.tr("Next") if self.at + 1 < len(self._stops) else self.tr("Done"))
        self._stand()
        self.show()
        self.raise_()

    def end(self) -> None:
        """Leave the window as it was."""
        self._window.removeEventFilter(self)
        self.hide()
        self.mark.hide()
        for widget in (self, self.mark):
            widget.deleteLater()
        self.left.emit()

    def _stand(self) -> None:
        """Stand beside the place, or within one that leaves no room beside it, and mark it."""
        room = self._window.rect().adjusted(GAP, GAP, -GAP, -GAP)
        width = min(WIDTH, room.width())
        self.setFixedWidth(width)
        self.resize(QSize(width, self.heightForWidth(width)) if self.hasHeightForWidth() else self.sizeHint())
        place = self._stops[self.at].place()
        seen = place is not None and place.isVisible()
        area = QRect(place.mapTo(self._window, QPoint()), place.size()) if place is not None and seen else QRect()
        self.mark.surround(area)
        self.move(_beside(area, self.size(), room) if seen else room.center() - self.rect().center())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Return: 1, Qt.Key.Key_Enter: 1}
        if event.key() in steps:
            self.go(self.at + steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_escape(event):
            event.accept()
            self.end()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._stand()
        return super().eventFilter(watched, event)


class TourMark(QWidget):
    """A line around the place that is told of; it takes no clicks."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def surround(self, area: QRect) -> None:
        """Stand around an area of the window; nowhere for an empty one."""
        self.setGeometry(area.adjusted(-3, -3, 3, 3))
        self.setVisible(not area.isEmpty())
        self.raise_()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -2, -2), 7, 7)


def _is_escape(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Escape


def _beside(area: QRect, size: QSize, room: QRect) -> QPoint:
    """Where a card stands: left, below, above or right of an area, else at its lower left corner, within the room."""
    corners = (
        QPoint(area.left() - size.width() - GAP, area.top()),
        QPoint(area.center().x() - size.width() // 2, area.bottom() + GAP),
        QPoint(area.center().x() - size.width() // 2, area.top() - size.height() - GAP),
        QPoint(area.right() + GAP, area.top()),
    )
    inside = QPoint(area.left() + GAP, area.bottom() - size.height() - GAP)
    held = [_within(corner, size, room) for corner in corners]
    return next((corner for corner in held if _free(corner, size, area)), _within(inside, size, room))


def _free(corner: QPoint, size: QSize, area: QRect) -> bool:
    return not QRect(corner, size).intersects(area)


def _within(corner: QPoint, size: QSize, room: QRect) -> QPoint:
    x = min(max(corner.x(), room.left()), max(room.right() - size.width(), room.left()))
    y = min(max(corner.y(), room.top()), max(room.bottom() - size.height(), room.top()))
    return QPoint(x, y)
