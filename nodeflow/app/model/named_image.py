"""The image file that a node names, which can be shown without a run."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.graph.model.roles import FINISHED, LOAD_IMAGE
from nodeflow.graph.model.workflow import Socket


class NamedImage(NamedTuple):
    """A file, and the output of the node that gives what it holds."""

    path: Path
    output: str


def named_image(session: DocumentSession, node: str) -> NamedImage | None:
    """Return the image that a node, by its path, loads; None for other nodes, and where a wire names the file."""
    workflow, catalogue = session.flattened.flat.workflow, session.catalogue
    found = workflow.nodes.get(node)
    spec = next((spec for spec in catalogue.specs(LOAD_IMAGE) if found is not None and spec.type == found.type), None)
    if found is None or spec is None or Socket(node, spec.params[0].name) in workflow.links:
        return None
    value = str(found.params.get(spec.params[0].name, spec.params[0].default))
    output = next((port.name for port in spec.outputs if port.type in catalogue.types(FINISHED)), "")
    return NamedImage(session.base / Path(value).expanduser(), output) if value and output else None
