"""Small versions of images on disk: made once, kept in the cache folder, read off the interface's thread."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from nodeflow.app.qt.background import Background
from nodeflow.graph.io.files import write_atomic
from nodeflow.resources import cache_folder

SIZE = 192
"""Pixels of a thumbnail, wide and high at most."""
_HELD, _WAITING, _AT_ONCE = 600, 200, 2


class Thumbnails(QObject):
    """Images in small, by path. ``arrived``: one that was asked for is there.

    The latest asked for is loaded first, and what was asked for long ago not at all: while a person scrolls through
    thousands, those that are seen come first.
    """

    arrived = Signal(Path)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._held: OrderedDict[Path, QPixmap] = OrderedDict()
        self._asked: list[Path] = []
        self._busy = 0

    def get(self, path: Path) -> QPixmap | None:
        """The thumbnail where it is there; else it is asked for. One that cannot be read is empty."""
        if path in self._held:
            self._held.move_to_end(path)
            return self._held[path]
        if path not in self._asked:
            self._asked.append(path)
            del self._asked[:-_WAITING]
            self._next()
        return None

    def forget(self, path: Path) -> None:
        """A file has changed or gone."""
        self._held.pop(path, None)

    def _next(self) -> None:
        while self._asked and self._busy < _AT_ONCE:
            path = self._asked.pop()
            self._busy += 1
            self._background.run(partial(_named, path), self._take, owner=self)

    def _take(self, made: tuple[Path, QImage]) -> None:
        path, image = made
        self._busy -= 1
        self._held[path] = QPixmap.fromImage(image)
        if len(self._held) > _HELD:
            self._held.popitem(last=False)
        self.arrived.emit(path)
        self._next()


def _named(path: Path) -> tuple[Path, QImage]:
    return path, load(path)


def load(path: Path) -> QImage:
    """The thumbnail of an image, from the cache folder or made now; empty where it cannot be read."""
    try:
        stat = path.stat()
    except OSError:
        return QImage()
    about = (path, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, SIZE)
    key = hashlib.sha256("\0".join(map(str, about)).encode(errors="surrogateescape")).hexdigest()[:32]
    kept = cache_folder() / "thumbnails" / key[:2] / f"{key}.png"
    image = QImage(str(kept)) if kept.exists() else QImage()
    if not image.isNull():
        return image
    image = read(path, QSize(SIZE, SIZE))
    if not image.isNull():
        smooth, whole = Qt.TransformationMode.SmoothTransformation, Qt.AspectRatioMode.KeepAspectRatio
        image = image.scaled(SIZE, SIZE, whole, smooth)  # small ones too, so that all can be seen
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")  # type: ignore[call-overload]
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, bytes(buffer.data().data()))
        except OSError:
            pass  # a full disk makes it slower, no more
    return image


def read(path: Path, room: QSize | None = None) -> QImage:
    """An image, no larger than ``room`` where that is given; empty where it cannot be read."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if room is not None and size.isValid() and (size.width() > room.width() or size.height() > room.height()):
        reader.setScaledSize(size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
