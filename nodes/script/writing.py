"""Writing a workflow as a Python script that needs diffusers and transformers alone, and gives the same image."""

from __future__ import annotations

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow


class CannotScriptError(ValueError):
    """One sentence: which part of a workflow cannot be written as a script."""


def script_of(workflow: Workflow, catalogue: Catalogue) -> str:
    """Return the script. Raises CannotScriptError."""
    raise CannotScriptError("scripts are not written yet")
