"""The models that a workflow names and that this computer does not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.plain_values import readable
from nodeflow.graph.model.workflow import TERMINALS, Node, Problem, Socket, Workflow
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.library.entries import Entry
from nodeflow.library.folders import folder_named, hub_cache
from nodeflow.library.lookup import SUFFIXES
from nodeflow.resources import locate

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
MAX_SHOWN = 48
Find = Callable[[str], list[Entry]]


class NamedModel(msgspec.Struct, frozen=True, order=True):
    """A parameter that names a model: of a node in the root, or in the definition ``where`` of a subgraph."""

    where: str
    node: str
    param: str
    value: str

    @property
    def hub(self) -> bool:
        """Return whether it may be a repository of the Hugging Face hub."""
        return bool(HUB_ID.fullmatch(self.value)) and not self.value.lower().endswith(SUFFIXES)

    def problem(self) -> Problem:
        """Say that it is not here, and what to do."""
        place = f"{self.where}/{self.node}" if self.where else self.node
        return Problem(place, self.param, reason(self))


def reason(named: NamedModel) -> str:
    """Return why a model cannot be loaded, as a sentence."""
    value = short(named.value)
    if named.hub:
        return f"{value} is not on this computer; download it, or choose another model"
    return f"{value} is in none of the model folders; choose another model, or add its folder"


def short(value: str) -> str:
    """Return a name for a sentence: of a long one its end, which tells more than its beginning."""
    value = readable(value)
    return value if len(value) <= MAX_SHOWN else "…" + value[1 - MAX_SHOWN :]


def named_models(workflow: Workflow, catalogue: Catalogue) -> list[NamedModel]:
    """Return every parameter of a workflow that names a model, inside subgraphs too, unless a wire gives it."""
    known = with_subgraphs(catalogue, workflow)
    bodies = {"": workflow, **{name: one.body for name, one in workflow.subgraphs.items()}}
    return [
        NamedModel(where, name, param.name, value)
        for where, body in bodies.items()
        for name, node in body.nodes.items()
        if node.mode == "run" and node.type in known.nodes
        for param, value in _models_of(node, known.nodes[node.type].params)
        if (link := body.links.get(Socket(name, param.name))) is None or link.source in TERMINALS
    ]


def _models_of(node: Node, params: tuple[Param, ...]) -> Iterator[tuple[Param, str]]:
    for param in params:
        value = node.params.get(param.name, param.default) if param.widget == "model" else ""
        if isinstance(value, str) and value.strip():
            yield param, value


def missing_models(named: list[NamedModel], find: Find, base: Path) -> list[NamedModel]:
    """Return those that are not on this computer: no path from ``base``, no name of the library, not in the hub's
    cache. For another thread: it asks the disks."""
    known: dict[str, bool] = {}
    for one in named:
        if one.value not in known:
            known[one.value] = _is_here(one, find, base)
    return [one for one in named if not known[one.value]]


def _is_here(named: NamedModel, find: Find, base: Path) -> bool:
    try:
        if locate(named.value, base) is not None:
            return True
    except OSError:
        return False
    if any(Path(entry.path).exists() for entry in find(named.value)):
        return True
    return named.hub and (folder_named(named.value) is not None or _in_cache(named.value))


def _in_cache(model: str) -> bool:
    snapshots = hub_cache() / f"models--{model.replace('/', '--')}" / "snapshots"
    return snapshots.is_dir() and any(snapshots.iterdir())
