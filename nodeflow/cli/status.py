"""End of a command: its exit status, and what it says where it cannot go on."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from nodeflow.graph.model.plain_values import readable

FAILED, WRONG, CANCELLED = 1, 2, 130
"""Exit status: a node failed; the file or an argument is wrong; stopped by Ctrl+C, as shells count it."""


def tell(sentence: object) -> None:
    """Say something beside what a command gives: without orders to terminals, and very long names shortened."""
    print(f"nodeflow: {readable(str(sentence))}", file=sys.stderr)


def show(lines: object) -> None:
    """Print for a person what was asked for, in lines: names in them without orders to terminals."""
    print("\n".join(readable(line) for line in str(lines).split("\n")))


def refuse(*sentences: object) -> NoReturn:
    """Say what is wrong, a line each, and end with status 2."""
    for sentence in sentences:
        tell(sentence)
    raise typer.Exit(WRONG)
