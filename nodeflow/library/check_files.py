"""What a workflow reads, looked at on this computer: files that are not there, and models that no such node loads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, Param
from nodeflow.graph.model.workflow import TERMINALS, Node, Problem, Socket, Workflow
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.library.check_parts import Loader, wrong_parts
from nodeflow.library.hub_snapshot import may_fetch, snapshot
from nodeflow.library.lookup import SUFFIXES
from nodeflow.library.missing import HUB_ID, Find, NamedModel, missing_models, named_models, short
from nodeflow.library.named import PartsOf, files_of
from nodeflow.library.right_kind import NETWORKS, refusal, shortened
from nodeflow.library.rules import rule_book
from nodeflow.library.tokenizer_files import tokenizer_in, without_tokenizer
from nodeflow.resources import locate
from nodeflow.special_files import SPECIAL, is_special

MODEL = "model"
"""The widget of a parameter that names one."""


def problems_on_disk(workflow: Workflow, catalogue: Catalogue, base: Path, find: Find) -> list[Problem]:
    """Return what is wrong with the files and models that a workflow names by paths from ``base`` or by names of the
    library, inside subgraphs too, unless a wire gives them. For another thread: it reads the beginnings of files."""
    lost = {
        (one.where, one.node, one.param): one for one in missing_models(named_models(workflow, catalogue), find, base)
    }
    found = [one.problem() for one in lost.values() if not (one.hub and may_fetch())]
    return found + [one.problem() for one in unfit_files(workflow, catalogue, base, find, lost)]


class Unfit(NamedTuple):
    """A parameter that names what its node does not read: of a node in the root, or in a definition ``where``."""

    where: str
    node: str
    param: str
    reason: str

    def problem(self) -> Problem:
        """Say so."""
        return Problem(f"{self.where}/{self.node}" if self.where else self.node, self.param, self.reason)


def unfit_models(
    workflow: Workflow, catalogue: Catalogue, base: Path, find: Find, missing: Collection[NamedModel], parts: PartsOf
) -> list[Unfit]:
    """Return the models that are here, and that no such node loads. ``parts``: what the library has of a kind."""
    lost = {(one.where, one.node, one.param) for one in missing}
    known = with_subgraphs(catalogue, workflow)
    found = []
    for one in unfit_files(workflow, catalogue, base, find, lost, parts):
        body = workflow.subgraphs[one.where].body if one.where else workflow
        param = known.nodes[body.nodes[one.node].type].param(one.param)
        if param is None or not param.reads or param.widget == MODEL:
            found.append(one)
    return found


def loaders_of(workflow: Workflow, catalogue: Catalogue) -> tuple[object, ...]:
    """All that decides which models a workflow asks for: another as soon as a loader is told something else."""
    return tuple(
        (where, name, node.type, tuple((p.name, node.params.get(p.name, p.default)) for p in spec.params), wired)
        for where, name, node, spec in _nodes(workflow, catalogue)
        if any(param.widget == MODEL for param in spec.params)
        for wired in [tuple(param.name for param in spec.params if _is_wired(workflow, where, name, param))]
    )


def unfit_files(
    workflow: Workflow,
    catalogue: Catalogue,
    base: Path,
    find: Find,
    lost: Collection[tuple[str, str, str]],
    parts: PartsOf = files_of,
) -> list[Unfit]:
    """Return the parameters that name what their nodes do not read, but for those that are ``lost``."""
    found: list[Unfit] = []
    for where, name, node, spec in _nodes(workflow, catalogue):
        bad = {one[2] for one in lost if one[:2] == (where, name)}
        said = _Said(_beside(workflow, where, name, node, spec), _is_chosen(workflow, where, name, node, spec))
        for param, value in _named(workflow, where, name, node, spec):
            if param.name in bad:
                continue
            wrong = (
                _wrong_model(spec, param, value, base, find, said)
                if param.widget == MODEL
                else wrong_file(param, value, base)
            )
            if wrong:
                found.append(Unfit(where, name, param.name, wrong))
                bad.add(param.name)
        if (loader := _loader(workflow, where, name, node, spec, base, find, bad)) is not None:
            found += [Unfit(where, name, param, why) for param, why in wrong_parts(loader, parts)]
    return found


def _nodes(workflow: Workflow, catalogue: Catalogue) -> Iterator[tuple[str, str, Node, NodeSpec]]:
    """Every node that runs, with the subgraph in which it stands."""
    known = with_subgraphs(catalogue, workflow)
    bodies = {"": workflow, **{name: one.body for name, one in workflow.subgraphs.items()}}
    for where, body in bodies.items():
        for name, node in body.nodes.items():
            if node.mode == "run" and node.type in known.nodes:
                yield where, name, node, known.nodes[node.type]


def _named(workflow: Workflow, where: str, name: str, node: Node, spec: NodeSpec) -> Iterator[tuple[Param, str]]:
    """The parameters of a node by which it reads, and what they name."""
    for param in spec.params:
        value = node.params.get(param.name, param.default)
        if param.reads and _is_named(workflow, where, name, param, value):
            yield param, value


def _is_named(workflow: Workflow, where: str, name: str, param: Param, value: object) -> bool:
    """Return whether a parameter names something itself, and no wire does."""
    return isinstance(value, str) and bool(value.strip()) and not _is_wired(workflow, where, name, param)


def _is_wired(workflow: Workflow, where: str, name: str, param: Param) -> bool:
    """Return whether another node says what a parameter is."""
    body = workflow.subgraphs[where].body if where else workflow
    link = body.links.get(Socket(name, param.name))
    return link is not None and link.source not in TERMINALS


def wrong_file(param: Param, value: str, base: Path) -> str:
    """Say why a parameter does not read what lies at a path; empty where it may."""
    path, shown = locate(value, base), short(value)
    if path is None:
        return f"{shown} is not there; choose another"
    if is_special(path):
        return f"{shown} {SPECIAL}"
    if param.widget == "file" and path.is_dir():
        return f"{shown} is a folder; choose a file in it"
    if param.widget == "folder" and not path.is_dir():
        return f"{shown} is a file; choose the folder that it lies in"
    return f"{shown} is no image that can be read; choose a PNG, JPEG or WebP file" if _no_image(param, path) else ""


def _no_image(param: Param, path: Path) -> bool:
    if param.holds != "image":
        return False
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path):
            return False
    except UnidentifiedImageError:
        return True
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False  # a run says what is wrong inside


def _path_of(value: str, base: Path, find: Find) -> Path | None:
    """Where a model lies that a parameter names, in the hub's cache too; None where nothing has that name, or several
    have."""
    if (path := locate(value, base)) is not None:
        return path
    entries = find(value)
    if not entries and HUB_ID.fullmatch(value) and not value.lower().endswith(SUFFIXES):
        return snapshot(value)
    return Path(entries[0].path) if len(entries) == 1 else None


class _Said(NamedTuple):
    """What a node says beside its model's name: what is not read of it, and whether its family is told."""

    without: list[str]
    chosen: bool


