"""The command line: a file a command. What a command needs is imported when it runs, so that help is quick."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from nodeflow import __version__
from nodeflow.cli import (
    cache,
    check,
    convert,
    export_workflow,
    import_workflow,
    models,
    new_node,
    nodes,
    open_window,
    run,
    serve,
)
from nodeflow.cli.form_help import RunCommand
from nodeflow.cli.printed import printed
from nodeflow.cli.status import WRONG

cli = typer.Typer(
    name="nodeflow",
    help="Build text-to-image workflows out of their real parts, run them, and see inside.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The `nodeflow` command."""
    for text in sys.argv[1:]:
        try:
            text.encode()
        except UnicodeEncodeError:
            readable = os.fsencode(text).decode(errors="backslashreplace")
            print(f"nodeflow: {readable} is not UTF-8 text; rename the file, or type it in UTF-8", file=sys.stderr)
            sys.exit(WRONG)
    with printed():
        cli()


@cli.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False) -> None:
    if version:
        print(f"nodeflow {__version__}")
        raise typer.Exit


cli.command(cls=RunCommand)(run.run)
cli.command()(serve.serve)
cli.command()(check.check)
cli.command()(nodes.nodes)
cli.command(name="new-node")(new_node.new_node)
cli.add_typer(cache.commands, name="cache")
cli.add_typer(models.commands, name="models")
cli.command()(convert.convert)
cli.command(name="import")(import_workflow.import_workflow)
cli.command(name="export")(export_workflow.export_workflow)
cli.command(name="open")(open_window.open_)
