"""What keeps a workflow from being run, as far as the app can tell."""

from __future__ import annotations

from nodeflow.app.model.engine_service import EngineService
from nodeflow.graph.model.workflow import Problem, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import definition_of
from nodeflow.graph.validate.run_scope import obstacles, scope


def run_obstacles(workflow: Workflow, hub: EngineService, targets: tuple[str, ...] = ()) -> list[Problem]:
    """Return what keeps a run from starting. Of types that only the worker may know, it is the one to judge.

    For another thread: a large workflow is not judged in a moment.
    """
    try:
        about = scope(workflow, hub.catalogue, targets)
    except WorkflowError as error:
        return list(error.problems)
    types = {node.type for node in about.workflow.nodes.values() if not definition_of(node.type)}
    if not hub.device and types - hub.catalogue.nodes.keys():
        return []
    return obstacles(workflow, hub.catalogue, about)
