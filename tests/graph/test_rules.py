"""What a node asks of several parameters together is told by the check, by a run and by its function alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from nodeflow.engine.protocol.events import NodeFailed
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.packs import load_packs
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.io.files import dumps
from nodeflow.graph.model.catalogue import Param, decode, encode
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.graph.validate.check import check
from nodeflow.node import NodeError, Range, Rule, node, spec_of

PACKS = load_packs()
RULED = {spec.type: spec for spec in PACKS.catalogue.nodes.values() if spec.rules}
RIGHT = {"nodes.value_in_json": {"text": "{}"}}
"""What a node needs to be right, where its declared values are not."""


def said(type: str, params: dict[str, Any], links: dict[int, Link] | None = None) -> list[tuple[str, str]]:
    nodes = {"one": Node(type, None, params), "list": Node("nodes.numbers", None, {"count": 2})}
    found = check(Workflow(nodes, links or {}), PACKS.catalogue)
    return [(one.port, one.reason) for one in found if one.node == "one" and "needs a wire" not in one.reason]


def values_of(param: Param) -> tuple[Any, ...]:
    """Values at the ends of what a parameter takes."""
    match param.kind:
        case "choice":
            return param.choices
        case "int" | "float":
            ends = (param.minimum, param.maximum, 0, 10**5 if param.kind == "int" else 1e308)
            return tuple(int(one) if param.kind == "int" else float(one) for one in ends if one is not None)
        case _:
            return "", "1", " "


@pytest.mark.parametrize("type", RULED)
def test_a_check_says_what_the_node_raises(type: str) -> None:
    spec, broken = RULED[type], set()
    usual = {param.name: param.default for param in spec.params} | RIGHT.get(type, {})
    assert not list(spec.broken(usual))
    tried = [{one.name: value} for one in spec.params for value in values_of(one)]
    tried += [first | second for first in tried for second in tried]
    for changed in tried:
        values = usual | changed
        if any(one.fault(values[one.name]) for one in spec.params):
            continue
        for rule in spec.broken(values):
            broken.add(rule.otherwise)
            assert (rule.place, rule.fault(values)) in said(type, values)
            first = next(spec.broken(values)).fault(values)
            with pytest.raises(NodeError) as raised:
                PACKS.functions[type](**dict.fromkeys(one.name for one in spec.inputs if not one.many), **values)
            assert str(raised.value) == first
    assert len(broken) == len(spec.rules)


def test_what_comes_from_a_wire_is_asked_when_it_runs(tmp_path: Path) -> None:
    links = {1: Link("list", "values", "one", "sigma_max")}
    assert said("nodes.karras_sigmas", {"sigma_max": 0.001, "sigma_min": 1.0}, links) == []
    nodes = {"one": Node("nodes.karras_sigmas"), "list": Node("nodes.numbers", None, {"start": 0.02, "count": 1})}
    request = RunRequest(dumps(Workflow(nodes, links)), str(tmp_path), str(tmp_path), device="cpu")
    failed = [event for event in WorkflowRunner(PACKS).run(request) if isinstance(event, NodeFailed)]
    assert [event.error for event in failed] == [
        "sigma_min is 0.0291675 and sigma_max 0.02; make sigma_max the larger one"
    ]


def test_a_function_refuses_what_no_rule_could_judge() -> None:
    with pytest.raises(NodeError, match="is beyond 64 bits"):
        PACKS.functions["nodes.whole_numbers"](start=10**30)


def test_a_wrong_value_is_told_alone() -> None:
    assert [port for port, _ in said("nodes.karras_sigmas", {"sigma_max": -1.0})] == ["sigma_max"]


def test_rules_are_part_of_the_catalogue_as_data() -> None:
    kept = decode(encode(PACKS.catalogue)).nodes["nodes.scheduler"]
    assert kept.rules == RULED["nodes.scheduler"].rules
    values = {param.name: param.default for param in kept.params} | {"sigmas": "Karras"}
    assert [rule.place for rule in kept.broken(values)] == ["sigmas"]


def test_a_function_with_rules_stays_a_plain_one() -> None:
    @node("Between", rules=(Rule("low < high", "{low} is not below {high}"),))
    def between(low: Annotated[int, Range(0, 9)] = 1, high: int = 5, way: Literal["a", "b"] = "a") -> int:
        return high - low

    spec = spec_of(between)
    assert (
        between() == 4
        and between(3, high=4) == 1
        and spec is not None
        and [one.name for one in spec.params]
        == [
            "low",
            "high",
            "way",
        ]
    )
    with pytest.raises(NodeError, match="6 is not below 5"):
        between(6)


def test_a_rule_about_no_parameter_is_told_to_the_author() -> None:
    def one(low: int = 1) -> int:
        return low

    with pytest.raises(TypeError, match="'high'"):
        node("One", rules=(Rule("low < high", "no"),))(one)
