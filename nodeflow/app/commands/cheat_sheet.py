"""The cheat sheet: all keys, and what the pointer does on the canvas, on one page."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from nodeflow.app.commands.registry import ActionEntry, Actions, categories, plain
from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt import theme

_COLUMNS = 3


class CheatSheet(QDialog):
    """Made anew from the registry whenever it opens."""

    def __init__(self, parent: QWidget, actions: Actions) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and pointer"))
        self.page = QTextBrowser()
        self.page.setAccessibleName(self.tr("Keys and pointer"))
        self.page.setHtml(page(actions))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.change = buttons.addButton(self.tr("Change keys…"), QDialogButtonBox.ButtonRole.ActionRole)
        self.change.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.addWidget(self.page)
        layout.addWidget(buttons)
        self.resize(min(1080, parent.width() - 60), min(720, parent.height() - 60))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)


def pointer() -> list[tuple[str, str]]:
    """Return what the pointer does on the canvas."""
    return [
        (tr("Double click on empty canvas"), tr("add a node")),
        (tr("Drag from a port"), tr("lay a wire; on empty canvas: search what fits")),
        (tr("Click a value"), tr("edit it")),
        (tr("Drag a number"), tr("change it; Shift fine, Ctrl coarse")),
        (tr("Double click a title"), tr("rename the node")),
        (tr("Drag a node onto a wire"), tr("put it into the wire")),
        (tr("Alt+Drag a node"), tr("pull it out of its wires")),
        (tr("Double click or Alt+Click a wire"), tr("add a dot that leads the wire around")),
        (tr("Drag the title of a frame"), tr("move it with what lies in it")),
        (tr("Drag on empty canvas"), tr("select what lies in the frame")),
        (tr("Alt+Shift+Drag across wires"), tr("cut them")),
        (tr("Middle button, Space"), tr("move the canvas")),
        (tr("Wheel"), tr("zoom")),
    ]


def page(actions: Actions) -> str:
    """The sheet as HTML: the blocks set into columns of about one height."""
    blocks = [(plain(title), [_row(e) for e in actions.of(id) if e.keys]) for id, title in categories().items()]
    blocks.append((tr("Pointer"), pointer()))
    blocks = [(title, rows) for title, rows in blocks if rows]
    columns: list[list[str]] = [[] for _ in range(_COLUMNS)]
    heights = [0] * _COLUMNS
    for title, rows in blocks:
        shortest = heights.index(min(heights))
        columns[shortest].append(_block(title, rows))
        heights[shortest] += len(rows) + 3
    cells = "".join(f"<td width='33%' style='padding-right:26px'>{''.join(column)}</td>" for column in columns)
    return f"<table width='100%' cellspacing='0'><tr>{cells}</tr></table>"


def _row(entry: ActionEntry) -> tuple[str, str]:
    keys = [QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in entry.keys]
    return ", ".join(keys), plain(entry.words)


def _block(title: str, rows: list[tuple[str, str]]) -> str:
    t = theme.current()
    lines = "".join(
        f"<tr><td style='padding:3px 14px 3px 0; color:{t.text}'>{escape(words)}</td>"
        f"<td align='right' style='padding:3px 0; color:{t.dim}'>{escape(keys)}</td></tr>"
        for keys, words in rows
    )
    head = f"<p style='color:{t.accent}; font-weight:600; margin:10px 0 2px 0'>{escape(title)}</p>"
    return f"{head}<table width='100%' cellspacing='0'>{lines}</table>"
