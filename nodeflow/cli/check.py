"""``nodeflow check``: everything that is wrong with a workflow file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodeflow.cli.status import refuse, show
from nodeflow.cli.workflow_file import load

if TYPE_CHECKING:
    from nodeflow.graph.model.catalogue import Catalogue
    from nodeflow.graph.model.workflow import Problem, Workflow


def check(file: Annotated[Path, typer.Argument(help="The workflow file, or an image that holds one.")]) -> None:
    """Say everything that is wrong with a workflow file, and with the files and models that it names.

    Exit status: 0 in order, 2 not.
    """
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.validate.check import check as problems_of

    workflow = load(file)
    bodies = (workflow, *(subgraph.body for subgraph in workflow.subgraphs.values()))
    types = {node.type for body in bodies for node in body.nodes.values()}
    catalogue = known_catalogue(types=types)
    problems = problems_of(workflow, catalogue) + on_disk(workflow, catalogue, file.absolute().parent)
    if problems:
        refuse(*problems)
    show(f"{file} is in order: {len(workflow.nodes)} nodes, {len(workflow.links)} wires")


def on_disk(workflow: Workflow, catalogue: Catalogue, base: Path) -> list[Problem]:
    """Name the files and models that are not on this computer, and models that their nodes do not load."""
    from nodeflow.library.check_files import problems_on_disk
    from nodeflow.library.library import Library
    from nodeflow.library.missing import missing_models, named_models

    if not missing_models(named_models(workflow, catalogue), lambda _: [], base):
        return problems_on_disk(workflow, catalogue, base, lambda _: [])
    library = Library()
    library.refresh()
    return problems_on_disk(workflow, catalogue, base, library.find)
