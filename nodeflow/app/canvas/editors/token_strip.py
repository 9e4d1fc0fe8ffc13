"""The tokens of a text as small boxes, darker or lighter by their weights, chunk by chunk."""

from __future__ import annotations

import html

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from nodeflow.app.canvas.editors.token_reading import ShownToken, TokenReading
from nodeflow.app.i18n.texts import tr
from nodeflow.app.qt import theme

MAX_TOKENS = 1000
"""More of them are counted, not shown."""
_STRONGEST = 0.6
"""How far a weight of 2 or more, or of 0, is from the ground."""


class TokenStrip(QTextEdit):
    """Shows tokens; nothing is written here."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Tokens"))

    def show_tokens(self, reading: TokenReading) -> None:
        """Show the tokens of a text; the strip goes where there are none."""
        left, several, lines = MAX_TOKENS, len(reading.chunks) > 1, list[str]()
        for chunk in reading.chunks:
            head = f'<span style="color:{theme.colour("dim").name()}">{chunk.label}</span> ' if several else ""
            lines.append(head + " ".join(map(_box, chunk.tokens[:left])))
            left = max(left - len(chunk.tokens), 0)
        self.setHtml("<br>".join(lines))
        self.setVisible(any(chunk.tokens for chunk in reading.chunks))


def _box(token: ShownToken) -> str:
    words = html.escape(token.letters).replace(" ", "&nbsp;")
    weight = "" if token.weight == 1 else f"<sub>{token.weight:.3g}</sub>"
    ground, style = _ground(token.weight), "text-decoration:line-through;" if token.lost else ""
    ink = theme.colour("dim" if token.lost or token.weight < 1 else "text").name()
    return f'<span style="{style}background-color:{ground};color:{ink}">&nbsp;{words}{weight}&nbsp;</span>'


def _ground(weight: float) -> str:
    plain, strong = theme.colour("raised"), theme.colour("accent" if weight > 1 else "field")
    share = min(abs(weight - 1), 1) * _STRONGEST
    mixed = (round(one + share * (other - one)) for one, other in zip(_rgb(plain), _rgb(strong), strict=True))
    return QColor(*mixed).name()


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
