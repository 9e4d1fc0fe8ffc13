"""`nodeflow convert`: weights out of a file that can hold programs, as safetensors beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nodeflow.cli.status import show, tell

FAILED = 1


def convert(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of torch: .ckpt, .pt, .pth or .bin.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    progress: Annotated[bool, typer.Option("--progress", help="Say how far it is, a JSON line a step.")] = False,
) -> None:
    """Write the weights of old files (.ckpt, .pt, .pth, .bin) as safetensors beside them.

    Such files can hold programs. They are opened in a process without network that makes nothing but tensors.
    Exit status: 0 all are converted, 1 one was refused.
    """
    import msgspec

    from nodeflow.convert.client import Converted, ConvertError
    from nodeflow.convert.client import convert as converted

    done: list[Converted] = []
    refused = 0
    for file in files:
        try:
            done.append(converted(file, watch=_tell if progress else _silent))
        except ConvertError as error:
            refused += 1
            tell(error)
            continue
        if not json:
            there = "is there already, with" if done[-1].already else "has"
            show(f"{done[-1].path} {there} {done[-1].tensors} tensors")
    if json:
        print(msgspec.json.format(msgspec.json.encode(done), indent=1).decode())
    raise typer.Exit(FAILED if refused else 0)


def _tell(share: float) -> None:
    print(f'{{"share": {share:.4f}}}', flush=True)


def _silent(_: float) -> None:
    """The terminal shows what was made, no more."""
