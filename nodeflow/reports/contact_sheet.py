"""Contact sheets: images in rows and columns, with words beside them. By Pillow; no torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageDraw

from nodeflow.reports.sign_font import font_for

SIDES = (160, 384)
"""The least and the most pixels of a cell's longer side."""
LARGEST = 8000
"""About the most pixels of a sheet's longer side."""
HEAD_WIDTH = 180
"""Pixels of the words at the head of a row."""
GAP, MARGIN, LINE, LINES = 10, 20, 19, 4
FONT_SIZE = 15
PAPER, INK, FAINT, EMPTY = "#ffffff", "#1d2126", "#7b838e", "#eceef1"


class Cell(NamedTuple):
    """Hold what stands at one place: images side by side, or words where there are none; ``caption`` stands below."""

    pictures: tuple[Image.Image, ...] = ()
    words: str = ""
    caption: str = ""


class SheetHeadings(NamedTuple):
    """Words for the rows and the columns, and above each of the two what they are values of."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    of_rows: str = ""
    of_columns: str = ""


def grid(cells: Sequence[Cell], columns: int = 0, heads: SheetHeadings | None = None, title: str = "") -> Image.Image:
    """A sheet of cells, row by row; ``columns`` 0: as many as make it about square, all in one row up to six."""
    count = columns or (len(cells) if len(cells) <= 6 else math.ceil(math.sqrt(len(cells))))
    return _Sheet(cells, max(count, 1), heads or SheetHeadings((), (), "", title)).draw()


class _Sheet:
    def __init__(self, cells: Sequence[Cell], columns: int, heads: SheetHeadings) -> None:
        self.cells, self.columns, self.heads = cells, columns, heads
        self.rows = -(-len(cells) // columns)
        self.font = font_for(_texts(cells, heads), FONT_SIZE)
        self.width, self.height = self._cell_size()
        self.captions = max((len(self._wrapped(cell.caption, self.width)) for cell in cells), default=0)
        words = max((len(self._wrapped(text, self.width)) for text in heads.columns), default=0)
        above = LINE * max(words + bool(heads.of_columns), len(self._wrapped(heads.of_rows, HEAD_WIDTH)))
        self.left = MARGIN + (self._head_width(heads) + GAP if heads.rows else 0)
        self.top = MARGIN + (above + GAP if above else 0)

    def _cell_size(self) -> tuple[int, int]:
        """Pixels of a cell: as the largest image, within what a sheet can hold."""
        sizes = [_row_size(cell.pictures) for cell in self.cells if cell.pictures] or [(1, 1)]
        width, height = max(size[0] for size in sizes), max(size[1] for size in sizes)
        most = min(SIDES[1], LARGEST // max(self.columns, self.rows))
        side = max(width, height)
        scale = min(max(side, SIDES[0]), max(most, 16)) / side
        return max(round(width * scale), 1), max(round(height * scale), 1)

    def draw(self) -> Image.Image:
        down = self.height + self.captions * LINE + GAP
        size = (
            self.left + self.columns * (self.width + GAP) - GAP + MARGIN,
            self.top + self.rows * down - GAP + MARGIN,
        )
        sheet = Image.new("RGB", size, PAPER)
        pen = ImageDraw.Draw(sheet)
        for index, cell in enumerate(self.cells):
            row, column = divmod(index, self.columns)
            x, y = self.left + column * (self.width + GAP), self.top + row * down
            self._cell(sheet, pen, cell, x, y)
        self._heads(pen, self.heads, down)
        return sheet

    def _cell(self, sheet: Image.Image, pen: ImageDraw.ImageDraw, cell: Cell, x: int, y: int) -> None:
        if cell.pictures:
            row = _row(cell.pictures)
            scale = min(self.width / row.width, self.height / row.height)
            size = (max(round(row.width * scale), 1), max(round(row.height * scale), 1))
            shown = row.resize(size, Image.Resampling.LANCZOS)
            sheet.paste(shown, (x + (self.width - size[0]) // 2, y + (self.height - size[1]) // 2))
        else:
            pen.rectangle((x, y, x + self.width - 1, y + self.height - 1), fill=EMPTY)
            self._text(pen, cell.words, x, y, self.height, FAINT, "middle")
        self._text(pen, cell.caption, x, y + self.height + 2, self.captions * LINE, INK, "middle", top=True)

    def _heads(self, pen: ImageDraw.ImageDraw, heads: SheetHeadings, down: int) -> None:
        pen.text((self.left, MARGIN), heads.of_columns, FAINT, self.font)
        words = max((len(self._wrapped(text, self.width)) for text in heads.columns), default=0)
        for column, text in enumerate(heads.columns):
            x = self.left + column * (self.width + GAP)
            self._text(pen, text, x, self.top - GAP - words * LINE, words * LINE, INK, "middle", top=True)
        width = max(self.left - MARGIN - GAP, 1)
        names = self._wrapped(heads.of_rows, width)
        for line, text in enumerate(names):
            pen.text((MARGIN, self.top - GAP - LINE * (len(names) - line)), text, FAINT, self.font)
        for row, text in enumerate(heads.rows):
            self._text(pen, text, MARGIN, self.top + row * down, self.height, INK, "left", width=width)

    def _head_width(self, heads: SheetHeadings) -> int:
        lines = [line for text in (*heads.rows, heads.of_rows) for line in self._wrapped(text, HEAD_WIDTH)]
        return math.ceil(max((self.font.getlength(line) for line in lines), default=0))

    def _text(
        self,
        pen: ImageDraw.ImageDraw,
        text: str,
        x: int,
        y: int,
        height: int,
        ink: str,
        side: str,
        *,
        width: int = 0,
        top: bool = False,
    ) -> None:
        """Words within a box, wrapped, in its middle from top to bottom or at its top."""
        width = width or self.width
        lines = self._wrapped(text, width)[: max(height // LINE, 1)]
        start = y if top else y + (height - LINE * len(lines)) // 2
        for number, line in enumerate(lines):
            indent = (width - self.font.getlength(line)) / 2 if side == "middle" else 0
            pen.text((x + indent, start + number * LINE), line, ink, self.font)

    def _wrapped(self, text: str, width: int) -> list[str]:
        """Text as lines of at most a width, broken between words where that is possible; at most four."""
        lines: list[str] = []
        for part in text.splitlines():
            line = ""
            for word in part.split():
                if line and self.font.getlength(f"{line} {word}") > width:
                    lines.append(line)
                    line = ""
                line = f"{line} {word}" if line else word
                while len(line) > 1 and self.font.getlength(line) > width:
                    cut = next(
                        n for n in range(len(line) - 1, 0, -1) if n == 1 or self.font.getlength(line[:n]) <= width
                    )
                    lines.append(line[:cut])
                    line = line[cut:]
            lines.append(line)
        if len(lines) <= LINES:
            return lines
        last = lines[LINES - 1]
        while last and self.font.getlength(last + "…") > width:
            last = last[:-1]
        return [*lines[: LINES - 1], last + "…"]


def _texts(cells: Sequence[Cell], heads: SheetHeadings) -> list[str]:
    """Return all that is written on a sheet."""
    return [*heads.rows, *heads.columns, heads.of_rows, heads.of_columns, *(c.words + c.caption for c in cells)]


def _row_size(pictures: Sequence[Image.Image]) -> tuple[int, int]:
    gaps = 4 * (len(pictures) - 1)
    return sum(picture.width for picture in pictures) + gaps, max(picture.height for picture in pictures)


def _row(pictures: Sequence[Image.Image]) -> Image.Image:
    """Images side by side."""
    if len(pictures) == 1:
        return pictures[0]
    row = Image.new("RGB", _row_size(pictures), PAPER)
    x = 0
    for picture in pictures:
        row.paste(picture, (x, 0))
        x += picture.width + 4
    return row
