"""Models that a run reads, by the names its workflow calls them."""

from __future__ import annotations

from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.io.files import loads
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import WorkflowError


def models_of(run: RunRequest, catalogue: Catalogue) -> frozenset[str]:
    """Return what the nodes of a workflow name as models; none where it cannot be read."""
    try:
        nodes = loads(run.workflow).nodes.values()
    except WorkflowError:
        return frozenset()
    found: set[str] = set()
    for node in nodes:
        spec = catalogue.nodes.get(node.type)
        models = (param for param in (spec.params if spec else ()) if param.widget == "model")
        found.update(str(node.params.get(param.name, param.default)) for param in models)
    return frozenset(found - {""})
