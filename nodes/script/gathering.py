"""The functions that a script holds: out of the files of `functions`, with what they name and import."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from nodes.script.pieces import Imports

FILES = Path(__file__).parent / "functions"
OUTSIDE_OF_SCRIPTS = ("__future__", "nodes.")
"""What the files import for themselves alone: a script holds the functions of all of them."""


class Function(NamedTuple):
    """A function or class as it is written, what of the same kind it names, and what it imports: module and name."""

    text: str
    names: frozenset[str]
    imports: tuple[tuple[str, str], ...]


@functools.cache
def known_functions() -> dict[str, Function]:
    """All functions by name, in the order of their files."""
    return {name: function for path in sorted(FILES.glob("*.py")) for name, function in of_file(path).items()}


def gathered(wanted: Iterable[str], imports: Imports) -> list[str]:
    """The texts of some functions and of what they name; says what they import."""
    known, waiting, found = known_functions(), list(wanted), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += known[name].names & known.keys()
            for module, what in known[name].imports:
                imports.take(module, what) if what else imports.add(module)
    return [function.text for name, function in known.items() if name in found]


def of_file(path: Path) -> dict[str, Function]:
    """The functions of a file by name."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    imported = dict(_imported(tree))
    found = {}
    for part in tree.body:
        name = _defines(part)
        if name:
            named = {one.id for one in ast.walk(part) if isinstance(one, ast.Name)}
            lines = source.splitlines()[part.lineno - 1 : part.end_lineno]
            needs = tuple(imported[name] for name in sorted(named & imported.keys()))
            found[name] = ("\n".join(lines), named - {name}, needs)
    return {name: Function(text, frozenset(named), needs) for name, (text, named, needs) in found.items()}


def _imported(tree: ast.Module) -> Iterable[tuple[str, tuple[str, str]]]:
    for part in tree.body:
        if isinstance(part, ast.Import):
            yield from ((one.asname or one.name, (_as_written(one), "")) for one in part.names)
        elif isinstance(part, ast.ImportFrom) and not str(part.module).startswith(OUTSIDE_OF_SCRIPTS):
            yield from ((one.asname or one.name, (part.module or "", one.name)) for one in part.names)


def _as_written(one: ast.alias) -> str:
    return f"{one.name} as {one.asname}" if one.asname else one.name


def _defines(part: ast.stmt) -> str:
    """The name of the function, class or constant that a statement defines."""
    if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
        return part.name
    if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
        return part.targets[0].id
    return ""
