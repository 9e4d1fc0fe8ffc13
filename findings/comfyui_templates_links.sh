#!/usr/bin/env bash
# Published graphs name nodes and links that are not there, and two say of one input that it gets two different values
# Seen with: comfyui-workflow-templates-json==0.1.123
# Expected:  the link tables, and the ends of links that nodes list themselves, agree, as the format says each wire twice
# Seen:      in 644 graphs: 12 links whose ends do not exist (in one graph), 13 outputs that list links which do not exist, and
#            two seeds of which the table has two links, from a number and from outside, and the input names but one
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check comfyui-workflow-templates-json==0.1.123
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import json
from collections import Counter
from importlib.metadata import files

OUTSIDE = {-10, -20}  # what a subgraph calls its own inputs and outputs
found, where = Counter(), {}


def count(what, name):
    found[what] += 1
    where.setdefault(what, set()).add(name)


def link_of(entry):
    names = "id", "origin_id", "origin_slot", "target_id", "target_slot"
    return tuple(entry[name] for name in names) if isinstance(entry, dict) else tuple(entry[:5])


for file in files("comfyui-workflow-templates-json"):
    document = json.loads(file.read_text(encoding="utf-8")) if file.suffix == ".json" else None
    if not isinstance(document, dict) or "nodes" not in document:
        continue
    count("graphs", file.name)
    for graph in [document, *document.get("definitions", {}).get("subgraphs", [])]:
        nodes = {node["id"]: node for node in graph["nodes"]}
        links = [link_of(entry) for entry in graph.get("links") or []]
        for number, origin, _, target, slot in links:
            if not {origin, target} <= nodes.keys() | OUTSIDE:
                count("links with no node at an end", file.name)
            elif target in nodes and nodes[target]["inputs"][slot].get("link") != number:
                count("links of the table that their input does not name", file.name)
        known = {link[0] for link in links}
        for node in nodes.values():
            for output in node.get("outputs") or []:
                if set(output.get("links") or []) - known:
                    count("outputs that list links which are not there", file.name)
for what, number in found.items():
    print(number, what, sorted(where[what]) if what != "graphs" else "")
assert found["graphs"] == 644, "other graphs are in the package"
assert found["links with no node at an end"] == 12
assert found["outputs that list links which are not there"] == 13
assert where["links of the table that their input does not name"] == {
    "image_qwen_Image_2512.json", "template_qwen_Image_2512_360_lora.json",
}, "they agree now"
PY
