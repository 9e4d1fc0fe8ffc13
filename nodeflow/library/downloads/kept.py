"""The downloads of a person, kept from one start to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from nodeflow.damaged_files import UNREADABLE, write_json
from nodeflow.library.downloads.offers import Offer
from nodeflow.resources import data_folder

State = Literal["waiting", "running", "paused", "failed", "done"]


class Download(msgspec.Struct, frozen=True):
    """A download: what, into which folder, how far it is in bytes, and why it failed where it did."""

    id: str
    offer: Offer
    folder: str
    state: State = "waiting"
    got: int = 0
    error: str = ""

    @property
    def open(self) -> bool:
        """Return whether it is not done yet."""
        return self.state != "done"


def read_downloads() -> list[Download]:
    """Return what was not done at the last end; it goes on when the person says so."""
    try:
        found = msgspec.json.decode(_file().read_bytes(), type=list[Download])
    except (OSError, *UNREADABLE):
        return []
    return [one if one.state == "failed" else msgspec.structs.replace(one, state="paused") for one in found if one.open]


def write_downloads(downloads: list[Download]) -> None:
    """Keep those that are not done. Raises OSError."""
    write_json(_file(), msgspec.json.encode([one for one in downloads if one.open]), list[Download])


def _file() -> Path:
    return data_folder() / "downloads.json"
