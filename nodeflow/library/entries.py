"""A model file as the library keeps it."""

from __future__ import annotations

import msgspec

from nodeflow.library.recognised import Recognised


class LibraryEntry(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A file, or a folder that holds one model.

    ``name`` is what people call it: its path below ``root``, with forward slashes, or a hub id. ``signature`` changes
    with the file and with what lies beside it. ``gone``: its folder is there and it is not.
    """

    path: str
    root: str
    name: str
    signature: str
    found: Recognised
    title: str = ""
    triggers: tuple[str, ...] = ()
    description: str = ""
    preview: str = ""
    rules: str = ""
    gone: bool = False
    sha256: str = ""

    @property
    def file_name(self) -> str:
        return self.path.replace("\\", "/").rpartition("/")[2]

    @property
    def auto_v2(self) -> str:
        """The short hash that people share: the first ten digits of the sha256; empty where it is not known yet."""
        return self.sha256[:10]


class Own(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Hold what a person has written of a file or done with it, kept when the file is gone."""

    note: str = ""
    tags: tuple[str, ...] = ()
    used: float = 0.0
    """When it was last used, in seconds since 1970."""
