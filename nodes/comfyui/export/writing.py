"""A workflow as ComfyUI's flat form."""

from __future__ import annotations

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.export.exporter import ExportedGraph, GraphExporter
from nodes.comfyui.export.registry import exporters, taken_by_samplers


def export(workflow: Workflow, catalogue: Catalogue) -> ExportedGraph:
    """Return a workflow in ComfyUI's flat form, as far as it has counterparts there."""
    return GraphExporter(workflow, catalogue, exporters(), taken_by_samplers()).run()
