"""The door for what other programs made: ComfyUI's files, and images with the settings of any program."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from nodeflow.graph.io.comfyui.containers import Foreign, find
from nodeflow.graph.io.import_report import Form, ImportReport
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.importing import import_found


class Opened(NamedTuple):
    """The workflow, and what became of the file."""

    workflow: Workflow
    report: ImportReport


def open_foreign(data: bytes, catalogue: Catalogue, take: Form = "prompt") -> Opened | None:
    """Read what another program wrote; None where a file holds nothing that is known.

    Of an image of ComfyUI's that holds two forms, ``take`` says which is opened.
    Raises NotReadableError with one sentence where it holds something that cannot be read.
    """
    found = find(data)
    return None if found.empty else _comfyui(found, catalogue, take)


def _comfyui(found: Foreign, catalogue: Catalogue, take: Form) -> Opened:
    workflow, report = import_found(found, catalogue, take)
    return Opened(workflow, msgspec.convert(msgspec.to_builtins(report), ImportReport))
