"""The door: a ComfyUI file, or an image that holds a workflow, as a workflow here with a report."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from nodeflow.graph.io.comfyui.api_file import read_api_file
from nodeflow.graph.io.comfyui.containers import Foreign, NotReadableError, find
from nodeflow.graph.io.comfyui.model import ComfyWorkflow
from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, PromptNode, flatten
from nodeflow.graph.io.comfyui.ui_file import read_ui_file
from nodeflow.graph.io.import_report import Form
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.kept_prompt import keep
from nodes.comfyui.node_packs import packs_of
from nodes.comfyui.placeholders import storable
from nodes.comfyui.places import place
from nodes.comfyui.subgraphs import grouped, paths
from nodes.comfyui.translate import TranslatedNode, translate
from nodes.comfyui.wanted_models import WantedModel, wanted_models

DEVICE_NOISE = "ComfyUI draws the noise on the way on the graphics card where it computes there; here it is a CPU's"
ON_THE_WAY = ("ancestral", "sde", "lcm", "ddpm", "restart", "seeds_", "sa_solver")
"""Parts of the names of samplers that draw noise on the way."""


class FileReport(msgspec.Struct):
    """What became of a file: counts, each node, the models it names, and in sentences what else differs."""

    nodes: dict[str, int]
    models: list[dict[str, Any]]
    differences: list[str]
    rows: list[dict[str, Any]]
    apart: list[str] = []
    """The nodes at which the two forms of an image differ."""
    took: Form = "prompt"

    def encode(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    @property
    def runnable(self) -> bool:
        """Whether each node has a counterpart here, and each model file is here."""
        return not self.nodes["unknown"] and all(model["found"] for model in self.models)

    def sentence(self) -> str:
        """All of it in one sentence."""
        counts = self.nodes
        missing = sum(not model["found"] for model in self.models)
        return (
            f"{counts['total']} nodes: {counts['translated']} translated, {counts['approximate']} not exactly, "
            f"{counts['unknown']} without a counterpart; {missing} of {len(self.models)} model files are not here"
        )


class Imported(NamedTuple):
    """The workflow and the report."""

    workflow: Workflow
    report: FileReport


def import_comfyui(data: bytes, catalogue: Catalogue) -> Imported:
    """Read a file of ComfyUI's. What has no counterpart becomes a placeholder.

    Raises NotReadableError with one sentence where nothing of it can be read.
    """
    found = find(data)
    if found.empty:
        raise NotReadableError("this holds no workflow of ComfyUI's")
    return import_found(found, catalogue)


def import_found(found: Foreign, catalogue: Catalogue, take: Form = "prompt") -> Imported:
    """Translate what lies in a file; of an image that holds both forms, the one that is asked for."""
    window = read_ui_file(found.workflow) if found.workflow is not None else None
    seen = flatten(window) if window is not None else FlatPrompt()
    made = read_api_file(found.prompt) if found.prompt is not None else seen
    prompt = seen if take == "workflow" and window is not None else made
    apart = _disagreements(made, seen) if window is not None and found.prompt is not None else []
    differences = [*_unread(found), *prompt.skipped, *_told(apart, "prompt" if prompt is made else "workflow")]
    translation = translate(prompt, catalogue)
    scopes = grouped(translation.workflow, translation.made, window or ComfyWorkflow())
    for scope in scopes:
        place(scope, prompt, catalogue)
    where = paths(scopes)
    keep(translation.workflow, prompt, translation.made, where)
    rows = [row._replace(nodes=[where.get(id, id) for id in row.nodes]) for row in translation.rows.values()]
    differences += [*translation.left_out, *_noise(prompt)]
    report = _report(rows, wanted_models(prompt, window), differences, packs_of(window, prompt))
    report.apart, report.took = [storable(id) for id in apart], "prompt" if prompt is made else "workflow"
    return Imported(translation.workflow, report)


def _unread(found: Foreign) -> list[str]:
    """Which of an image's two forms is damaged, and that the other is taken."""
    if found.prompt is None and "prompt" in found.broken:
        return ["the image's prompt cannot be read; its workflow is taken, which need not be what made it"]
    if found.workflow is None and "workflow" in found.broken:
        return ["the image's workflow cannot be read; its prompt is taken"]
    return []


def _report(
    rows: list[TranslatedNode], models: list[WantedModel], differences: list[str], packs: dict[str, str]
) -> FileReport:
    counts = {
        "total": len(rows),
        "translated": sum(row.status == "translated" for row in rows),
        "approximate": sum(row.status == "approximate" for row in rows),
        "unknown": sum(row.status == "unknown" for row in rows),
    }
    told = [
        {
            "id": row.id,
            "class": row.type,
            "status": row.status,
            "nodes": row.nodes,
            "notes": row.notes,
            "pack": packs.get(row.type, "") if row.status == "unknown" else "",
            "lacking": row.lacking,
        }
        for row in rows
    ]
    return FileReport(
        counts,
        [storable(msgspec.to_builtins(model)) for model in models],
        [storable(one) for one in differences],
        [storable(one) for one in told],
    )


def _disagreements(prompt: FlatPrompt, seen: FlatPrompt) -> list[str]:
    """The nodes at which the two workflows of an image differ."""
    ids = dict.fromkeys([*prompt.nodes, *seen.nodes])
    return [id for id in ids if _apart(prompt.nodes.get(id), seen.nodes.get(id))]


def _told(apart: list[str], took: Form) -> list[str]:
    """In what the two workflows of an image differ: the prompt made it."""
    if not apart:
        return []
    named = ", ".join(apart[:8]) + (", ..." if len(apart) > 8 else "")
    other = "workflow" if took == "prompt" else "prompt"
    return [f"the image's {took}, which is taken, and its {other} differ at {len(apart)} nodes: {named}"]


def _apart(one: PromptNode | None, other: PromptNode | None) -> bool:
    if one is None or other is None or one.type != other.type:
        return True
    return any(key in other.inputs and _differ(value, other.inputs[key]) for key, value in one.inputs.items())


def _differ(one: Any, other: Any) -> bool:
    if isinstance(one, OutputPlace) or isinstance(other, OutputPlace):
        return isinstance(one, OutputPlace) != isinstance(other, OutputPlace)
    return bool(one != other)


def _noise(prompt: FlatPrompt) -> list[str]:
    names = {str(node.inputs.get("sampler_name", "")) for node in prompt.nodes.values()}
    return [DEVICE_NOISE] if any(part in name for name in names for part in ON_THE_WAY) else []
