"""`nodeflow export`: a workflow as ComfyUI's files, as a Python script, or its settings as text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nodeflow.cli.output_file import check_apart
from nodeflow.cli.status import WRONG, refuse, tell
from nodeflow.cli.workflow_file import load


def export_workflow(
    file: Annotated[Path, typer.Argument(help="The workflow file, or an image that holds one.")],
    form: Annotated[
        str, typer.Option("--as", metavar="comfyui|comfyui-api|python|parameters", help="What it becomes.")
    ] = "comfyui",
    output: Annotated[
        Path | None, typer.Option("--output", metavar="OUT", help="The file to write; else it goes to the terminal.")
    ] = None,
) -> None:
    """Write a workflow for another program.

    What has no counterpart there is named before anything is written. Exit status: 0 written, 2 it cannot be.
    """
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.exchange.client import FORMATS
    from nodeflow.graph.io.files import write_atomic
    from nodeflow.graph.model.workflow import Problem
    from nodes.foreign import CannotWriteError, write_foreign

    if form not in FORMATS:
        refuse(Problem("", "", f"{form!r} is no form to write; choose one of {', '.join(FORMATS)}"))
    check_apart(file, output)
    workflow = load(file)
    try:
        text, told = write_foreign(workflow, form, known_catalogue(), file.absolute().parent)
    except CannotWriteError as error:
        refuse(Problem("", "", f"{file} cannot be written as {form}: {error}"))
    for sentence in told:
        tell(sentence)
    if output is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(output, text.encode())
    except (OSError, ValueError) as error:
        tell(f"cannot write {output}: {getattr(error, 'strerror', None) or error}")
        raise typer.Exit(WRONG) from None
