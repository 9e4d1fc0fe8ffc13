"""Interface between every floating editor and its canvas: what it is given, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

from nodeflow.app.canvas.editors.token_reading import TokenReading
from nodeflow.app.model.model_choices import ModelChoices

Commit = Callable[[Any], None]
Count = Callable[[str, Callable[[TokenReading], object], QObject], None]
Convert = Callable[[Path, Commit], object]
"""Asks whether a file that can hold programs is to be converted, and hands on the name of what was made of it."""


def _stay(_: int) -> None:
    """There is no other row to go on to."""


def _drop(_: Any) -> None:
    """There is nothing to set."""


def _keep_out(_: Path, __: Commit) -> None:
    """Nothing is converted."""


def _silent(_: str) -> None:
    """There is nobody to tell."""


@dataclass(frozen=True)
class Desk:
    """``commit`` takes the value, ``close`` the editor away; ``go_on`` opens the next row (1) or the one before (-1).

    ``count`` tells the tokens of a text, and again when it knows better; to whom it is told comes last.
    ``refuse`` tells the person why what is written is not taken. ``later`` takes the value also when the editor is
    closed by then. ``models`` are those to choose from, ``convert`` is for files that can hold programs.
    """

    commit: Commit
    close: Callable[[], None]
    go_on: Callable[[int], None] = _stay
    count: Count | None = None
    refuse: Callable[[str], None] = _silent
    later: Commit = _drop
    models: ModelChoices | None = None
    convert: Convert = _keep_out


class Editor(Protocol):
    """A floating widget over a row: it keeps what it holds when the canvas moves on."""

    def keep(self) -> None:
        """Hand the value over and close."""
        ...

    def hasFocus(self) -> bool: ...
    def hide(self) -> None: ...
    def deleteLater(self) -> None: ...


def keeps_escape(event: QEvent) -> bool:
    """Escape closes an editor; it does not cancel the run meanwhile."""
    escape = (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and event.key() == Qt.Key.Key_Escape
    )
    if escape:
        event.accept()
    return escape
