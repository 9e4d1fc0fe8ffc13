"""The layered drawing, without a window."""

from __future__ import annotations

import random

import pytest

from nodeflow.app.canvas.layout.align import align, distribute
from nodeflow.app.canvas.layout.layered import Edge, PlacedBox, place
from nodeflow.app.canvas.layout.tidy import tidy


def overlaps(places: dict[str, tuple[float, float]], boxes: dict[str, PlacedBox]) -> list[tuple[str, str]]:
    found, names = [], list(places)
    for number, a in enumerate(names):
        for b in names[number + 1 :]:
            (ax, ay), (bx, by) = places[a], places[b]
            apart = ax + boxes[a].width <= bx or bx + boxes[b].width <= ax
            apart = apart or ay + boxes[a].height <= by or by + boxes[b].height <= ay
            if not apart:
                found.append((a, b))
    return found


def graph(seed: int, count: int, circles: int = 0) -> tuple[dict[str, PlacedBox], list[Edge]]:
    dice = random.Random(seed)
    boxes = {
        f"n{i}": PlacedBox(252, dice.uniform(60, 260), dice.uniform(0, 900), dice.uniform(0, 900)) for i in range(count)
    }
    edges = [Edge(f"n{dice.randrange(i)}", f"n{i}", 40, 30) for i in range(1, count)]
    edges += [Edge(f"n{a}", f"n{b}", 60, 60) for a, b in (sorted(dice.sample(range(count), 2)) for _ in range(count))]
    return boxes, edges + [Edge(f"n{dice.randrange(9, count)}", "n1") for _ in range(circles)]


@pytest.mark.parametrize("seed", range(6))
def test_nothing_overlaps_and_wires_lead_to_the_right(seed: int) -> None:
    boxes, edges = graph(seed, 60)
    places = place(boxes, edges)
    assert overlaps(places, boxes) == []
    assert all(places[e.source][0] + 252 < places[e.target][0] for e in edges)


def test_circles_and_loops_do_no_harm() -> None:
    boxes, edges = graph(3, 50, circles=8)
    places = place(boxes, [*edges, Edge("n4", "n4")])
    assert set(places) == set(boxes)
    assert overlaps(places, boxes) == []


def test_a_long_chain_is_one_straight_line() -> None:
    boxes = {f"n{i}": PlacedBox(252, 100) for i in range(3000)}
    places = place(boxes, [Edge(f"n{i}", f"n{i + 1}", 50, 50) for i in range(2999)])
    assert {y for _, y in places.values()} == {0.0}


def test_crossed_wires_are_uncrossed() -> None:
    boxes = {name: PlacedBox(100, 50, 0, y) for y, name in enumerate(("a1", "a2", "a3", "b3", "b2", "b1"))}
    places = place(boxes, [Edge("a1", "b1"), Edge("a2", "b2"), Edge("a3", "b3"), Edge("a1", "b2"), Edge("a2", "b3")])
    assert [places[f"a{i}"][1] for i in (1, 2, 3)] == sorted(places[f"a{i}"][1] for i in (1, 2, 3))
    assert [places[f"b{i}"][1] for i in (1, 2, 3)] == sorted(places[f"b{i}"][1] for i in (1, 2, 3))


def test_frames_hold_what_they_held_and_nothing_else() -> None:
    boxes = {name: PlacedBox(100, 50, 120.0 * number, 0) for number, name in enumerate("abcdefg")}
    frames = {
        "outer": PlacedBox(480, 300, 110, -60),
        "inner": PlacedBox(240, 200, 230, -40),
    }  # b to e, and in it c and d
    wires = [(a, b, 25.0, 25.0) for a, b in zip("abcdef", "bcdefg", strict=True)] + [("a", "g", 25.0, 30.0)]
    places, areas = tidy(boxes, frames, wires)
    for name, box in boxes.items():
        x, y = places[name][0] + box.width / 2, places[name][1] + box.height / 2
        held = {
            frame
            for frame, area in areas.items()
            if area.x <= x <= area.x + area.width and area.y <= y <= area.y + area.height
        }
        assert held == ({"outer"} if name in "bcde" else set()) | ({"inner"} if name in "cd" else set()), name
    assert overlaps(places, boxes) == []
    assert places["a"][0] < areas["outer"].x < areas["inner"].x < places["g"][0]


def test_frames_that_lie_on_one_another_are_laid_out_too() -> None:
    frames = {name: PlacedBox(400, 300, 0, 0) for name in ("one", "another")}
    places, areas = tidy({"node": PlacedBox(100, 50, 20, 60)}, frames, [])
    assert areas.keys() == frames.keys() and places.keys() == {"node"}


def test_boxes_line_up_and_spread_evenly() -> None:
    boxes = {"a": PlacedBox(100, 40, 0, 0), "b": PlacedBox(50, 20, 500, 30), "c": PlacedBox(10, 100, 140, 300)}
    assert align(boxes, "left") == {"a": (0, 0), "b": (0, 30), "c": (0, 300)}
    assert align(boxes, "right") == {"a": (450, 0), "b": (500, 30), "c": (540, 300)}
    assert align(boxes, "centre") == {"a": (225, 0), "b": (250, 30), "c": (270, 300)}
    assert align(boxes, "top") == {"a": (0, 0), "b": (500, 0), "c": (140, 0)}
    assert align(boxes, "bottom") == {"a": (0, 360), "b": (500, 380), "c": (140, 300)}
    assert align(boxes, "middle") == {"a": (0, 180), "b": (500, 190), "c": (140, 150)}
    assert distribute(boxes, "across") == {"a": (0, 0), "c": (295, 300), "b": (500, 30)}
    assert distribute(boxes, "down") == {"a": (0, 0), "b": (500, 160), "c": (140, 300)}
