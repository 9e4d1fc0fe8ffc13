"""What scripts are put together from: imports, names and values as Python writes them."""

from __future__ import annotations

import keyword
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

HEAD = '''"""The images of a workflow of nodeflow's, over libraries that everybody has.

    pip install {packages}

On a CPU they are the same images to the last bit.
"""
'''
PACKAGES = {"PIL": "pillow", "open_clip": "open_clip_torch"}
"""What is installed for a module, where that has another name."""
STANDARD = (
    "copy",
    "functools",
    "inspect",
    "itertools",
    "json",
    "math",
    "os",
    "pathlib",
    "re",
    "tempfile",
    "types",
    "typing",
)
LINE = 120
"""Characters of a line of a script."""


class Imports:
    """Names by the modules that they come from, in the order that ruff wants."""

    def __init__(self) -> None:
        self._whole: set[str] = set()
        self._names: dict[str, set[str]] = defaultdict(set)

    def add(self, module: str) -> None:
        """A module as a whole."""
        self._whole.add(module)

    def take(self, module: str, name: str) -> None:
        """A name out of a module."""
        self._names[module].add(name)

    def modules(self) -> list[str]:
        """Those that are no part of Python."""
        found = {one.split(".")[0].split(" ")[0] for one in (*self._whole, *self._names)}
        return sorted(found - set(STANDARD))

    def copy(self) -> Imports:
        """The same, to go on from."""
        other = Imports()
        other._whole |= self._whole
        for module, names in self._names.items():
            other._names[module] |= names
        return other

    def text(self, between: str) -> str:
        """The lines, those of the standard library first, then what is to stand before all others."""
        groups = list[str]()
        for standard in (True, False):
            lines = [f"import {one}" for one in sorted(self._whole) if (one in STANDARD) == standard]
            modules = sorted((one for one in self._names if (one in STANDARD) == standard), key=str.casefold)
            lines += [line for one in modules for line in self._of(one)]
            groups += ["\n".join(lines), between if standard else ""]
        return "\n\n".join(group for group in groups if group) + "\n"

    def _of(self, module: str) -> list[str]:
        """The line that imports from a module, broken where it is too long."""
        names = sorted(self._names[module], key=_by_kind)
        line = f"from {module} import {', '.join(names)}"
        if len(line) <= LINE:
            return [line]
        return [f"from {module} import (", *(f"    {name}," for name in names), ")"]


def _by_kind(name: str) -> tuple[int, str]:
    """Constants before classes before functions, as ruff sorts what is imported."""
    return 0 if name.isupper() else 1 if name[:1].isupper() else 2, name.casefold()


def called(node: str, what: str = "") -> str:
    """Return a Python name for a node, also one inside a subgraph."""
    name = re.sub(r"\W+", "_", f"{node}_{what}" if what else node).strip("_")
    name = name if name.isascii() and name[:1].isalpha() else f"node_{re.sub(r'[^A-Za-z0-9_]', '', name)}"
    return f"{name}_" if keyword.iskeyword(name) else name


def literal(value: Any) -> str:
    """Return a value as ruff writes it: texts in double quotes."""
    if isinstance(value, str):
        text = repr(value)
        if text[0] == "'" and '"' not in text:
            return '"' + text[1:-1].replace("\\'", "'") + '"'
        return text
    if isinstance(value, tuple):
        inner = ", ".join(literal(one) for one in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    return repr(value)


def broken(value: Any, indent: int, beside: int) -> str:
    """Return a value as ruff breaks it, in its own line with ``beside`` other characters: in one, or each item in its
    own."""
    line = literal(value)
    if indent + beside + len(line) <= LINE or not isinstance(value, (dict, list, tuple)) or not value:
        return line
    inner = indent + 4
    if isinstance(value, dict):
        items = [f"{literal(key)}: {broken(one, inner, len(literal(key)) + 3)}" for key, one in value.items()]
    else:
        items = [broken(one, inner, 1) for one in value]
    begin, end = ("{", "}") if isinstance(value, dict) else ("[", "]") if isinstance(value, list) else ("(", ")")
    return "\n".join([begin, *(f"{' ' * inner}{item}," for item in items), " " * indent + end])


def text_lines(variable: str, text: str) -> list[str]:
    """The lines that give a name to a text as ruff breaks them: in one, or the text in its own where that helps."""
    line = f"{variable} = {literal(text)}"
    if len(line) <= LINE or len(literal(text)) + 4 > LINE:
        return [line]
    return [f"{variable} = (", f"    {literal(text)}", ")"]


def call_lines(start: str, arguments: Sequence[str], indent: int = 0) -> list[str]:
    """The lines of a call as ruff breaks them: in one, its arguments in one, or each in its own."""
    inner = ", ".join(arguments)
    if indent + len(f"{start}({inner})") <= LINE or not arguments:
        return [f"{start}({inner})"]
    if indent + len(inner) + 4 <= LINE:
        return [f"{start}(", f"    {inner}", ")"]
    return [f"{start}(", *(f"    {one}," for one in arguments), ")"]


def tuple_lines(start: str, items: Sequence[str], indent: int = 0) -> list[str]:
    """The lines of a tuple as ruff breaks them: in one, or each item in its own."""
    inner = f"{items[0]}," if len(items) == 1 else ", ".join(items)
    if indent + len(f"{start}({inner})") <= LINE or not items:
        return [f"{start}({inner})"]
    return [f"{start}(", *(f"    {one}," for one in items), ")"]


def head(modules: Sequence[str]) -> str:
    """What stands at the beginning of a script that imports some modules."""
    return HEAD.format(packages=" ".join(sorted(PACKAGES.get(one, one) for one in modules)))
