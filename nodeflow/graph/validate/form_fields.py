"""Fields and outputs of a form in their workflow: where each value is, what it may be, and how it is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from nodeflow.graph.edits.edits import Edit, EditBatch, SetParam
from nodeflow.graph.edits.subgraph_edits import at
from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.form import FormField, FormOutput
from nodeflow.graph.model.plain_values import shown
from nodeflow.graph.model.workflow import Problem, Socket, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import inside_of, level
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.graph.validate.check import closest
from nodeflow.graph.validate.param_assignments import read


class FieldPlace(NamedTuple):
    """A field in its workflow: the definition and the node that hold the value, the parameter within the field's range,
    the value of now, and whether a wire gives it instead."""

    where: str
    node: str
    param: Param
    value: Any
    fed: bool

    def edit(self, value: Any) -> Edit:
        """Return the edit of the root that sets the value; in a subgraph, for all of its instances."""
        return at(self.where, SetParam(self.node, self.param.name, value))


def place_of(field: FormField, workflow: Workflow, catalogue: Catalogue) -> FieldPlace:
    """Find a field; ``catalogue`` holds the workflow's subgraphs. Raises WorkflowError that says what is not there."""
    where, name = _node(field.node, field.name, workflow)
    body = inside_of(workflow, where)
    node = body.nodes[name]
    spec = catalogue.nodes.get(node.type)
    if spec is None:
        raise _missing(field.name, f"shows a value of {field.node!r}, whose node {node.type!r} is not installed")
    param = spec.param(field.param)
    if param is None:
        hint = closest(field.param, [one.name for one in spec.params])
        raise _missing(field.name, f"shows {field.param!r} of {field.node!r}, which has no such parameter{hint}")
    fed = Socket(name, param.name) in body.links
    return FieldPlace(where, name, narrowed(param, field), node.params.get(param.name, param.default), fed)


def _node(path: str, name: str, workflow: Workflow) -> tuple[str, str]:
    """The definition and the id of the node that a path leads to."""
    parent, _, last = path.rpartition("/")
    where = level(workflow, parent)
    if where is None or last not in inside_of(workflow, where).nodes:
        raise _missing(name, f"shows a value of {path!r}, which is not in this workflow; take it out of the form")
    return where, last


def _missing(name: str, reason: str) -> WorkflowError:
    return WorkflowError(Problem("form", name, reason))


def narrowed(param: Param, field: FormField) -> Param:
    """The parameter within the range that the form gives it; a range beside the parameter's own is not one."""
    if param.kind not in ("int", "float"):
        return param
    low = max((n for n in (param.minimum, field.minimum) if n is not None), default=None)
    high = min((n for n in (param.maximum, field.maximum) if n is not None), default=None)
    if low is not None and high is not None and low > high:
        return param
    return msgspec.structs.replace(param, minimum=low, maximum=high)


def output_fault(output: FormOutput, workflow: Workflow, catalogue: Catalogue) -> str:
    """Return why an output of the form cannot be shown, in a sentence; empty where it can.

    ``catalogue`` holds the workflow's subgraphs.
    """
    parent, _, last = output.node.rpartition("/")
    where = level(workflow, parent)
    if where is None or last not in inside_of(workflow, where).nodes:
        return f"the form shows an image of {output.node!r}, which is not in this workflow; take it out of the form"
    spec = catalogue.nodes.get(inside_of(workflow, where).nodes[last].type)
    if spec is not None and spec.output(output.output) is None:
        hint = closest(output.output, [port.name for port in spec.outputs])
        return f"{output.node!r} has no output {output.output!r}{hint}"
    return ""


def assignments(texts: list[str], workflow: Workflow, catalogue: Catalogue, folder: Path) -> Edit:
    """The edit that sets fields, each as ``NAME=VALUE``. Raises WorkflowError with all that cannot be set.

    Files that are read are sought in ``folder``.
    """
    problems: list[Problem] = []
    edits: list[Edit] = []
    catalogue = with_subgraphs(catalogue, workflow)
    for text in texts:
        try:
            edits.append(_assignment(text, workflow, catalogue, folder))
        except WorkflowError as error:
            problems += error.problems
    if problems:
        raise WorkflowError(*problems)
    return EditBatch(tuple(edits))


def _assignment(text: str, workflow: Workflow, catalogue: Catalogue, folder: Path) -> Edit:
    name, equals, value = text.partition("=")
    if not equals:
        raise _missing("", f"{shown(text)} sets nothing; write NAME=VALUE")
    form = workflow.form
    if form is None or not form.fields:
        raise _missing(name, "cannot be set: this workflow has no form; set NODE.PARAM=VALUE instead")
    field = form.named(name)
    if field is None:
        names = ", ".join(one.name for one in form.fields)
        raise _missing(name, f"is no field of this form; its fields are {names}")
    place = place_of(field, workflow, catalogue)
    if place.fed:
        raise _missing(name, f"is given by a wire to {field.node}.{field.param} and cannot be set")
    found = read(place.param, _file(name, value, folder) if is_file(place.param) else value)
    if fault := place.param.fault(found):
        raise _missing(name, fault)
    return place.edit(found)


def is_file(param: Param) -> bool:
    """Return whether a parameter names a file or folder that is read."""
    return param.reads and param.widget in ("file", "folder")


def _file(name: str, text: str, folder: Path) -> str:
    try:
        path = (folder / Path(text).expanduser()).absolute()
        there = path.exists()
    except (OSError, ValueError, RuntimeError):
        there = False
    if not text or not there:
        raise _missing(name, f"names no file that is there: {shown(text)}")
    return str(path)
