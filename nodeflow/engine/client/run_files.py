"""Files that a run reads beside models: images, masks, and whatever else its nodes name by a path."""

from __future__ import annotations

from pathlib import Path

from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.io.files import loads
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import WorkflowError
from nodeflow.resources import STARTER, locate


def files_of(run: RunRequest, catalogue: Catalogue) -> dict[Path, str]:
    """Return the files that are here, with the words by which the workflow names each; none where it cannot be read."""
    try:
        workflow = loads(run.workflow)
    except WorkflowError:
        return {}
    found: dict[Path, str] = {}
    for body in (workflow, *(one.body for one in workflow.subgraphs.values())):
        for node in body.nodes.values():
            spec = catalogue.nodes.get(node.type)
            for param in (param for param in (spec.params if spec else ()) if param.reads and param.widget != "model"):
                named = node.params.get(param.name, param.default)
                if not isinstance(named, str) or not named.strip() or named.startswith(STARTER):
                    continue
                path = locate(named, Path(run.base))
                if path is not None and path.is_file():
                    found[path] = named
    return found
