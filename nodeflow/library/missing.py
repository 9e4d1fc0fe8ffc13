"""The models that a workflow names and that this computer does not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, Param
from nodeflow.graph.model.plain_values import readable
from nodeflow.graph.model.workflow import TERMINALS, Node, Problem, Socket, Workflow
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.library.entries import LibraryEntry
from nodeflow.library.folders import folder_named, hub_cache
from nodeflow.library.hub_snapshot import in_part, lacking, snapshot
from nodeflow.library.lookup import SUFFIXES
from nodeflow.library.reach import holds_something, is_there
from nodeflow.resources import locate

REVISION = "revision"
"""The parameter that says which revision of a hub repository is meant."""
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
MAX_SHOWN = 48
Find = Callable[[str], list[LibraryEntry]]


class NamedModel(msgspec.Struct, frozen=True, order=True):
    """A parameter that names a model: of a node in the root, or in the definition ``where`` of a subgraph.

    ``revision`` and ``files``: what of a hub repository the node reads. ``lacks``: what the hub's cache has not of it.
    ``away``: the library's folder that it lies in, where that cannot be reached now.
    """

    where: str
    node: str
    param: str
    value: str
    revision: str = ""
    files: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    away: str = ""

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
    if named.lacks:
        return in_part(f"{value} at revision {named.revision}" if named.revision else value, named.lacks)
    if named.away:
        return f"{value} lies in {named.away}, which cannot be reached now; plug it in, or choose another model"
    if named.hub:
        return f"{value} is not on this computer; download it, or choose another model"
    return f"{value} is in none of the model folders; choose another model, or add its folder"


def short(value: str) -> str:
    """Return a name for a sentence: of a long one its end, which tells more than its beginning."""
    value = readable(" ".join(value.splitlines()))
    return value if len(value) <= MAX_SHOWN else "…" + value[1 - MAX_SHOWN :]


def named_models(workflow: Workflow, catalogue: Catalogue) -> list[NamedModel]:
    """Return every parameter of a workflow that names a model, inside subgraphs too, unless a wire gives it. What no
    model can be called is left to the check of the workflow."""
    known = with_subgraphs(catalogue, workflow)
    bodies = {"": workflow, **{name: one.body for name, one in workflow.subgraphs.items()}}
    return [
        NamedModel(where, name, param.name, value, _revision(node, known.nodes[node.type], param), param.files)
        for where, body in bodies.items()
        for name, node in body.nodes.items()
        if node.mode == "run" and node.type in known.nodes
        for param, value in _models_of(node, known.nodes[node.type].params)
        if (link := body.links.get(Socket(name, param.name))) is None or link.source in TERMINALS
    ]


def _models_of(node: Node, params: tuple[Param, ...]) -> Iterator[tuple[Param, str]]:
    for param in params:
        value = node.params.get(param.name, param.default) if param.widget == "model" else ""
        if isinstance(value, str) and value.strip() and not param.fault(value):
            yield param, value


def _revision(node: Node, spec: NodeSpec, param: Param) -> str:
    """The revision of a hub repository that a node asks for; the first of its models has one."""
    beside = spec.param(REVISION)
    if beside is None or next(one for one in spec.params if one.widget == "model") != param:
        return ""
    value = node.params.get(REVISION, beside.default)
    return value.strip() if isinstance(value, str) else ""


def missing_models(named: list[NamedModel], find: Find, base: Path) -> list[NamedModel]:
    """Return those that are not on this computer: no path from ``base``, no name of the library, not in the hub's
    cache. For another thread: it asks the disks."""
    known: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...] | None] = {}
    found = []
    for one in named:
        about = one.value, one.revision, one.files
        if about not in known:
            known[about] = _lacks(one, find, base)
        lacks = known[about]
        if lacks is None or lacks:
            found.append(msgspec.structs.replace(one, lacks=lacks or (), away=away(find(one.value))))
    return found


def away(entries: Iterable[LibraryEntry]) -> str:
    """Return the folder below which models of a name lie that cannot be reached now; empty where there is none."""
    return next((one.root for one in entries if not holds_something(Path(one.root))), "")


def _lacks(named: NamedModel, find: Find, base: Path) -> tuple[str, ...] | None:
    """What is missing of a model; nothing where it is whole, None where all of it is."""
    try:
        if locate(named.value, base) is not None:
            return ()
    except OSError:
        return None
    hub = hub_cache()
    known = [Path(one.path) for one in find(named.value)]
    if any(is_there(path) and not (named.hub and path.is_relative_to(hub)) for path in known):
        return ()
    if not named.hub:
        return None
    return () if folder_named(named.value) is not None else _lacking_in_cache(named)


def _lacking_in_cache(named: NamedModel) -> tuple[str, ...] | None:
    """What the hub's cache lacks of a model; None where it has none of that revision."""
    folder = snapshot(named.value, named.revision)
    return None if folder is None else tuple(lacking(folder, named.files))
