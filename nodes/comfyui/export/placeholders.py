"""Placeholders are written as they came: class, values, and wires by the places of outputs."""

from __future__ import annotations

from typing import Any

import msgspec

from nodes.comfyui.export.exporter import GraphExporter, Outputs, Ref
from nodes.comfyui.export.registry import exports
from nodes.comfyui.placeholders import FIELD, PACK, output_name

MOST_DIGITS = 5


class KeptNode(msgspec.Struct):
    """What a placeholder keeps of its node."""

    type: str = msgspec.field(name="class", default="")
    id: str = ""
    outputs: tuple[str, ...] = ()
    values: list[Any] = []


@exports(PACK)
def placeholder(exporter: GraphExporter, name: str) -> Outputs:
    """Write a placeholder; its outputs by the names that it has here."""
    node = exporter.workflow.nodes[name]
    try:
        kept = msgspec.json.decode(node.extra.get(FIELD, b"{}"), type=KeptNode)
    except msgspec.MsgspecError:
        kept = KeptNode()
    links = {link.input for link in exporter.workflow.links.values() if link.target == name}
    inputs: dict[str, Any] = {key: value for key, value in node.params.items() if key not in links}
    for input in sorted(links):
        inputs[input] = exporter.wire(name, input)
    ref = exporter.add(kept.type or node.type.partition(".")[2], **inputs)
    if kept.values:
        exporter.values[ref.id] = kept.values
    names = {output_name(kept, slot): slot for slot in range(len(kept.outputs))}  # type: ignore[arg-type]
    for link in exporter.consumers(name):
        number = link.output.removeprefix("output_")
        if link.output not in names and number.isdigit() and len(number) < MOST_DIGITS:
            names[link.output] = int(number)
    return {output: Ref(ref.id, slot) for output, slot in names.items()}
