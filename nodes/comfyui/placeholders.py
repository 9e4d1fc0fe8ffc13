"""Placeholders: what has no counterpart here stays as it is, to be seen, replaced, and exported unchanged."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from nodeflow.graph.io.comfyui.prompt import PromptNode

PACK = "comfyui"
FIELD = "comfyui"
"""The field of a node that keeps its class and the types of its outputs."""
CLASS = "class"
"""What a node keeps that could have come from one class or another."""
LONGEST_TEXT = 900_000
DEEPEST = 16


def output_name(node: PromptNode, slot: int) -> str:
    """What an output is called: its type, numbered where that stands twice."""
    kinds = node.outputs
    if not 0 <= slot < len(kinds):
        return f"output_{slot}"
    name = kinds[slot].replace(".", "_") or "output"
    before = kinds[:slot].count(kinds[slot])
    return f"{name}_{before + 1}" if before else name


def kept(node: PromptNode) -> dict[str, bytes]:
    """What of a node has no other place in a file."""
    fields: dict[str, Any] = {"class": node.type, "id": node.id, "outputs": list(node.outputs)}
    if node.values:
        fields["values"] = list(node.values)
    return {FIELD: msgspec.json.encode(storable(fields))}


def storable(value: Any, depth: int = 0) -> Any:
    """A value as a workflow file can hold it: finite numbers, whole characters, texts that a window can show."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT].encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (
            value
            if -(2**63) <= value < 2**64
            else str(value)[:100]
            if value.bit_length() < 10_000
            else "a large number"
        )
    if depth >= DEEPEST and isinstance(value, (list, dict)):
        return "..."
    if isinstance(value, list):
        return [storable(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {storable(str(key)): storable(one, depth + 1) for key, one in value.items()}
    return value
