"""``nodeflow check``: everything that is wrong with a workflow file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nodeflow.cli.status import refuse
from nodeflow.cli.workflow_file import load


def check(file: Annotated[Path, typer.Argument(help="The workflow file, or an image that holds one.")]) -> None:
    """Say everything that is wrong with a workflow file. Exit status: 0 in order, 2 not."""
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.validate.check import check as problems_of

    workflow = load(file)
    bodies = (workflow, *(subgraph.body for subgraph in workflow.subgraphs.values()))
    types = {node.type for body in bodies for node in body.nodes.values()}
    problems = problems_of(workflow, known_catalogue(types=types))
    if problems:
        refuse(*problems)
    print(f"{file} is in order: {len(workflow.nodes)} nodes, {len(workflow.links)} wires")