def _beside(workflow: Workflow, where: str, name: str, node: Node, spec: NodeSpec) -> list[str]:
    """What a node does not read of its model, since a person names other files for it or leaves it out."""
    taker = rule_book().takers.get(spec.type)
    body = workflow.subgraphs[where].body if where else workflow
    found: list[str] = []
    for param in spec.params if taker else ():
        value = node.params.get(param.name, param.default)
        given = Socket(name, param.name) in body.links or bool(str(value).strip())
        if taker and given and param.name in taker.like:
            found.append(rule_book().takers[taker.like[param.name]].reads)
        if taker and given and param.name == taker.part:
            found.extend(NETWORKS)
        if taker and value is False:
            found.extend(taker.left_out.get(param.name, ()))
    return found


def _loader(
    workflow: Workflow, where: str, name: str, node: Node, spec: NodeSpec, base: Path, find: Find, bad: Collection[str]
) -> Loader | None:
    """A node as a loader; None for one that is none. ``bad`` are parameters of which something is said already."""
    taker = rule_book().takers.get(spec.type)
    models = [param for param in spec.params if param.widget == MODEL]
    if taker is None or not models:
        return None
    said = {param.name: node.params.get(param.name, param.default) for param in spec.params}
    untold = {param.name for param in spec.params if _is_wired(workflow, where, name, param)} | set(bad)
    files: dict[str, Path] = {}
    for param in models:
        if param.name in untold or param.name == taker.tokenizer or not str(said[param.name]).strip():
            continue
        if (path := _path_of(str(said[param.name]), base, find)) is None:
            untold.add(param.name)
        else:
            files[param.name] = path

    def told(param: str) -> str:
        return str(said.get(param, "")) if param not in untold else ""

    family = told(taker.goes_with or taker.family)
    return Loader(taker, models[0].name, files, family, told(taker.tokenizer).strip(), told(taker.says), untold)


def _is_chosen(workflow: Workflow, where: str, name: str, node: Node, spec: NodeSpec) -> bool:
    """Return whether a person, or a wire, says of which family a node's model is."""
    taker = rule_book().takers.get(spec.type)
    param = spec.param(taker.family) if taker and taker.family else None
    if param is None:
        return False
    value = node.params.get(param.name, param.default)
    return value != param.default or not _is_named(workflow, where, name, param, value)


def _wrong_model(spec: NodeSpec, param: Param, value: str, base: Path, find: Find, said: _Said) -> str:
    """Say why the nodes of a type do not load a model; empty where they do, or where nobody can tell."""
    takers = rule_book().takers
    taker = takers.get(spec.type)
    path = _path_of(value, base, find)
    if path is None or taker is None:
        return ""
    if taker.tokenizer == param.name:
        return without_tokenizer(path) if tokenizer_in(path) is None else ""
    first = param == next(one for one in spec.params if one.widget == MODEL)
    part = taker.part == param.name
    type = taker.like.get(param.name, spec.type if first or part else "")
    shown = shortened(path.name if locate(value, base) is not None else value)
    return refusal(type, path, shown, part, *(said if first else ())) if type else ""
