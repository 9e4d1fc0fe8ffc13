"""Sweeps: a parameter that a run gives several values, one after another; several sweeps make a grid."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.plain_values import shown
from nodeflow.graph.model.workflow import Problem, Workflow, WorkflowError
from nodeflow.graph.subgraphs.flatten import flatten
from nodeflow.graph.validate.param_assignments import address, read

MAX_ITEMS = 10_000
"""How often one node may run in one run."""
MAX_DIGITS = 18

_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:/(\d+))?")


class Sweep(msgspec.Struct, frozen=True):
    """The values that a parameter of a node takes."""

    node: str
    param: str
    values: tuple[Any, ...]

    @property
    def axis(self) -> str:
        return f"{self.node}.{self.param}"


def parse(text: str, workflow: Workflow, catalogue: Catalogue) -> Sweep:
    """A sweep as people type it: ``NODE.PARAM=a,b,c``. Raises WorkflowError with a sentence for what is wrong.

    A text that holds a comma stands in double quotes. Of numbers, ``1..4`` is 1,2,3,4 and ``1..5/9`` nine numbers
    evenly from 1 to 5.
    """
    place, equals, given = text.partition("=")
    if not equals or not given.strip():
        raise WorkflowError(Problem("", "", f"{shown(text)} sweeps nothing; write NODE.PARAM=a,b,c"))
    node, param = address(place, workflow, catalogue)
    values: list[Any] = []
    for part in _parts(given):
        if param.kind in ("int", "float") and (found := _RANGE.fullmatch(part.strip())):
            values += _between(node, param, *found.groups())
        else:
            values.append(read(param, part if param.kind == "str" else part.strip()))
    if len(values) > MAX_ITEMS:
        reason = f"is swept over {len(values):,} values, and {MAX_ITEMS:,} is the most; name fewer"
        raise WorkflowError(Problem(node, param.name, reason))
    return Sweep(node, param.name, tuple(values))


def _parts(given: str) -> list[str]:
    try:
        return next(csv.reader([given], skipinitialspace=True))
    except csv.Error:
        why = "it has a line break" if {"\n", "\r"} & set(given) else "one of them is too long"
        raise WorkflowError(Problem("", "", f"{shown(given)} is no list of values ({why}); write a,b,c")) from None


def _between(node: str, param: Param, first: str, last: str, count: str | None) -> list[Any]:
    begin, end = float(first), float(last)
    if not (math.isfinite(begin) and math.isfinite(end)) or len(count or "") > MAX_DIGITS:
        raise WorkflowError(Problem(node, param.name, "names a number that is too large; write a smaller one"))
    if count is None and param.kind == "float":
        reason = f"{first}..{last} does not say how many; write {first}..{last}/5 for five numbers"
        raise WorkflowError(Problem(node, param.name, reason))
    number = int(abs(end - begin)) + 1 if count is None else int(count)
    if not 1 <= number <= MAX_ITEMS:
        raise WorkflowError(Problem(node, param.name, f"{number:,} values are too many or too few; 1 to {MAX_ITEMS:,}"))
    steps = [index / max(number - 1, 1) for index in range(number)]
    values = [round(begin + (end - begin) * step, 10) for step in steps]
    return [int(value) if param.kind == "int" and value == int(value) else value for value in values]


def places(sweep: Sweep, workflow: Workflow) -> list[tuple[str, str]]:
    """The nodes and parameters that get the values: of a subgraph those inside that its own parameter sets."""
    marker = object()
    marked = workflow.copy()
    node = workflow.nodes[sweep.node]
    marked.nodes[sweep.node] = msgspec.structs.replace(node, params={**node.params, sweep.param: marker})
    nodes = flatten(marked).workflow.nodes
    return [(path, name) for path, node in nodes.items() for name, value in node.params.items() if value is marker]


def faults(sweeps: Sequence[Sweep], workflow: Workflow, catalogue: Catalogue) -> list[Problem]:
    """Everything that is wrong with sweeps, each value of them among it; empty when they can run."""
    problems: list[Problem] = []
    wired = {(link.target, link.input) for link in workflow.links.values()}
    for sweep in sweeps:
        try:
            _, param = address(sweep.axis, workflow, catalogue)
        except WorkflowError as error:
            problems += error.problems
            continue
        found = dict.fromkeys(fault for value in sweep.values if (fault := param.fault(value)))
        problems += [Problem(sweep.node, sweep.param, fault) for fault in found]
        if not sweep.values:
            problems.append(Problem(sweep.node, sweep.param, "is swept over no value; name some"))
        if (sweep.node, sweep.param) in wired:
            problems.append(Problem(sweep.node, sweep.param, "comes from a wire; take the wire off to sweep it"))
        if sum(other.axis == sweep.axis for other in sweeps) > 1:
            problems.append(Problem(sweep.node, sweep.param, "is swept twice; put all its values into one sweep"))
    count = math.prod(len(sweep.values) for sweep in sweeps)
    if count > MAX_ITEMS:
        reason = f"the sweeps make {count:,} combinations, and {MAX_ITEMS:,} is the most; name fewer values"
        problems.append(Problem("", "", reason))
    return list(dict.fromkeys(problems))
