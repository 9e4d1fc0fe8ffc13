"""``NODE.PARAM=VALUE`` as people type it, turned into a value of the parameter's kind."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.plain_values import shown
from nodeflow.graph.model.workflow import Problem, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.graph.validate.check import closest

_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def parse(text: str, workflow: Workflow, catalogue: Catalogue) -> tuple[str, str, Any]:
    """Node, parameter and value. Raises WorkflowError with a sentence that says what was meant to stand there."""
    place, equals, value = text.partition("=")
    if not equals or "." not in place:
        raise WorkflowError(Problem("", "", f"{shown(text)} sets nothing; write NODE.PARAM=VALUE"))
    node, param = address(place, workflow, catalogue)
    found = read(param, value)
    if fault := param.fault(found):
        raise WorkflowError(Problem(node, param.name, fault))
    return node, param.name, found


def address(text: str, workflow: Workflow, catalogue: Catalogue) -> tuple[str, Param]:
    """The node and the parameter that ``NODE.PARAM`` names. Raises WorkflowError where there is none."""
    node, dot, name = text.partition(".")
    if not dot:
        raise WorkflowError(Problem("", "", f"{shown(text)} names no parameter; write NODE.PARAM"))
    if "/" in node:
        instance = node.partition("/")[0]
        reason = f"stands inside a subgraph; expose the parameter there and set it at {instance!r}"
        raise WorkflowError(Problem(node, name, reason))
    if node not in workflow.nodes:
        raise WorkflowError(Problem(node, "", f"there is no such node{closest(node, workflow.nodes)}"))
    spec = with_subgraphs(catalogue, workflow).nodes.get(workflow.nodes[node].type)
    if spec is None:
        raise WorkflowError(Problem(node, name, f"cannot be set: {workflow.nodes[node].type!r} is not installed"))
    param = spec.param(name)
    if param is None:
        raise WorkflowError(Problem(node, name, f"no such parameter{closest(name, [p.name for p in spec.params])}"))
    return node, param


def read(param: Param, text: str) -> Any:
    """A typed text as a value of the parameter's kind, or the text itself where it is none (`Param.fault` says so)."""
    try:
        match param.kind:
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return _TRUTH.get(text.lower(), text)
    except ValueError:
        pass
    return text
