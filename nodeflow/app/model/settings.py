"""Settings, kept between starts: each one typed place, all in one file of the user's."""

from __future__ import annotations

import contextlib
import json
import re
from copy import copy
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar, overload

import msgspec
from PySide6.QtCore import QObject, QSettings, Signal

from nodeflow import resources
from nodeflow.damaged_files import set_aside
from nodeflow.engine.protocol.run_request import PrecisionRule

T = TypeVar("T")


COMMON = [
    f"nodes.{name}"
    for name in (
        "sample",
        "clip_text_encode",
        "vae_decode",
        "classifier_free_guidance",
        "scheduler",
        "gaussian_noise",
        "save_image",
        "load_image",
        "vae_encode",
        "unet_denoiser",
        "load_latent_diffusion",
        "resize_image",
    )
]


MAX_GIB = 1_000_000


def _between(least: float, most: float, kind: type = int) -> Any:
    """A number with bounds."""
    return Annotated[kind, msgspec.Meta(ge=least, le=most)]


class Setting(Generic[T]):
    """One choice: its key in the file, its default, and the kind of its values.

    What the file holds is read as JSON and checked, numbers by their bounds too; anything else counts as the default.
    Setting a value writes it and tells `Settings.changed` with the key.
    """

    def __init__(self, key: str, default: T, kind: Any) -> None:
        self.key, self.default, self.kind = key, default, kind

    @overload
    def __get__(self, owner: None, kind: Any = None) -> Setting[T]: ...
    @overload
    def __get__(self, owner: Settings, kind: Any = None) -> T: ...
    def __get__(self, owner: Settings | None, kind: Any = None) -> T | Setting[T]:
        return self if owner is None else owner.read(self)

    def __set__(self, owner: Settings, value: T) -> None:
        owner.write(self, value)


class Settings(QObject):
    """The choices of one user. Several instances share one file."""

    changed = Signal(str)
    aside: ClassVar[Path | None] = None
    """Where a damaged file was put by this process, until that is told."""

    theme = Setting[Literal["system", "dark", "light"]]("look/theme", "system", Literal["system", "dark", "light"])
    language = Setting[str]("look/language", "system", str)
    """A language by its name, ``en`` or ``zh_CN``, or ``system``."""
    scale = Setting[int]("look/scale", 100, _between(100, 200))
    """Size of the interface in percent, 100 to 200; in force from the next start."""
    output = Setting[str]("files/output", "", str)
    """Where images go; empty for a folder in the user's images."""
    gallery_folders = Setting[list[str]]("files/gallery_folders", [], list[str])
    """Folders whose images the gallery finds, beside the output folder."""
    recent = Setting[list[str]]("files/recent", [], list[str])
    restore_tabs = Setting[bool]("files/restore_tabs", True, bool)
    tabs = Setting[list[str]]("files/tabs", [], list[str])
    """Paths of the tabs that were open at the last end; empty texts are unsaved ones."""
    current_tab = Setting[int]("files/current_tab", 0, _between(-1, 10_000))
    device = Setting[str]("engine/device", "auto", str)
    precision = Setting[PrecisionRule]("engine/precision", "exact", PrecisionRule)
    cache_gib = Setting[float]("engine/cache_gib", 0.0, _between(0, MAX_GIB, float))
    """Room on disk for results in GiB; 0 for the engine's own choice."""
    spare_gib = Setting[float]("engine/spare_gib", 0.0, _between(0, MAX_GIB, float))
    """How much of the graphics card's memory is left to other programs, in GiB."""
    workers = Setting[int]("engine/workers", 1, _between(1, 64))
    """Processes that compute; in force from the next start."""
    cluster = Setting[str]("engine/cluster", "", str)
    """The Ray cluster whose machines compute, HOST:PORT or ``auto``; empty for this machine. From the next start."""
    notify = Setting[bool]("runs/notify", True, bool)
    """Whether it is told that a long run is over."""
    notify_seconds = Setting[int]("runs/notify_seconds", 30, _between(0, 10**6))
    """How many seconds a long run takes at least."""
    notify_sound = Setting[bool]("runs/notify_sound", False, bool)
    notify_command = Setting[str]("runs/notify_command", "", str)
    """What is started when a long run is over; empty for nothing."""
    serve = Setting[bool]("scripts/serve", False, bool)
    """Whether programs of this computer may queue prompts through ComfyUI's interface."""
    serve_port = Setting[int]("scripts/port", 8189, _between(1, 65535))
    shortcuts = Setting[dict[str, list[str]]]("keys/shortcuts", {}, dict[str, list[str]])
    """Keys by action, where they are not the default."""
    recent_actions = Setting[list[str]]("keys/recent_actions", [], list[str])
    recent_nodes = Setting[list[str]]("canvas/recent_nodes", COMMON, list[str])
    """Types of nodes that were added, the last one first; until then those that most workflows are made of."""
    course_done = Setting[list[str]]("course/done", [], list[str])
    """Pages of the course whose task was reached, by name."""
    form_zoom = Setting[int]("form/zoom", 120, _between(10, 1000))
    """Size of the page of a form in percent."""
    minimap = Setting[bool]("canvas/minimap", True, bool)
    geometry = Setting[str]("window/geometry", "", str)
    """Place and size of the window, in Qt's form, base64."""
    panels = Setting[str]("window/panels", "", str)
    """What stands where in the window, in Qt's form, base64."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        path = resources.data_folder() / "settings.ini"
        with contextlib.suppress(OSError):
            if _is_damaged(path):  # Qt would write over it
                Settings.aside = set_aside(path)
        self._file = QSettings(str(path), QSettings.Format.IniFormat)

    def read(self, setting: Setting[T]) -> T:
        """The value that is kept, or the default."""
        found = self._file.value(setting.key)
        if found is not None:
            with contextlib.suppress(ValueError, RecursionError, msgspec.ValidationError):
                value: T = msgspec.convert(json.loads(str(found)), setting.kind)
                return value
        return copy(setting.default)

    def write(self, setting: Setting[T], value: T) -> None:
        """Keep a value; one that is the default needs no line in the file."""
        if value == self.read(setting):
            return
        if value == setting.default:
            self._file.remove(setting.key)
        else:
            self._file.setValue(setting.key, json.dumps(value))
        self.changed.emit(setting.key)

    def sync(self) -> None:
        """Write to the file what is not there yet."""
        self._file.sync()


LINE = re.compile(r"\s*(\[[^\[\]]*\]|[;#].*|[^=\0]+=[^\0]*)?")
"""A section, a comment, a value, or nothing."""


def _is_damaged(path: Path) -> bool:
    """Return whether a file holds something else than sections and values, or is a pipe, which Qt would wait for.

    Raises OSError.
    """
    if not path.is_file():
        return path.exists()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return True
    return not all(map(LINE.fullmatch, text.splitlines()))
