"""Texts of widgets held against the room that they have, and widgets against their neighbours."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QSize
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDockWidget,
    QLabel,
    QMainWindow,
    QMenuBar,
    QTabBar,
    QToolBar,
    QWidget,
)

from nodeflow.app.qt.squeezed_box import SqueezedBox
from nodeflow.app.qt.squeezed_label import SqueezedLabel

SLACK = 1
"""Pixels that a text may be wider than its room, for rounding."""
MAY_COVER = ("overlay", "toast", "notice")
"""Names of widgets that stand over others on purpose."""


def misfits(root: QWidget) -> list[str]:
    """What does not fit in a widget and in all that are seen inside it: texts that are cut, widgets that overlap."""
    seen = [one for one in (root, *root.findChildren(QWidget)) if one.isVisible() and _shown(one)]
    found = [words for one in seen for words in _cut(one)]
    return found + [words for one in seen for words in (*_overlaps(one), *_covered(one))]


def _shown(widget: QWidget) -> bool:
    return not widget.visibleRegion().isEmpty()


def _told(widget: QWidget, text: str, wanted: QSize | int, has: QSize | int) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r} {text[:60]!r}: needs {wanted}, has {has}"


def _cut(widget: QWidget) -> Iterator[str]:
    """Yield each text of a widget that is larger than its room."""
    if isinstance(widget, QLabel) and widget.text():
        yield from _cut_label(widget)
    elif isinstance(widget, QAbstractButton) and widget.text():
        text = widget.text().replace("&", "")
        needs = max(widget.fontMetrics().horizontalAdvance(line) for line in text.splitlines() or [""])
        if needs > widget.width() + SLACK:
            yield _told(widget, text, needs, widget.width())
        if widget.fontMetrics().height() > widget.height() + SLACK:
            yield _told(widget, text, widget.fontMetrics().height(), widget.height())
    elif isinstance(widget, QTabBar):
        for tab in range(widget.count()):
            needs, has = widget.fontMetrics().horizontalAdvance(widget.tabText(tab)), widget.tabRect(tab).width()
            if needs > has + SLACK:
                yield _told(widget, widget.tabText(tab), needs, has)
    elif isinstance(widget, QComboBox) and not widget.isEditable() and not isinstance(widget, SqueezedBox):
        has = widget.width() - 24
        for text in map(widget.itemText, range(widget.count())):  # any of them may be chosen
            if (needs := widget.fontMetrics().horizontalAdvance(text)) > has + SLACK:
                yield _told(widget, text, needs, has)
    elif isinstance(widget, QDockWidget) and widget.titleBarWidget() is None:
        needs = widget.fontMetrics().horizontalAdvance(widget.windowTitle())
        if needs > widget.width() - 60:
            yield _told(widget, widget.windowTitle(), needs, widget.width() - 60)


def _cut_label(label: QLabel) -> Iterator[str]:
    if isinstance(label, SqueezedLabel):  # it says itself that it is cut, and the tip says the whole
        return
    room = label.contentsRect().adjusted(label.margin(), label.margin(), -label.margin(), -label.margin())
    if label.wordWrap():
        needs = label.heightForWidth(label.width())
        if needs > label.height() + SLACK:
            yield _told(label, label.text(), needs, label.height())
        return
    if label.text().startswith("<"):
        document = QTextDocument()
        document.setDefaultFont(label.font())
        document.setHtml(label.text())
        needs = round(document.idealWidth() - 2 * document.documentMargin())
    else:
        needs = max(label.fontMetrics().horizontalAdvance(line) for line in label.text().splitlines() or [""])
    if needs > room.width() + SLACK:
        yield _told(label, label.text(), needs, room.width())
    if label.fontMetrics().height() > room.height() + 2 * SLACK:
        yield _told(label, label.text(), label.fontMetrics().height(), room.height())


def _covered(widget: QWidget) -> Iterator[str]:
    """Yield the menus of a bar that another widget lies over."""
    for action in widget.actions() if isinstance(widget, QMenuBar) else ():
        window = widget.window()
        over = window.childAt(widget.mapTo(window, widget.actionGeometry(action).center()))
        if over is not None and over is not widget and over.objectName() not in MAY_COVER:
            yield f"{type(over).__name__} {over.geometry()} lies over the menu {action.text()!r}"


def _overlaps(parent: QWidget) -> Iterator[str]:
    """Yield the children of a widget that lie over each other."""
    if isinstance(parent, (QMainWindow, QMenuBar, QToolBar, QComboBox)):
        return
    layout = parent.layout()
    if layout is None:
        return
    # of items, which Python would hold after Qt has done away with them, nothing is asked
    held = [one for one in parent.children() if isinstance(one, QWidget) and layout.indexOf(one) >= 0]
    children = [one for one in held if one.isVisible() and one.objectName() not in MAY_COVER]
    for number, one in enumerate(children):
        for other in children[number + 1 :]:
            both = one.geometry().intersected(other.geometry())
            if both.width() > SLACK and both.height() > SLACK:
                yield f"{type(one).__name__} {one.objectName()!r} lies over {type(other).__name__} by {both.size()}"
