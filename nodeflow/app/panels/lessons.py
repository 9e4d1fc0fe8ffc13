"""Lessons: for each kind of node what lies behind it, in a few sentences with formulas. Texts stand in assets/lessons.

A lesson is paragraphs of plain text; ``$...$`` is a formula in a line, ``$$...$$`` one by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from nodeflow.resources import folder

Draw = Callable[[str, bool], str]
"""HTML for a formula; whether it stands in a line."""


def lesson(node_type: str) -> str:
    """The lesson of a built-in node; empty where there is none."""
    pack, _, name = node_type.partition(".")
    path = folder("assets") / "lessons" / f"{name}.md"
    return path.read_text(encoding="utf-8") if pack == "nodes" and re.fullmatch(r"\w+", name) and path.is_file() else ""


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
