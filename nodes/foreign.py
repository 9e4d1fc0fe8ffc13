"""The door for what other programs made: ComfyUI's files, and images with the settings of any program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import msgspec

from nodeflow.graph.io.comfyui.containers import Foreign, find
from nodeflow.graph.io.image_settings.image_texts import is_image
from nodeflow.graph.io.image_settings.reading import settings_in
from nodeflow.graph.io.image_settings.settings import ImageSettings
from nodeflow.graph.io.import_report import Form, ImportReport
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.check import contradictions
from nodes.comfyui.export.ui_form import ui_form
from nodes.comfyui.export.writing import export
from nodes.comfyui.importing import import_found
from nodes.image_settings.translate import workflow_of
from nodes.image_settings.writing import settings_text
from nodes.script.writing import CannotScriptError, script_of

GRAPH_OF_ITS_OWN = ("SwarmUI", "Civitai")
"""Programs that compute by a ComfyUI of their own with nodes of their own: their settings say the same in words."""
BESIDE = "the image also holds a graph of ComfyUI's, which the program built of nodes of its own"


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
    settings = settings_in(data) if found.empty or is_image(data) else None
    if found.empty:
        return None if settings is None else _by_settings(settings, catalogue)
    opened = _comfyui(found, catalogue, take)
    if settings is not None and settings.program in GRAPH_OF_ITS_OWN and opened.report.of("unknown"):
        return _by_settings(settings, catalogue, BESIDE)
    return opened


def _comfyui(found: Foreign, catalogue: Catalogue, take: Form) -> Opened:
    workflow, report = import_found(found, catalogue, take)
    return Opened(workflow, msgspec.convert(msgspec.to_builtins(report), ImportReport))


def _by_settings(settings: ImageSettings, catalogue: Catalogue, *told: str) -> Opened:
    workflow, report = workflow_of(settings, catalogue)
    report.differences += told
    return Opened(workflow, report)


class CannotWriteError(ValueError):
    """One sentence: why a workflow cannot be written as asked."""


def write_foreign(
    workflow: Workflow, format: str, catalogue: Catalogue, base: Path | None = None
) -> tuple[str, list[str]]:
    """Write a workflow for another program: the text, and in sentences what is left out or not exact.

    ``base`` is where its relative paths start.

    Raises CannotWriteError where nothing of it can be written, or it contradicts itself.
    """
    if problems := contradictions(workflow, catalogue):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise CannotWriteError(f"{problems[0]}{more}; mend it first")
    if format == "parameters":
        text = settings_text(workflow, catalogue)
        if not text:
            raise CannotWriteError("there is no sampler with a text in it, whose settings could be written")
        return text, []
    if format == "python":
        return _script(workflow, catalogue, base)
    exported = export(workflow, catalogue)
    if not exported.prompt:
        raise CannotWriteError("no node of this workflow has a counterpart in ComfyUI")
    form = exported.prompt if format == "comfyui-api" else ui_form(exported, workflow)
    return json.dumps(form, ensure_ascii=False, indent=2) + "\n", exported.sentences()


def _script(workflow: Workflow, catalogue: Catalogue, base: Path | None) -> tuple[str, list[str]]:
    try:
        script = script_of(workflow, catalogue, base)
        return script.text, script.told
    except CannotScriptError as error:
        raise CannotWriteError(str(error)) from None
