"""`nodeflow serve`: ComfyUI's interface for scripts on this machine, over HTTP and WebSocket."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from nodeflow.cli.status import refuse

MISSING = "what serves scripts is not installed; install it with: pip install 'nodeflow[serve]'"


def serve(
    input: Annotated[Path, typer.Option("--input", metavar="DIR", help="Images to read and uploads.")] = Path("input"),
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="Where results go.")] = Path("output"),
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8189,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Prompts that run at a time.")] = 1,
    device: Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda", help="What computes.")] = "auto",
) -> None:
    """Run prompts that programs for ComfyUI's interface post, until Ctrl+C.

    Only programs of this machine that know the token are answered. The token is the same at each start.
    """
    try:
        from nodeflow.service.service import CannotServeError, ScriptService
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        refuse(MISSING)
    from nodeflow.engine.client.client import LocalEngine
    from nodeflow.graph.model.catalogue import decode
    from nodeflow.resources import folder
    from nodeflow.service.folders import ServedFolders
    from nodeflow.service.guard import kept_token

    engine = LocalEngine(lambda reply: service.hear(reply), workers=workers)  # it says nothing before it starts
    catalogue = decode((folder("assets") / "catalogue.json").read_bytes())
    folders = ServedFolders(input.absolute(), output.absolute())
    try:
        token = kept_token()
        service = ScriptService(engine, folders, catalogue, token, port, device)
    except OSError as error:
        refuse(f"the token cannot be kept: {error.strerror or error}")
    except CannotServeError as error:
        refuse(error)
    engine.start()
    print(f"{service.address}\ntoken {token}", flush=True)
    print("nodeflow: serving ComfyUI's interface; Ctrl+C ends it", file=sys.stderr)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        service.close()
        engine.close()
