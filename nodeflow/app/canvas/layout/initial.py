"""Places for nodes that a file gives none: in columns from what they are made from. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nodeflow.graph.model.workflow import Workflow

COLUMN, GAP = 300.0, 36.0


def places(workflow: Workflow, names: Iterable[str], height: Callable[[str], float]) -> dict[str, tuple[float, float]]:
    """A place for each of the nodes, right of what they are made from and below what is placed already.

    Linear in nodes and links; nodes on a circle of wires go into the first column.
    """
    wanted = set(names)
    depths = _depths(workflow)
    bottom = max((place.y for place in workflow.layout.values()), default=-GAP - 400) + 400 + GAP
    tops: dict[int, float] = {}
    found: dict[str, tuple[float, float]] = {}
    for name in sorted(wanted, key=lambda node: (depths.get(node, 0), node)):
        depth = depths.get(name, 0)
        top = tops.get(depth, bottom)
        found[name] = (depth * COLUMN, top)
        tops[depth] = top + height(name) + GAP
    return found


def _depths(workflow: Workflow) -> dict[str, int]:
    """Return how many wires lead to each node at most (Kahn's algorithm)."""
    incoming, outgoing = workflow.incoming(), workflow.outgoing()
    waits = {name: len(incoming[name]) for name in workflow.nodes}
    depths = {name: 0 for name, count in waits.items() if count == 0}
    ready = list(depths)
    while ready:
        name = ready.pop()
        for link in outgoing.get(name, ()):
            if link.target in waits:
                depths[link.target] = max(depths.get(link.target, 0), depths[name] + 1)
                waits[link.target] -= 1
                if waits[link.target] == 0:
                    ready.append(link.target)
    return depths
