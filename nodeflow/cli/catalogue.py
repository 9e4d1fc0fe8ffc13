"""The nodes there are, for commands that run none. Packs are asked in a worker: their code never runs here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nodeflow.cli.status import tell
from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.resources import folder

BUILT_IN = "nodes."
"""How the types of the built-in pack begin."""
SNAPSHOT = folder("assets") / "catalogue.json"


def known_catalogue(fresh: bool = False, types: Iterable[str] = (), snapshot: Path = SNAPSHOT) -> Catalogue:
    """The nodes of all installed packs: of the built-in one alone from its snapshot, unless they are to be ``fresh``.

    The packs are asked as well where one of the ``types`` would be a built-in node that the snapshot has not: whoever
    adds a node to a checkout has it before the snapshot is renewed.

    Raises WorkflowError where the worker does not start.
    """
    from nodeflow.cli.runner import ThroughWorker
    from nodeflow.engine.protocol.limits import NOTHING
    from nodeflow.engine.worker.packs import others

    if not fresh and snapshot.is_file() and not others():
        shipped = decode(snapshot.read_bytes())
        if all(type in shipped.nodes for type in types if type.startswith(BUILT_IN)):
            return shipped
    runner = ThroughWorker(NOTHING)
    try:
        for sentence in runner.troubles:
            tell(sentence)
        return runner.catalogue
    finally:
        runner.close()
