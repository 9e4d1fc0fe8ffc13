"""Places of nodes: ComfyUI's with room between them."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Mapping

from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, TERMINALS, Node, Placement, Workflow
from nodes.comfyui.colours import named_colour
from nodes.comfyui.frame_room import WIDTH
from nodes.comfyui.frames import LONGEST_TITLE, STRETCH_X, STRETCH_Y, annotate
from nodes.comfyui.placeholders import storable
from nodes.comfyui.subgraphs import ImportScope

COLUMN = 90.0
"""Nodes that are no farther apart across stand one below the other."""
SEVERAL = 3
"""Nodes made for one that stand in two columns."""
GAP, LINE, HEAD, TALLEST = 40.0, 26.0, 60.0, 640.0
MULTILINE, LETTERS, MOST_LINES = "multiline", 38, 7
"""Of texts that are edited in several lines: letters a line, and lines that are shown."""
MOST_TRIED = 400
"""Nodes that a place is looked for between; below all of them there is one."""


def place(scope: ImportScope, prompt: FlatPrompt, catalogue: Catalogue) -> None:
    """Give every node of a graph a place, and take over its groups and notes."""
    heights = _heights(scope.body, catalogue)
    given = dict(_places(scope))
    spots = _filled(prompt, scope.made, given)
    wanted: list[tuple[float, float, str, str, str]] = []
    for id, names in scope.made.items():
        x, y = spots.get(id, (0.0, 0.0))
        title = _title(prompt, scope, id)
        ends = names[-1:]
        shown = [name for name in names if name in scope.body.nodes]
        behind = set(_second_column([(name, heights[name]) for name in shown]))
        for number, name in enumerate(shown):
            across = WIDTH + GAP if name in behind else 0.0
            wanted.append((x + across, y + number, name, title if name in ends else "", id))
    occupied = _Occupied()
    for x, y, name, title, id in sorted(wanted, key=lambda one: (one[0] // COLUMN, one[1:3])):
        node = scope.graph.nodes.get(id.removeprefix(scope.path))
        collapsed = node is not None and node.collapsed
        colour = named_colour(node.colour) if node is not None else ""
        y = occupied.take(x, y, HEAD if collapsed else heights[name])
        said = storable(title)[:LONGEST_TITLE]
        scope.body.layout[name] = Placement(round(x, 1), round(y, 1), said, collapsed=collapsed, colour=colour)
    _terminals(scope.body)
    annotate(scope, heights)


def _second_column(tall: list[tuple[str, float]]) -> list[str]:
    """Of many nodes that were made for one, each with its height, the later half: it stands right of the others."""
    if len(tall) < SEVERAL:
        return []
    half, filled = sum(height for _, height in tall) / 2, 0.0
    for at, (_, height) in enumerate(tall):
        if at and filled + height > half:
            return [name for name, _ in tall[at:]]
        filled += height
    return []


def _terminals(body: Workflow) -> None:
    """The two ends of a subgraph stand left and right of what is inside."""
    inside = [spot for name, spot in body.layout.items() if name in body.nodes and name not in TERMINALS]
    if not inside or INPUTS not in body.nodes:
        return
    middle = sum(spot.y for spot in inside) / len(inside)
    body.layout[INPUTS] = Placement(min(spot.x for spot in inside) - WIDTH - GAP, middle)
    body.layout[OUTPUTS] = Placement(max(spot.x for spot in inside) + WIDTH + GAP, middle)


def _title(prompt: FlatPrompt, scope: ImportScope, id: str) -> str:
    """The title that a person gave a node; files of the interface repeat the class where there is none."""
    node = prompt.nodes.get(id) or scope.graph.nodes.get(id.removeprefix(scope.path))
    if node is None or "".join(node.title.split()).casefold() == node.type.casefold():
        return ""
    return node.title


def _places(scope: ImportScope) -> Iterator[tuple[str, tuple[float, float]]]:
    """Places by the ids of the flat form."""
    for node in scope.graph.nodes.values():
        if math.isfinite(node.x) and math.isfinite(node.y):
            yield f"{scope.path}{node.id}", (node.x * STRETCH_X, node.y * STRETCH_Y)


def _filled(
    prompt: FlatPrompt, made: Mapping[str, list[str]], given: dict[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Places for all: columns by how much stands before, for those that have none."""
    missing = [id for id in made if id not in given]
    if not missing:
        return given
    right = max((x for x, _ in given.values()), default=-WIDTH) + WIDTH + GAP if given else 0.0
    depth: dict[str, int] = {}
    for _ in range(min(len(missing), 40)):
        changed = False
        for id in missing:
            inputs = prompt.nodes[id].inputs.values() if id in prompt.nodes else ()
            sources = [value.node for value in inputs if isinstance(value, OutputPlace)]
            level = min(max((depth.get(one, 0) + 1 for one in sources), default=0), 40)
            changed |= depth.get(id) != level
            depth[id] = level
        if not changed:
            break
    rows: dict[int, int] = {}
    spots = dict(given)
    for id in missing:
        row = rows[depth[id]] = rows.get(depth[id], -1) + 1
        spots[id] = (right + depth[id] * 2 * (WIDTH + GAP), row * 260.0)
    return spots


def _heights(body: Workflow, catalogue: Catalogue) -> dict[str, float]:
    """About how tall the nodes of a graph are drawn."""
    return {name: _height(node, catalogue.nodes.get(node.type)) for name, node in body.nodes.items()}


def _height(node: Node, spec: NodeSpec | None) -> float:
    """About how tall a node is drawn: a row a port and a parameter, and several for a long text."""
    if spec is None:
        return min(HEAD + LINE * (3 + len(node.params)) + GAP, TALLEST)
    rows = max(len(spec.inputs), len(spec.outputs)) + len(spec.params)
    said = (str(node.params.get(param.name, "")) for param in spec.params if param.widget == MULTILINE)
    rows += sum(min(len(text) // LETTERS + 1, MOST_LINES) for text in said)
    return min(HEAD + LINE * rows + GAP, TALLEST)


class _Occupied:
    """What stands near the node that is placed; nodes come from left to right."""

    def __init__(self) -> None:
        self._order: deque[tuple[float, float, float]] = deque()
        self._spans: list[tuple[float, float]] = []

    def take(self, x: float, y: float, height: float) -> float:
        """Occupy the first free place at or below ``y``, and return it."""
        while self._order and self._order[0][0] <= x - WIDTH - GAP:
            _, *gone = self._order.popleft()
            del self._spans[bisect_left(self._spans, tuple(gone))]
        y = self._free(y, height)
        self._order.append((x, y, y + height))
        insort(self._spans, (y, y + height))
        return y

    def _free(self, y: float, height: float) -> float:
        start = bisect_left(self._spans, (y - TALLEST, 0.0))
        for place in range(start, len(self._spans)):
            if place > start + MOST_TRIED:
                return self._spans[-1][1]
            top, bottom = self._spans[place]
            if top >= y + height:
                break
            y = max(y, bottom)
        return y
