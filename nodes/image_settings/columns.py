"""Where the nodes of a workflow stand that was built from settings: columns by what comes before."""

from __future__ import annotations

from nodeflow.graph.model.workflow import Placement, Workflow

COLUMN, GAP, HEAD, LINE = 330.0, 48.0, 96.0, 26.0


def placed(workflow: Workflow) -> None:
    """Give every node a place: a column to the right of all that it needs."""
    sources: dict[str, set[str]] = {name: set() for name in workflow.nodes}
    for link in workflow.links.values():
        sources[link.target].add(link.source)
    columns: dict[str, int] = {}
    for name in workflow.nodes:  # each was built after what it needs
        columns[name] = max((columns.get(source, 0) + 1 for source in sources[name]), default=0)
    for name in reversed(list(workflow.nodes)):  # what only later ones need stands near them
        takers = [columns[target] for target in sources if name in sources[target]]
        if takers and not sources[name] and columns[name] == 0 and name != "model":
            columns[name] = max(min(takers) - 1, 0)
    heights: dict[int, float] = {}
    for name, node in workflow.nodes.items():
        column = columns[name]
        y = heights.get(column, 0.0)
        workflow.layout[name] = Placement(column * COLUMN, y)
        texts = sum(60.0 for value in node.params.values() if isinstance(value, str) and len(value) > 30)
        lines = len(node.params) + len(sources[name]) + 2
        heights[column] = y + HEAD + LINE * lines + texts + GAP
