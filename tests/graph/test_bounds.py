"""What stands in a file is within what a canvas can show, and work is bounded before it is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.annotation import FARTHEST, LARGEST, LONGEST_TEXT, SMALLEST, Annotation
from nodeflow.graph.model.workflow import Placement, WorkflowError


def file(**fields: Any) -> bytes:
    return json.dumps({"nodeflow": 1, "nodes": {"a": {"type": "nodes.noise"}}, **fields}).encode()


@pytest.mark.parametrize("number", [1e7, -1e7, 1e300, -1e300, 2**63])
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


def test_what_is_no_number_is_kept_as_it_stands() -> None:
    text = b'{"nodeflow": 1, "nodes": {"a": {"type": "nodes.noise"}}, "layout": {"a": [1e400, 0]}}'
    workflow = loads(text)
    assert workflow.layout == {}
    assert b"1e400" in dumps(workflow)


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
