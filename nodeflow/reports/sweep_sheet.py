"""The contact sheet of a sweep, gathered from the events of its run: what each saving node wrote for which values."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, PngImagePlugin

from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.events import Item
from nodeflow.engine.protocol.item_places import ItemPlaces, Value, plainly
from nodeflow.graph.io.files import write_atomic
from nodeflow.reports.contact_sheet import SIDES, Cell, SheetHeadings, grid

NAME = "contact-sheet"


class SheetWords(NamedTuple):
    """Hold what a sheet writes beside values, in the language of who reads it."""

    empty: str = "(empty)"
    failed: str = "failed"
    not_made: str = "not made"


class SweepSheet:
    """Follows a run by its events, and draws what its nodes wrote."""

    def __init__(self, words: SheetWords | None = None) -> None:
        self.words = words or SheetWords()
        self.places = ItemPlaces()
        self._files: dict[str, dict[Item, tuple[str, ...]]] = {}
        self._failed: dict[str, set[Item]] = {}

    def add(self, event: tell.Event) -> None:
        """Take in one event of the run."""
        self.places.take(event)
        match event:
            case tell.NodeFinished() if event.item and event.files:
                self._files.setdefault(event.node, {})[event.item] = event.files
            case tell.NodeFailed() | tell.NodeSkipped() if event.item:
                self._failed.setdefault(event.node, set()).add(event.item)

    def write(self, folder: Path, workflow: bytes) -> list[str]:
        """Write a sheet for each node that wrote images; the paths. Raises OSError.

        The last axis makes the columns and all others the rows; along a single axis the images have captions. Each
        sheet carries the workflow.
        """
        return [str(_place(self._draw(node), folder, workflow)) for node in sorted(self._files)]

    def _draw(self, node: str) -> Image.Image:
        axes, counts = self.places.axes[node], [self.places.length(axis) for axis in self.places.axes[node]]
        items = {*self._files[node], *self._failed.get(node, ())}
        if len(axes) == 1 or not all(counts):
            every = [(place,) for place in range(counts[0])] if all(counts) else sorted(items)
            one = axes[0] if len(axes) == 1 else ""
            words = [
                self._plainly(self.places.values(node, item)[one]) if one else self.places.words(node, item)
                for item in every
            ]
            return grid([self._cell(node, item, text) for item, text in zip(every, words, strict=True)], title=one)
        every = list(itertools.product(*map(range, counts)))
        *others, last = axes
        heads = SheetHeadings(
            tuple(self._words(node, item, others) for item in every[:: counts[-1]]),
            tuple(self._words(node, item, [last]) for item in every[: counts[-1]]),
            others[0] if len(others) == 1 else "",
            last,
        )
        return grid([self._cell(node, item) for item in every], counts[-1], heads)

    def _words(self, node: str, item: Item, axes: list[str]) -> str:
        values = self.places.values(node, item)
        names = [f"{axis} " if len(axes) > 1 else "" for axis in axes]
        return "\n".join(name + self._plainly(values[axis]) for name, axis in zip(names, axes, strict=True))

    def _cell(self, node: str, item: Item, caption: str = "") -> Cell:
        pictures = tuple(map(_small, self._files[node].get(item, ())))
        failed = item in self._failed.get(node, ())
        return Cell(pictures, self.words.failed if failed else self.words.not_made, caption)

    def _plainly(self, value: Value) -> str:
        return plainly(value) or self.words.empty


def _small(file: str) -> Image.Image:
    try:
        with Image.open(file) as opened:
            opened.thumbnail((SIDES[1], SIDES[1]))
            return opened.convert("RGB")
    except Image.DecompressionBombError:
        raise OSError(errno.EFBIG, f"{Path(file).name} has more pixels than a sheet can be made of", file) from None


def _place(sheet: Image.Image, folder: Path, workflow: bytes) -> Path:
    """Write a sheet under the first free number, which is held for it first: no other file is ever replaced."""
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("nodeflow", workflow.decode())
    data = BytesIO()
    sheet.save(data, "PNG", pnginfo=texts)
    for number in itertools.count(1):
        path = folder / f"{NAME}-{number:05}.png"
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            try:
                write_atomic(path, data.getvalue())
            except OSError:
                path.unlink(missing_ok=True)
                raise
            return path
    raise AssertionError
