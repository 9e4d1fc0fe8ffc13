"""Seeds of an image of a batch, taken back into the document. No widgets."""

from __future__ import annotations

from collections.abc import Mapping

from nodeflow.graph.edits.edits import Edit, SetParam
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Node, Socket, Workflow, upstream


def seed_edits(
    workflow: Workflow, catalogue: Catalogue, nodes: Mapping[str, Node], node: str, index: int
) -> list[Edit]:
    """Edits that set the seeds that image ``index`` of a node came from, one image alone, by the ``nodes`` of its run.

    A node that took several seeds in a row starts at that of the image and takes one.
    """
    top = node.partition("/")[0]
    edits: list[Edit] = []
    for name in sorted(upstream(workflow.incoming(), [top]) | {top}):
        ran, here = nodes.get(name), workflow.nodes.get(name)
        spec = catalogue.nodes.get(here.type) if here is not None else None
        if ran is None or here is None or spec is None or ran.type != here.type:
            continue
        for param in spec.params:
            if param.widget != "seed" or Socket(name, param.name) in workflow.links:
                continue
            seed = ran.params.get(param.name, param.default)
            several = spec.param(param.several) if param.several else None
            wanted = {param.name: seed if several is None else seed + index}
            if several is not None and Socket(name, several.name) not in workflow.links:
                wanted[several.name] = 1
            edits += [SetParam(name, key, value) for key, value in wanted.items() if here.params.get(key) != value]
    return edits
