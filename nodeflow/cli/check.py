"""``nodeflow check``: everything that is wrong with a workflow file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodeflow.cli.status import refuse
from nodeflow.cli.workflow_file import load

if TYPE_CHECKING:
    from nodeflow.graph.model.catalogue import Catalogue
    from nodeflow.graph.model.workflow import Problem, Workflow


def check(file: Annotated[Path, typer.Argument(help="The workflow file, or an image that holds one.")]) -> None:
    """Say everything that is wrong with a workflow file, missing models too. Exit status: 0 in order, 2 not."""
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.validate.check import check as problems_of

    workflow = load(file)
    bodies = (workflow, *(subgraph.body for subgraph in workflow.subgraphs.values()))
    types = {node.type for body in bodies for node in body.nodes.values()}
    catalogue = known_catalogue(types=types)
    problems = problems_of(workflow, catalogue) + missing(workflow, catalogue, file.absolute().parent)
    if problems:
        refuse(*problems)
    print(f"{file} is in order: {len(workflow.nodes)} nodes, {len(workflow.links)} wires")


def missing(workflow: Workflow, catalogue: Catalogue, base: Path) -> list[Problem]:
    """Name the models that are not on this computer."""
    from nodeflow.library.library import Library
    from nodeflow.library.missing import missing_models, named_models

    named = named_models(workflow, catalogue)
    if not missing_models(named, lambda _: [], base):
        return []
    library = Library()
    library.refresh()
    return [one.problem() for one in missing_models(named, library.find, base)]
