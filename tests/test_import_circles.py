"""No module imports itself by way of others when it is loaded; types alone may know each other."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that reach each other (Tarjan's strongly connected components of several)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for other in sorted(arrows.get(module, ())):
            if other not in order:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], order[other])
        if low[module] == order[module]:
            at = stack.index(module)
            group, stack[at:] = stack[at:], []
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(arrows):
        if module not in order:
            visit(module)
    return found


@pytest.fixture(scope="module")
def arrows() -> dict[str, set[str]]:
    graph = grimp.build_graph("nodeflow", "nodes", exclude_type_checking_imports=True, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def test_a_circle_would_be_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_no_module_imports_itself_by_way_of_others(arrows: dict[str, set[str]]) -> None:
    assert len(arrows) > 400
    assert circles(arrows) == []


def test_the_rooms_of_the_app_form_no_circle(arrows: dict[str, set[str]]) -> None:
    def room(module: str) -> str:
        return ".".join(module.split(".")[:3])

    rooms: dict[str, set[str]] = {}
    for module, others in arrows.items():
        if module.startswith("nodeflow.app."):
            known = {room(other) for other in others if other.startswith("nodeflow.app.")}
            rooms.setdefault(room(module), set()).update(known - {room(module)})
    assert len(rooms) >= 11
    assert circles(rooms) == []


def test_only_its_door_imports_nodegraphqt() -> None:
    door = ROOT / "nodeflow" / "app" / "canvas" / "nodegraphqt"
    for path in (ROOT / "nodeflow").rglob("*.py"):
        names = [
            name.name if isinstance(node, ast.Import) else node.module or ""
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in node.names
        ]
        if any(name.partition(".")[0] == "NodeGraphQt" for name in names):
            assert door in path.parents, path
