"""ComfyUI's workflows there and back: ``python -m benchmarks.comfyui_round_trip PATH``, a folder of its files.

Each file of an image model is opened and written back: as it came, beside the flat workflow that ComfyUI would send,
node by node with class, values and wires; and anew, out of the nodes here that run, and opened again. Two workflows are
equal where they have the same nodes with the same parameters, wired alike, whatever the nodes are called. ``--write``
puts the table into docs/comfyui.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.comfyui import PAGE, Opened, written
from nodeflow.cli.catalogue import known_catalogue
from nodeflow.graph.io.comfyui.api_file import read_api_file
from nodeflow.graph.io.comfyui.containers import NotReadableError, find
from nodeflow.graph.io.comfyui.prompt import FlatPrompt, PromptNode
from nodeflow.graph.io.comfyui.prompt import flatten as flat_form
from nodeflow.graph.io.comfyui.ui_file import read_ui_file
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Link, Workflow
from nodeflow.graph.subgraphs.flatten import flatten
from nodes.comfyui.export.awake import awake
from nodes.comfyui.export.writing import export, export_anew
from nodes.comfyui.importing import import_comfyui
from nodes.comfyui.placeholders import FIELD, PACK, output_name

HEADING = "## There and back"
SHOWN = 20


class Trip(NamedTuple):
    """A file: how many nodes it became, how many were left out on the way back, and the types that came back other.

    ``sent``: the nodes that ComfyUI would send of it; ``same``: those of them that come back as they were.
    """

    name: str
    sent: int
    same: int
    nodes: int
    left_out: int
    other: Counter[str]

    @property
    def equal(self) -> bool:
        return not self.left_out and not self.other


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    options = arguments.parse_args()
    catalogue = known_catalogue()
    trips = [trip for path in sorted(options.path.rglob("*.json")) if (trip := there_and_back(path, catalogue))]
    text = page(trips)
    print(text)
    for one in trips:
        if not one.equal:
            print(f"{one.name}: {one.left_out} left out; {dict(one.other)}")
    if options.write:
        written(HEADING, text)


def there_and_back(path: Path, catalogue: Catalogue) -> Trip | None:
    """Open, write and open a file; None where it holds no workflow of an image model."""
    if path.name.startswith("index"):
        return None
    try:
        first = import_comfyui(path.read_bytes(), catalogue)
    except NotReadableError:
        return None
    if not Opened(path.name, first.report, 0.0).of_images:
        return None
    before, after = seen(path.read_bytes()), as_sent(first.workflow, catalogue)
    came = (len(before.nodes), sum(alike(node, after.nodes.get(id)) for id, node in before.nodes.items()))
    sent = export_anew(first.workflow, catalogue)
    if not sent.prompt:
        return Trip(path.name, *came, len(first.workflow.nodes), len(sent.left_out), Counter())
    again = import_comfyui(json.dumps(sent.prompt).encode(), catalogue)
    here, there = told(first.workflow, catalogue), told(again.workflow, catalogue)
    other = Counter(kind for kind, _ in ((here - there) + (there - here)).elements())
    return Trip(path.name, *came, sum(here.values()), len(sent.left_out), other)


def seen(data: bytes) -> FlatPrompt:
    """What ComfyUI would send of a file."""
    found = find(data)
    return flat_form(read_ui_file(found.workflow)) if found.prompt is None else read_api_file(found.prompt)


def as_sent(workflow: Workflow, catalogue: Catalogue) -> FlatPrompt:
    """What is written of a workflow here, read again."""
    return read_api_file(json.loads(json.dumps(export(workflow, catalogue).prompt)))


def alike(one: PromptNode, other: PromptNode | None) -> bool:
    """Whether a node came back with its class, its values and its wires."""
    return other is not None and one.type == other.type and one.inputs == other.inputs


def told(workflow: Workflow, catalogue: Catalogue) -> Counter[tuple[str, str]]:
    """Each node that runs as its type with a hash of it and of all that stands before it, subgraphs taken apart."""
    flat = awake(flatten(workflow).workflow, catalogue)
    incoming, hashes = flat.incoming(), dict[str, str]()
    needs = {name: {link.source for link in links if link.source in flat.nodes} for name, links in incoming.items()}
    for name in TopologicalSorter(needs).static_order():
        node = flat.nodes[name]
        wires = sorted(
            (link.input, link.slot, hashes.get(link.source, "?"), _output(flat, link)) for link in incoming[name]
        )
        said = msgspec.json.encode([node.type, sorted(node.params.items()), wires])
        hashes[name] = hashlib.sha256(said).hexdigest()
    return Counter((flat.nodes[name].type, found) for name, found in hashes.items())


def _output(flat: Workflow, link: Link) -> str:
    """An output by its name; of a placeholder by its place, since the flat form does not say what its outputs are."""
    node = flat.nodes.get(link.source)
    said = node.extra.get(FIELD) if node is not None and node.type.startswith(f"{PACK}.") else None
    if said is None:
        return link.output
    kinds = msgspec.json.decode(said)["outputs"]
    names = [output_name(PromptNode("", "", {}, "", tuple(kinds)), at) for at in range(len(kinds))]
    return f"output_{names.index(link.output)}" if link.output in names else link.output


def page(trips: list[Trip]) -> str:
    """Return the table for the page."""
    equal, whole = sum(one.equal for one in trips), sum(not one.left_out for one in trips)
    nodes = sum(one.nodes for one in trips)
    sent, same = sum(one.sent for one in trips), sum(one.same for one in trips)
    lost = sum(sum(one.other.values()) for one in trips)
    kinds = Counter[str]()
    for one in trips:
        kinds.update(one.other.keys())
    named = ", ".join(f"{kind.removeprefix('nodes.')} {count}" for kind, count in kinds.most_common(SHOWN))
    lines = [
        HEADING,
        "",
        "Made by `python -m benchmarks.comfyui_round_trip PATH --write`: files of image models, opened and written as",
        f"ComfyUI's flat form. As they came: {same} of {sent} nodes ({same / max(sent, 1):.1%}) are those that ComfyUI "
        "would send, by id,",
        "class, values and wires. Written anew out of the nodes here, and opened again, equal are the same nodes with",
        "the same parameters, wired alike:",
        "",
        "| files | nodes | all of it written | equal | nodes that came back other |",
        "|---:|---:|---:|---:|---:|",
        f"| {len(trips)} | {nodes} | {whole} ({whole / max(len(trips), 1):.0%}) | {equal} "
        f"({equal / max(len(trips), 1):.0%}) | {lost} |",
        "",
        f"By type, in files: {named or 'none'}",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
