"""The nodes there are, for commands that run none. Packs are asked in a worker: their code never runs here."""

from __future__ import annotations

import sys

from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.resources import folder


def known_catalogue(fresh: bool = False) -> Catalogue:
    """The nodes of all installed packs: of the built-in one alone from its snapshot, unless they are to be ``fresh``.

    Raises WorkflowError where the worker does not start.
    """
    from nodeflow.cli.runner import ThroughWorker
    from nodeflow.engine.protocol.limits import NOTHING
    from nodeflow.engine.worker.packs import others

    snapshot = folder("assets") / "catalogue.json"
    if not fresh and snapshot.is_file() and not others():
        return decode(snapshot.read_bytes())
    runner = ThroughWorker(NOTHING)
    try:
        for sentence in runner.troubles:
            print(f"nodeflow: {sentence}", file=sys.stderr)
        return runner.catalogue
    finally:
        runner.close()
