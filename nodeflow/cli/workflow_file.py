"""The workflow that a command is about."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nodeflow.cli import import_workflow
from nodeflow.cli.status import refuse, tell

if TYPE_CHECKING:
    from nodeflow.graph.model.workflow import Workflow


def load(file: Path) -> Workflow:
    """Read the workflow of a file or an image, also of another program's; what is wrong ends the command."""
    from nodeflow.graph.io.files import load as read
    from nodeflow.graph.io.foreign import COMFYUI
    from nodeflow.graph.model.workflow import WorkflowError

    try:
        return read(file)
    except WorkflowError as error:
        if not import_workflow.is_foreign(file):
            refuse(*error.problems)
    found = import_workflow.imported(file)
    program = found.report.program
    told = f"{file} " + ("is a workflow of ComfyUI's" if program == COMFYUI else f"holds the settings of {program}")
    if not found.report.runnable or not found.workflow.nodes:
        refuse(f"{told} that does not run as it is ({found.report.sentence()}); nodeflow import says which")
    tell(f"{told}; {found.report.sentence()}")
    return found.workflow
