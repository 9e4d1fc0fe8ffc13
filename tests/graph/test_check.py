"""Checking reports every problem at once, each with its node, port and reason."""

from __future__ import annotations

from toys import PACK, wire

from nodeflow.graph.model.workflow import Link, Node
from nodeflow.graph.validate.check import check, contradictions, refusal

CATALOGUE = PACK.catalogue


def reasons(workflow) -> list[str]:
    return [str(problem) for problem in check(workflow, CATALOGUE)]


def test_a_sound_workflow_has_no_problems() -> None:
    assert reasons(wire({"a": ("source",), "b": ("add", {"amount": 3}, {"box": "a"})})) == []


def test_every_problem_is_reported() -> None:
    workflow = wire(
        {
            "a": ("source", {"value": "twelve", "valu": 1}),
            "b": ("add",),
            "c": ("add", {}, {"box": "nobody"}),
            "d": ("add", {}, {"box": "a.bix", "bux": "a"}),
            "e": ("double", {}, {"sheet": "a.box"}),
            "f": ("toys.ad",),
            "g": ("lost.node",),
            "h": ("fail", {"kind": "half"}, {"box": "a"}),
            "i": ("count", {"steps": True}),
            "j": ("count", {"steps": 5000}),
        }
    )
    assert reasons(workflow) == [
        "a.valu: toys.source has no such parameter; did you mean 'value'?",
        "a.value: 'twelve' is not a whole number from -1000 to 1000",
        "b.box: needs a wire of type toys.Box",
        "c.box: comes from 'nobody', which is not in this workflow",
        "d.box: 'a' has no output 'bix'; did you mean 'box'?",
        "d.bux: toys.add has no such input; did you mean 'box'?",
        "e.sheet: takes toys.Sheet, but a.box gives toys.Box",
        "f: unknown node type 'toys.ad'; did you mean 'toys.add'?",
        "g: unknown node type 'lost.node'; install the pack 'lost'",
        "h.kind: 'half' is not one of told, untold",
        "i.steps: true is not a whole number from 1 to 1000",
        "j.steps: 5000 is not a whole number from 1 to 1000",
    ]


def test_circles_are_named_each_once() -> None:
    workflow = wire(
        {
            "a": ("add", {}, {"box": "c"}),
            "b": ("add", {}, {"box": "a"}),
            "c": ("add", {}, {"box": "b"}),
            "after": ("add", {}, {"box": "c"}),
            "self": ("add", {}, {"box": "self"}),
        }
    )
    assert reasons(workflow) == [
        "a: is part of a circle of wires: a -> b -> c -> a",
        "self: is part of a circle of wires: self -> self",
    ]


def test_an_impossible_wire_is_refused_with_both_types() -> None:
    workflow = wire({"a": ("source",), "b": ("add", {}, {"box": "a"}), "s": ("double",)})
    assert refusal(workflow, CATALOGUE, Link("a", "box", "s", "sheet")) == "takes toys.Sheet, but a.box gives toys.Box"
    assert "close a circle" in refusal(workflow, CATALOGUE, Link("b", "box", "b", "other"))
    assert refusal(workflow, CATALOGUE, Link("a", "box", "b", "other")) == ""


def test_a_node_from_a_newer_pack_says_so() -> None:
    workflow = wire({"a": ("source",)})
    workflow.nodes["a"] = Node("toys.source", version=9)
    assert reasons(workflow) == ["a: was saved by version 9 of toys.source, this is 1; update the pack"]


def test_what_is_only_incomplete_contradicts_nothing() -> None:
    workflow = wire(
        {"a": ("source", {"value": "twelve"}), "b": ("add",), "g": ("lost.node",), "x": ("add", {}, {"box": "g"})}
    )
    workflow.nodes["c"] = Node("toys.add")
    for link in (Link("nobody", "box", "c", "box"), Link("a", "bix", "b", "box")):
        workflow.links[link.socket] = link
    assert [str(problem) for problem in contradictions(workflow, CATALOGUE)] == [
        "a.value: 'twelve' is not a whole number from -1000 to 1000",
        "b.box: 'a' has no output 'bix'; did you mean 'box'?",
        "c.box: comes from 'nobody', which is not in this workflow",
    ]
