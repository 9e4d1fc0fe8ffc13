"""The program knows no node of a pack by name: it asks the catalogue by role."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import nodes
from nodeflow import wires
from nodeflow.engine.worker.packs import load_packs
from nodeflow.graph.model import roles

ROOT = Path(__file__).parent.parent / "nodeflow"
NODE = re.compile(r"\bnodes\.[a-z_]+\b")
WORDS = {
    "app/canvas/items/port_shapes.py": "the shapes of nodeflow's own wires",
    "app/qt/theme.py": "the colours of nodeflow's own wires",
    "app/start_page/bundled_workflows.py": "what methods are called",
    "app/dialogs/settings_dialog.py": "a heading",
    "engine/inspect/conditioning_views.py": "a heading",
    "engine/inspect/plain_views.py": "headings",
    "engine/inspect/schedule_views.py": "a heading",
    "engine/inspect/trajectory_views.py": "a heading",
    "graph/io/comfyui/output_kinds.py": "types of wires in ComfyUI",
    "graph/io/image_settings/fooocus.py": "the name of a setting in other programs' texts",
    "graph/io/image_settings/web_ui.py": "the name of a setting in other programs' texts",
}
"""Where a text that is also the name of a wire type is something else, and what."""


@cache
def literals(path: Path) -> tuple[str, ...]:
    """The texts in a file that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(statement.value) for statement in ast.walk(tree) if isinstance(statement, ast.Expr)}
    constants = [found for found in ast.walk(tree) if isinstance(found, ast.Constant) and id(found) not in told]
    return tuple(found.value for found in constants if isinstance(found.value, str))


def files() -> Iterator[tuple[str, Path]]:
    for room in ("graph", "engine", "app", "cli", "reports"):
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path


def test_no_room_names_a_node_of_the_built_in_pack() -> None:
    named = [f"{name}: {text!r}" for name, path in files() for text in literals(path) if NODE.search(text)]
    assert named == []


def test_no_room_names_a_wire_type_but_as_a_word() -> None:
    types = set(wires.__all__)
    named = {name for name, path in files() for text in literals(path) if text in types}
    assert named == set(WORDS), "ask the catalogue by role, or the class for its name"


def test_roles_are_played_by_what_there_is() -> None:
    catalogue = load_packs().catalogue
    known = {value for name, value in vars(roles).items() if name.isupper()}
    assert set(nodes.ROLES) == known
    for role in (roles.CHANGE, roles.LOAD_IMAGE):
        assert [spec.type for spec in catalogue.specs(role)] == list(nodes.ROLES[role])
    for spec in catalogue.specs(roles.CHANGE):
        assert len(spec.inputs) == 2
        assert {port.type for port in (*spec.inputs, *spec.outputs)} == {spec.outputs[0].type}
        assert spec.params[0].kind == "int"
    for spec in catalogue.specs(roles.LOAD_IMAGE):
        assert spec.params[0].kind == "path"
    given = {port.type for spec in catalogue.nodes.values() for port in (*spec.inputs, *spec.outputs)}
    for role in (roles.SEEN, roles.STEPS, roles.TEXT_ENCODER):
        assert set(catalogue.types(role)) <= given
