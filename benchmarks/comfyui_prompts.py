"""Prompts made from the window's form beside those that ComfyUI made: ``python -m benchmarks.comfyui_prompts PATH``.

Of all images and files of a folder that hold both forms, for each of ComfyUI's own nodes in the stored prompt, and
apart from these for each node of packs whose order of values is known: whether
the one flattened from the window's form has the same inputs, values and wires. Nodes that stand in one form alone are
where the two disagree (a workflow that was changed after its run), and are counted apart, as are nodes whose class the
two name otherwise. ``--write`` puts the table into docs/comfyui.md.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.comfyui import PAGE, written
from nodeflow.graph.io.comfyui.api_file import read_api_file
from nodeflow.graph.io.comfyui.containers import NotReadableError, find
from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, PromptNode, flatten
from nodeflow.graph.io.comfyui.ui_file import read_ui_file
from nodeflow.graph.io.comfyui.widgets import class_facts, pack_facts

HEADING = "## Prompts made from the window's form"
UPLOADS = ("upload", "choose file to upload", "speak_and_recognation", "audioUI")
"""Buttons that the window once sent as if they were inputs."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    options = arguments.parse_args()
    counts, packs, why, files = Counter[str](), Counter[str](), Counter[str](), 0
    for path in sorted(one for one in options.path.rglob("*") if one.is_file()):
        both = _both(path.read_bytes())
        if both is None:
            continue
        files += 1
        stored, made = both
        for id, node in stored.nodes.items():
            if node.type in class_facts():
                found = compared(node, made.nodes.get(id))
                counts[found[0]] += 1
                why.update(found[1])
                if found[0] == "other":
                    print(f"{path.name} {id} {node.type}: {', '.join(found[1])}")
            elif node.type in pack_facts():
                packs[compared(node, made.nodes.get(id))[0]] += 1
    text = table(files, counts, packs, why)
    print(text)
    if options.write:
        written(HEADING, text)


def _both(data: bytes) -> tuple[FlatPrompt, FlatPrompt] | None:
    """The stored prompt, and the one made from the window's form; None where one of the two is missing."""
    try:
        found = find(data)
    except NotReadableError:
        return None
    if found.workflow is None or found.prompt is None:
        return None
    return read_api_file(found.prompt), flatten(read_ui_file(found.workflow))


def compared(stored: PromptNode, made: PromptNode | None) -> tuple[str, list[str]]:
    """What a node is: ``same``, ``other`` (with the inputs that differ), or ``apart`` where the two forms disagree."""
    if made is None or made.type != stored.type:
        return "apart", []
    off = [
        f"{stored.type}.{name}"
        for name, value in stored.inputs.items()
        if name not in UPLOADS and not _alike(value, made.inputs.get(name))
    ]
    return ("other", off) if off else ("same", [])


def _alike(stored: Any, made: Any) -> bool:
    if isinstance(stored, OutputPlace) or isinstance(made, OutputPlace):
        return bool(stored == made)
    if isinstance(stored, (int, float)) and isinstance(made, (int, float)):
        return math.isclose(float(stored), float(made), rel_tol=1e-9) if abs(stored) < 2**53 else stored == made
    if isinstance(made, str) and "%" in made and isinstance(stored, str):
        return True  # the window fills in %date% and the like when it sends
    return bool(stored == made)


def table(files: int, counts: Counter[str], packs: Counter[str], why: Counter[str]) -> str:
    """Return the part of the page."""
    lines = [
        HEADING,
        "",
        "Made by `python -m benchmarks.comfyui_prompts PATH --write`: images that hold both forms; what the window's",
        "form flattens to, beside the prompt that ComfyUI itself made of it.",
        "",
        f"{files} files.",
        "",
        "| nodes | | the same | other | in one form alone, or of another class |",
        "|---|---:|---:|---:|---:|",
        _row("ComfyUI's own", counts),
        _row("of packs whose order of values is known", packs),
    ]
    if why:
        told = ", ".join(f"{name} ({count})" for name, count in why.most_common(20))
        lines += ["", f"Inputs of ComfyUI's own that differ: {told}."]
    return "\n".join(lines) + "\n"


def _row(name: str, counts: Counter[str]) -> str:
    compared_ = counts["same"] + counts["other"]
    share = counts["same"] / compared_ if compared_ else 1.0
    return f"| {name} | {compared_} | {counts['same']} ({share:.1%}) | {counts['other']} | {counts['apart']} |"


if __name__ == "__main__":
    main()
