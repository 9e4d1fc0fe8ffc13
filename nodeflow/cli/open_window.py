"""``nodeflow open``: the window, or without a display the workflow's run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from nodeflow.cli.run import run
from nodeflow.cli.status import refuse


def open_(
    file: Annotated[Path | None, typer.Argument(help="The workflow file (default: the starter).")] = None,
    form: Annotated[bool, typer.Option("--form", help="Show the form over the workflow at once.")] = False,
) -> None:
    """Open a workflow in a window; where there is no display, run it without one."""
    from nodeflow import system
    from nodeflow.garbage import unsearched
    from nodeflow.resources import folder

    file = file or folder("workflows") / "latent-diffusion.json"
    if not system.has_display():
        print("nodeflow: there is no display here, so the workflow runs without a window", file=sys.stderr)
        run(file, output=Path("output"))
    if sentence := system.missing_libraries():
        refuse(sentence)
    with unsearched():
        from nodeflow.app.main import main as show

    raise typer.Exit(show(file, form))
