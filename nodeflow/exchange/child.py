"""The process that opens or writes another program's file.

It is started with ``open``, a file (``-``: it comes in) and the form to take, or with ``write``, a format and the
folder where relative paths start: then the workflow comes in; or with ``classes``, for what can be opened. It answers
on its standard output.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import msgspec

from nodeflow.exchange.client import FORMATS, ExportAnswer, Format, ImportAnswer, KnownClasses
from nodeflow.graph.io.comfyui.containers import NotReadableError
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.io.import_report import Form
from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.graph.model.workflow import WorkflowError
from nodeflow.library.library import Library
from nodeflow.resources import folder
from nodeflow.special_files import is_special
from nodes.comfyui.known_classes import known_choices, known_classes
from nodes.foreign import CannotWriteError, open_foreign, write_foreign

MAX_BYTES = 1 << 30
"""Images are large; a workflow is read up to the limit of its reader."""


def answer(place: str, take: Form) -> ImportAnswer:
    """Open what lies at a place."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if place == "-" else _read(Path(place))
    except (OSError, ValueError) as error:
        return ImportAnswer(error=f"it cannot be read: {getattr(error, 'strerror', None) or 'this is no path'}")
    if len(data) > MAX_BYTES:
        return ImportAnswer(error="it is larger than a workflow or image can be (1 GiB)")
    try:
        found = open_foreign(data, _catalogue(), take)
    except NotReadableError as error:
        return ImportAnswer(error=str(error))
    except MemoryError:
        return ImportAnswer(error="there is too little memory for it")
    return ImportAnswer() if found is None else ImportAnswer(dumps(found.workflow), found.report)


def written(data: bytes, format: Format, base: Path) -> ExportAnswer:
    """Write a workflow for another program; ``base`` is where its relative paths start."""
    try:
        text, told = write_foreign(loads(data), format, _catalogue(), base)
    except (CannotWriteError, WorkflowError) as error:
        return ExportAnswer(error=str(error))
    return ExportAnswer(text.encode(), told)


def classes() -> KnownClasses:
    """Return what can be opened of ComfyUI's."""
    library = Library()
    try:
        library.refresh()
        return KnownClasses(known_classes(), known_choices(_catalogue(), library.models))
    finally:
        library.close()


def _catalogue() -> Catalogue:
    return decode((folder("assets") / "catalogue.json").read_bytes())


def _read(path: Path) -> bytes:
    if is_special(path):
        return b""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def main(what: str, *arguments: str) -> ImportAnswer | ExportAnswer | KnownClasses:
    """Do what is asked for."""
    if what == "classes":
        return classes()
    if what == "write":
        format = next((one for one in FORMATS if one == arguments[0]), FORMATS[0])
        return written(sys.stdin.buffer.read(), format, Path(arguments[1]))
    form: Form = "workflow" if arguments[1] == get_args(Form)[1] else "prompt"
    return answer(arguments[0], form)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.msgpack.encode(main(*sys.argv[1:])))
