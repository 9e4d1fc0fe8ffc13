"""The reference pages, made from the source: ``python -m docs.reference`` writes them, a test holds them to it.

Nodes from the catalogue, actions from the registry of a window, settings from their table, the command line from typer.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"
MADE = "<!-- Made by python -m docs.reference; change the source, not this page. -->\n\n"


def nodes() -> str:
    """Return the page of all nodes of the built-in pack, by room."""
    import nodes as pack
    from nodeflow.engine.worker.packs import Packs

    packs = Packs()
    packs.add(pack, "")
    specs = sorted(packs.catalogue.nodes.values(), key=lambda spec: (pack.ROOMS.index(spec.station), spec.title))
    lines, room = [f"# Nodes\n\n{MADE}"], ""
    for spec in specs:
        if spec.station != room:
            room = spec.station
            lines.append(f"## {room}\n")
        lines.append(f"### {spec.title}\n\n`{spec.type}`, version {spec.version}\n\n{spec.doc}\n")
        wires = [f"`{port.name}`: {port.type}" + ("" if port.required else " (optional)") for port in spec.inputs]
        params = [f"`{param.name}` = `{param.default!r}`" for param in spec.params]
        outputs = [f"`{port.name}`: {port.type}" for port in spec.outputs]
        for title, parts in (("in", wires), ("parameters", params), ("out", outputs)):
            if parts:
                lines.append(f"- {title}: {', '.join(parts)}")
        lines.append("")
    return "\n".join(lines)


def actions() -> str:
    """Return the page of all actions with their keys, by menu."""
    from nodeflow.app.commands.registry import categories, plain
    from nodeflow.app.main import application, open_window

    application()
    window = open_window()
    lines = [f"# Actions and keys\n\n{MADE}Every key can be changed under Settings, Keys."]
    for category, title in categories().items():
        lines.append(f"\n## {plain(title)}\n\n| action | keys |\n|---|---|")
        lines += [
            f"| {plain(entry.words)} | {', '.join(f'`{key}`' for key in entry.keys)} |"
            for entry in window.actions_.of(category)
        ]
    window.close()
    return "\n".join(lines) + "\n"


def settings() -> str:
    """Return the page of all settings: their keys in the file, defaults, and what they are."""
    from nodeflow.app.model import settings as module

    tree = ast.parse(inspect.getsource(module.Settings))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    told = {
        node.targets[0].id: after.value.value
        for node, after in itertools.pairwise(body)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }
    where = "They lie in `settings.ini` in the data folder (`NODEFLOW_DATA`)."
    lines = [f"# Settings\n\n{MADE}{where}\n\n| key | default | what it is |\n|---|---|---|"]
    for name, setting in vars(module.Settings).items():
        if isinstance(setting, module.Setting):
            long = isinstance(setting.default, list) and setting.default
            default = "what is usual" if long else f"`{setting.default!r}`"
            what = " ".join(str(told.get(name) or name.replace("_", " ")).split())
            lines.append(f"| `{setting.key}` | {default} | {what} |")
    return "\n".join(lines) + "\n"


def command_line() -> str:
    """Return the page of all commands with their options."""
    import click
    import typer

    from nodeflow.cli.main import cli

    status = "Exit status: 0 done, 1 a node failed, 2 the file or an argument is wrong, 130 stopped by Ctrl+C."
    lines = [f"# The command line\n\n{MADE}{status}"]

    def tell(command: Any, path: str) -> None:
        for name, inner in getattr(command, "commands", {}).items():
            tell(inner, f"{path} {name}")
        if hasattr(command, "commands"):
            return
        context = click.Context(command, info_name=path)
        usage = " ".join(command.collect_usage_pieces(context))
        lines.append(f"\n## {path}\n\n{inspect.cleandoc(command.help or '')}\n\n    {path} {usage}\n")
        for param in command.params:
            record = param.get_help_record(context)
            if record is not None and record[0] != "--help":
                lines.append(f"- `{record[0]}`: {record[1]}")

    tell(typer.main.get_command(cli), "nodeflow")
    return "\n".join(lines) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "nodes": nodes,
    "actions": actions,
    "settings": settings,
    "command-line": command_line,
}


def main() -> None:
    """Write all pages."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["COLUMNS"] = "100"
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(NODEFLOW_DATA=folder, NODEFLOW_CACHE=folder)
        FOLDER.mkdir(exist_ok=True)
        for name, page in PAGES.items():
            (FOLDER / f"{name}.md").write_text(page(), encoding="utf-8")
            print(FOLDER / f"{name}.md")
        sys.stdout.flush()
        os._exit(0)  # the window's worker need not end in order


if __name__ == "__main__":
    main()
