"""Lessons: for each kind of node what lies behind it, in a few sentences with formulas. Texts stand in assets/lessons,
those in other languages in a folder of theirs (assets/lessons/zh_CN).

A lesson is paragraphs of plain text; ``$...$`` is a formula in a line, ``$$...$$`` one by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from nodeflow.app.i18n.pack_translations import language
from nodeflow.resources import folder

Draw = Callable[[str, bool], str]
"""HTML for a formula; whether it stands in a line."""


def lesson(node_type: str, spoken: str = "") -> str:
    """The lesson of a built-in node in the person's language, or in the one named; in English where it is not
    translated, empty where there is none.
    """
    pack, _, name = node_type.partition(".")
    if pack != "nodes" or not re.fullmatch(r"\w+", name):
        return ""
    place = folder("assets") / "lessons"
    paths = (place / (spoken or language()) / f"{name}.md", place / f"{name}.md")
    return next((path.read_text(encoding="utf-8") for path in paths if path.is_file()), "")


def lesson_html(text: str, words: Callable[[str], str], draw: Draw) -> str:
    """A lesson as HTML: ``words`` turns running text into it, ``draw`` formulas."""
    parts = []
    for block in text.split("\n\n"):
        if block.startswith("$$"):
            parts.append(f"<p align='center'>{draw(block.strip().strip('$'), False)}</p>")
        elif block.strip():
            pieces = re.split(r"\$(.+?)\$", block)
            line = "".join(draw(piece, True) if at % 2 else _spaced(piece, words) for at, piece in enumerate(pieces))
            parts.append(f"<p>{line}</p>")
    return "".join(parts)


def _spaced(piece: str, words: Callable[[str], str]) -> str:
    """Running text with the space beside the formulas around it."""
    before, after = (" " if end.isspace() else "" for end in (piece[:1], piece[-1:]))
    return f"{before}{words(piece)}{after}"


def formulas(text: str) -> list[str]:
    """The formulas of a lesson, in order."""
    return [found.strip("$") for found in re.findall(r"\$\$.+?\$\$|\$.+?\$", text, flags=re.DOTALL)]
