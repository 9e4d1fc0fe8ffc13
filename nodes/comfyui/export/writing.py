"""A workflow as ComfyUI's flat form."""

from __future__ import annotations

from functools import partial

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.export.as_it_came import as_it_came
from nodes.comfyui.export.exporter import ExportedGraph, GraphExporter
from nodes.comfyui.export.registry import exporters, taken_by_samplers


def export(workflow: Workflow, catalogue: Catalogue) -> ExportedGraph:
    """Return a workflow in ComfyUI's flat form, as far as it has counterparts there.

    What was imported from there, and changed in no more than values, goes back as it came.
    """
    found = export_anew(workflow, catalogue)
    return as_it_came(workflow, catalogue, partial(export_anew, catalogue=catalogue), found) or found


def export_anew(workflow: Workflow, catalogue: Catalogue) -> ExportedGraph:
    """Return the flat form of the nodes that stand here, wherever they came from."""
    return GraphExporter(workflow, catalogue, exporters(), taken_by_samplers()).run()
