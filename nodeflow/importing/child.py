"""The process that opens a foreign file. It is started with the file (``-``: text comes in) and the form to take."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import msgspec

from nodeflow.graph.io.comfyui.containers import NotReadableError
from nodeflow.graph.io.files import dumps
from nodeflow.graph.io.import_report import Form
from nodeflow.graph.model.catalogue import decode
from nodeflow.importing.client import Answer
from nodeflow.resources import folder
from nodes.foreign import open_foreign

MAX_BYTES = 1 << 30
"""Images are large; a workflow is read up to the limit of its reader."""


def answer(place: str, take: Form) -> Answer:
    """Open what lies at a place."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if place == "-" else _read(Path(place))
    except (OSError, ValueError) as error:
        return Answer(error=f"it cannot be read: {getattr(error, 'strerror', None) or 'this is no path'}")
    if len(data) > MAX_BYTES:
        return Answer(error="it is larger than a workflow or image can be (1 GiB)")
    try:
        found = open_foreign(data, decode((folder("assets") / "catalogue.json").read_bytes()), take)
    except NotReadableError as error:
        return Answer(error=str(error))
    except MemoryError:
        return Answer(error="there is too little memory for it")
    return Answer() if found is None else Answer(dumps(found.workflow), found.report)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


if __name__ == "__main__":
    form: Form = "workflow" if sys.argv[2] == get_args(Form)[1] else "prompt"
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer(sys.argv[1], form)))
