"""Tests of bounds: a file's contents fit what a canvas can show, and work is bounded before it is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.annotation import FARTHEST, LARGEST, LONGEST_TEXT, SMALLEST, Annotation
from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Placement, Problem, WorkflowError
from nodeflow.graph.subgraphs.flatten import MAX_DEPTH, MAX_LINKS, flatten
from nodeflow.graph.validate.check import MAX_PROBLEMS, check
from nodeflow.graph.validate.run_scope import obstacles, scope
from nodeflow.resources import folder


def file(**fields: Any) -> bytes:
    return json.dumps({"nodeflow": 1, "nodes": {"a": {"type": "nodes.noise"}}, **fields}).encode()


@pytest.mark.parametrize("number", [1e9, -1e9, 1e300, -1e300, 2**63])
def test_frames_and_nodes_stand_on_the_canvas(number: float) -> None:
    box = {"kind": "frame", "box": [number, -number, number, -number]}
    workflow = loads(file(annotations={"f": box, "n": {**box, "kind": "note"}}, layout={"a": [number, -number]}))
    for drawn in workflow.annotations.values():
        assert abs(drawn.x) == abs(drawn.y) == FARTHEST
        assert SMALLEST <= drawn.width <= LARGEST
        assert SMALLEST <= drawn.height <= LARGEST
    assert abs(workflow.layout["a"].x) == FARTHEST
    assert loads(dumps(workflow)).layout == workflow.layout


def test_a_gesture_leads_no_farther() -> None:
    assert Placement(float("nan"), float("inf")) == Placement(0.0, FARTHEST)
    assert Annotation("frame", 0, 0, float("inf"), 0).width == LARGEST


def test_a_place_that_is_no_number_is_refused() -> None:
    text = b'{"nodeflow": 1, "nodes": {"a": {"type": "nodes.noise"}}, "layout": {"a": [1e400, 0]}}'
    with pytest.raises(WorkflowError, match="1e400 is too large for a number"):
        loads(text)


@pytest.mark.parametrize(
    "fields",
    [
        {"annotations": {"n": {"kind": "note", "box": [0, 0, 9, 9], "text": "x" * (LONGEST_TEXT + 1)}}},
        {"layout": {"a": {"at": [0, 0], "title": "x" * 2000}}},
        {"nodes": {"a": {"type": "nodes.text", "params": {"value": "x" * 1_000_001}}}},
        {"nodes": {"a" * 2000: {"type": "nodes.text"}}},
    ],
    ids=["note", "title", "value", "id"],
)
def test_texts_that_no_window_can_show_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(WorkflowError, match="make it shorter") as caught:
        loads(file(**fields))
    assert len(str(caught.value)) < 300


CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())
DOT = "nodes.reroute"


class Counted(dict[str, Any]):
    """Counts how often it is asked: what is measured is work, not time."""

    asked = 0

    def get(self, name: str, default: Any = None) -> Any:
        Counted.asked += 1
        return super().get(name, default)


def asked(nodes: dict[str, Any]) -> tuple[int, list[Problem]]:
    workflow = loads(json.dumps({"nodeflow": 1, "nodes": nodes}).encode())
    workflow.nodes = Counted(workflow.nodes)
    Counted.asked = 0
    problems = check(workflow, CATALOGUE)
    return Counted.asked, problems


def chain(count: int) -> dict[str, Any]:
    first = {"start": {"type": "nodes.text", "params": {"value": "a"}}}
    dots = {f"r{k}": {"type": DOT, "inputs": {"value": f"r{k - 1}.value"}} for k in range(1, count)}
    return {**first, "r0": {"type": DOT, "inputs": {"value": "start.text"}}, **dots}


def ring(count: int) -> dict[str, Any]:
    return {f"r{k}": {"type": DOT, "inputs": {"value": f"r{(k + 1) % count}.value"}} for k in range(count)}


def pairs(count: int) -> dict[str, Any]:
    return {f"r{k}": {"type": DOT, "inputs": {"value": f"r{k ^ 1}.value"}} for k in range(count)}


def tail(count: int) -> dict[str, Any]:
    return {f"r{k}": {"type": DOT, "inputs": {"value": f"r{max(k - 1, 0)}.value"}} for k in range(count)}


@pytest.mark.parametrize("shape", [chain, ring, pairs, tail])
def test_reroutes_are_checked_in_linear_time(shape: Any) -> None:
    short, _ = asked(shape(400))
    long, problems = asked(shape(4000))
    assert long <= 11 * short
    assert all(len(str(problem)) < 400 for problem in problems)
    circles = [problem for problem in problems if "circle" in problem.reason]
    assert len(circles) == {chain: 0, ring: 1, pairs: 2000, tail: 1}[shape]


def doubling(levels: int) -> bytes:
    """Subgraphs of few nodes in which each wire becomes two."""
    inner = {"x": {"type": "nodes.image_grid", "inputs": {"images": ["@inputs.a", "@inputs.a"]}}}
    definitions: dict[str, Any] = {"d0": {"inputs": ["a"], "outputs": {"a": "x.image"}, "nodes": inner}}
    for level in range(1, levels):
        nodes = {"x": {"type": f"subgraph.d{level - 1}", "inputs": {"a": ["@inputs.a", "@inputs.a"]}}}
        definitions[f"d{level}"] = {"inputs": ["a"], "outputs": {"a": "x.a"}, "nodes": nodes}
    top = {"p": {"type": "nodes.load_image"}, "g": {"type": f"subgraph.d{levels - 1}", "inputs": {"a": "p.image"}}}
    return json.dumps({"nodeflow": 1, "nodes": top, "subgraphs": definitions}).encode()


def test_wires_that_multiply_through_subgraphs_are_counted_before_they_are_laid() -> None:
    assert len(flatten(loads(doubling(5))).workflow.links) == 32
    with pytest.raises(WorkflowError, match="wires come together"):
        flatten(loads(doubling(40)))


def test_wires_inside_multiply_too() -> None:
    nodes: dict[str, Any] = {"a": {"type": "nodes.text"}}
    nodes |= {f"x{k}": {"type": "nodes.join_texts", "inputs": {"texts": ["a.text"] * 100}} for k in range(100)}
    definitions: dict[str, Any] = {"d0": {"nodes": nodes}, "d1": {"nodes": {}}}
    definitions["d1"]["nodes"] = {f"y{k}": {"type": "subgraph.d0"} for k in range(100)}
    text = json.dumps({"nodeflow": 1, "nodes": {"g": {"type": "subgraph.d1"}}, "subgraphs": definitions})
    with pytest.raises(WorkflowError, match=f"more than {MAX_LINKS} wires"):
        flatten(loads(text.encode()))


def test_depth_is_bounded() -> None:
    definitions: dict[str, Any] = {"d0": {"nodes": {"a": {"type": "nodes.text"}}}}
    for level in range(1, 3000):
        definitions[f"d{level}"] = {"nodes": {"x": {"type": f"subgraph.d{level - 1}"}}}
    top = {"g": {"type": "subgraph.d2999"}}
    text = json.dumps({"nodeflow": 1, "nodes": top, "subgraphs": definitions}).encode()
    assert check(loads(text), CATALOGUE)[0].reason.startswith(f"its subgraphs stand more than {MAX_DEPTH} deep")


def test_problems_are_told_up_to_a_number() -> None:
    nodes = {f"r{k}": {"type": f"nodes.unknown_{k}"} for k in range(2 * MAX_PROBLEMS)}
    workflow = loads(json.dumps({"nodeflow": 1, "nodes": nodes}).encode())
    assert len(check(workflow, CATALOGUE)) == MAX_PROBLEMS


@pytest.mark.parametrize("output", ["nowhere.image", "a.nothing", "inner.image"])
def test_check_finds_outputs_that_come_from_nowhere(output: str) -> None:
    nodes = {"a": {"type": "nodes.load_image"}, "inner": {"type": "subgraph.u"}}
    top = {"g": {"type": "subgraph.s"}, "save": {"type": "nodes.save_image", "inputs": {"image": "g.image"}}}
    definitions = {
        "s": {"outputs": {"image": output}, "nodes": nodes},
        "u": {"outputs": {"image": "gone.image"}, "nodes": {}},
    }
    workflow = loads(json.dumps({"nodeflow": 1, "nodes": top, "subgraphs": definitions}).encode())
    problems = check(workflow, CATALOGUE)
    assert any(problem.port == "image" for problem in problems), problems
    about = scope(workflow, CATALOGUE)
    refused = obstacles(workflow, CATALOGUE, about)
    assert refused
    assert {problem for problem in refused if problem.port} <= set(problems)
