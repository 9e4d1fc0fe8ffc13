"""Which pack brings a class, as far as the file says so: ComfyUI's window keeps its registry's name with each node."""

from __future__ import annotations

from nodeflow.graph.io.comfyui.model import ComfyWorkflow
from nodeflow.graph.io.comfyui.tolerant import text

CORE = "comfy-core"
LONGEST = 100


def packs_of(source: ComfyWorkflow | None) -> dict[str, str]:
    """Return packs by class: the registry's name, else that of the repository; those of ComfyUI itself are left out."""
    graphs = [source.graph, *(one.graph for one in source.definitions.values())] if source else []
    found: dict[str, str] = {}
    for graph in graphs:
        for node in graph.nodes.values():
            pack = text(node.properties.get("cnr_id")) or text(node.properties.get("aux_id"))
            if pack and pack != CORE:
                found.setdefault(node.type, pack[:LONGEST])
    return found
