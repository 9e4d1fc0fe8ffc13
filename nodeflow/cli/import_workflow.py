"""`nodeflow import`: what another program made, a workflow or an image, as a workflow file with a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodeflow.cli.output_file import check_apart
from nodeflow.cli.status import refuse, show
from nodeflow.special_files import SPECIAL, is_special

if TYPE_CHECKING:
    from nodes.foreign import Opened

NOTHING = "this holds no workflow, and no settings that are known"
OWN = "holds a workflow of nodeflow's own; open or run it, there is nothing to import"
MAX_BYTES = 1 << 30
"""Images are large; a workflow is read up to the limit of its reader."""


def import_workflow(
    file: Annotated[Path, typer.Argument(help="A workflow of ComfyUI's, or an image that any program made.")],
    output: Annotated[Path | None, typer.Option("--output", metavar="OUT.json", help="The workflow file.")] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="R.json", help="What became of each node and model, as JSON.")
    ] = None,
) -> None:
    """Turn a workflow of ComfyUI's, or the settings in an image, into a workflow of nodeflow's.

    What has no counterpart stays as a placeholder. Exit status: 0 the file could be read, 2 not.
    """
    from nodeflow.graph.io.files import dumps, write_atomic

    check_apart(file, output, report)
    found = imported(file)
    for path, data in ((output, dumps(found.workflow)), (report, found.report.encode())):
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, data)
            except (OSError, ValueError) as error:
                refuse(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")
    show(found.report.sentence())


def imported(file: Path) -> Opened:
    """A file as a workflow here. Ends the command with one sentence where it cannot be read."""
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.io.comfyui.containers import NotReadableError
    from nodeflow.graph.io.files import unread
    from nodes.foreign import open_foreign

    try:
        if is_special(file):
            refuse(f"{file} {SPECIAL}")
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        refuse(f"cannot read {file}: {unread(file, error)}")
    if len(data) > MAX_BYTES:
        refuse(f"{file} is larger than a workflow or image can be (1 GiB)")
    try:
        found = open_foreign(data, known_catalogue())
    except NotReadableError as error:
        refuse(f"{file}: {error}")
    if found is None:
        refuse(f"{file} {OWN}" if _is_own(file) else f"{file}: {NOTHING}")
    return found


def _is_own(file: Path) -> bool:
    from nodeflow.graph.io.files import load
    from nodeflow.graph.model.workflow import WorkflowError

    try:
        load(file)
    except WorkflowError:
        return False
    return True


def is_foreign(file: Path) -> bool:
    """Tell whether a file holds what another program made."""
    from nodeflow.graph.io.comfyui.containers import NotReadableError, find
    from nodeflow.graph.io.image_settings.reading import settings_in

    try:
        if is_special(file):
            return False
        with file.open("rb") as opened:
            data = opened.read(MAX_BYTES)
        return not find(data).empty or settings_in(data) is not None
    except (OSError, ValueError, NotReadableError):
        return False
