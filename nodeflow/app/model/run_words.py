"""Words on what a run is about, for those who wait for it: prompt, seeds, models, and what is other than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nodeflow.app.i18n.texts import readable, tr
from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.plain_values import shown
from nodeflow.graph.model.workflow import Node, Socket, Workflow

MAX_PROMPT, MAX_CHANGES = 70, 3
"""Characters of the prompt, and how many changes are named."""


def run_words(workflow: Workflow, catalogue: Catalogue, before: Mapping[str, Node]) -> str:
    """Return one line about a run; ``before`` are the nodes of the one that was asked for before, or none."""
    prompts, seeds, models, changes = [], [], [], []
    for name, node, param in _free_params(workflow, catalogue):
        value = node.params.get(param.name, param.default)
        if param.widget == "multiline" and str(value).strip():
            prompts.append(str(value))
        elif param.widget == "seed":
            seeds.append(str(value))
        elif param.widget == "model" and value:
            models.append(str(value).rstrip("/").rpartition("/")[2])
        old = before.get(name)
        if old is not None and old.type == node.type and param.widget not in ("seed", "mask", "multiline"):
            was = old.params.get(param.name, param.default)
            if was != value:
                changes.append(f"{readable(param.name)} {shown(was)} → {shown(value)}")
    if len(changes) > MAX_CHANGES:
        changes[MAX_CHANGES:] = [tr("{0} more changes").format(len(changes) - MAX_CHANGES)]
    seed = tr("seed {0}").format(", ".join(dict.fromkeys(seeds))) if seeds else ""
    return " · ".join(filter(None, [_first(prompts), seed, *changes, ", ".join(dict.fromkeys(models))]))


def _free_params(workflow: Workflow, catalogue: Catalogue) -> Iterator[tuple[str, Node, Param]]:
    """Yield the parameters of nodes that run which no wire feeds, in the order of the document."""
    for name, node in workflow.nodes.items():
        spec = catalogue.nodes.get(node.type)
        for param in spec.params if spec is not None and node.mode == "run" else ():
            if Socket(name, param.name) not in workflow.links:
                yield name, node, param


def _first(prompts: list[str]) -> str:
    """The longest text on one line, cut: what is wanted is mostly longer than what is not."""
    text = " ".join(max(prompts, key=len, default="").split())
    return f"“{text[:MAX_PROMPT]}…”" if len(text) > MAX_PROMPT else f"“{text}”" if text else ""
