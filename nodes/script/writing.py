"""Writing a workflow as a Python script that needs diffusers and transformers alone, and gives the same image."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.export.exporter import CannotExportError, GraphExporter
from nodes.script.gathering import gathered
from nodes.script.loops import in_loops
from nodes.script.pieces import head
from nodes.script.registry import FUNCTIONS, REFUSED
from nodes.script.writer import Writer

SAVE = "save_image"
ALIKE = """\
# products of a single row are the same wherever in memory a weight lies
os.environ.setdefault("MKL_CBWR", "AUTO")"""
"""As our own worker has it (`prepare_for_tensors`)."""


class CannotScriptError(ValueError):
    """One sentence: which part of a workflow cannot be written as a script."""


class Script(NamedTuple):
    """The text, and in sentences which images of the workflow it does not make."""

    text: str
    told: list[str]


def script_of(workflow: Workflow, catalogue: Catalogue, folder: Path | None = None) -> Script:
    """Return a script that makes the images that the workflow saves, as far as diffusers has the parts.

    ``folder`` is where relative paths begin. Raises CannotScriptError where it would make none.
    """
    about = GraphExporter(workflow, catalogue)
    writer, told = Writer(about, FUNCTIONS, REFUSED, folder or Path()), list[str]()
    saves = [name for name in about.workflow.nodes if about.kind(name) == SAVE]
    for name in saves:
        try:
            writer.attempt(lambda name=name: writer.at(name, "files"))  # type: ignore[misc]
        except CannotExportError as error:
            told.append(f"{name} is left out: {error}")
    if len(told) == len(saves):
        raise CannotScriptError("; ".join(told) or "no node saves an image")
    return Script(_text(writer), told)


def _text(writer: Writer) -> str:
    """The whole script: what it imports, its functions, and its lines."""
    axes = {axis: writer.axes[axis] for axis in writer.in_order(writer.axes)}
    lines = in_loops(writer.statements, axes, writer.gathered)
    functions = gathered(writer.used, writer.imports)
    writer.imports.add("os")
    writer.imports.add("torch")
    start = "torch.set_grad_enabled(False)\n\n" + "\n" * bool(functions)
    parts = [head(writer.imports.modules()), writer.imports.text(ALIKE), start]
    text = "\n".join([*parts[:2], parts[2] + "\n\n\n".join(functions) + "\n\n\n" + "\n".join(lines), ""])
    return re.sub(r"\n{4,}", "\n\n\n", text)
