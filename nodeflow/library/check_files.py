"""What a workflow reads, looked at on this computer: files that are not there, and models that no such node loads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, Param
from nodeflow.graph.model.workflow import TERMINALS, Node, Problem, Socket, Workflow
from nodeflow.graph.subgraphs.instances import with_subgraphs
from nodeflow.library.family_parts import misread, other_latents
from nodeflow.library.folder_json import named
from nodeflow.library.hub_snapshot import may_fetch, snapshot
from nodeflow.library.lookup import SUFFIXES
from nodeflow.library.missing import HUB_ID, Find, missing_models, named_models, short
from nodeflow.library.recognise import recognise
from nodeflow.library.recognised import Recognised
from nodeflow.library.right_kind import NETWORKS, refusal, shortened
from nodeflow.library.rules import TEXTS, VAE, FamilyRules, rule_book
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
    for where, name, node, spec in _nodes(workflow, catalogue):
        place = f"{where}/{name}" if where else name
        if why := _wrong_family(workflow, where, name, node, spec, base, find):
            found.append(Problem(place, rule_book().takers[spec.type].family, why))
        found += [
            Problem(place, param, why) for param, why in _other_parts(workflow, where, name, node, spec, base, find)
        ]
        said = _Said(_beside(workflow, where, name, node, spec), _is_chosen(workflow, where, name, node, spec))
        for param, value in _named(workflow, where, name, node, spec):
            if (where, name, param.name) in lost:
                continue
            wrong = (
                _wrong_model(spec, param, value, base, find, said)
                if param.widget == MODEL
                else wrong_file(param, value, base)
            )
            if wrong:
                found.append(Problem(place, param.name, wrong))
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
    body = workflow.subgraphs[where].body if where else workflow
    link = body.links.get(Socket(name, param.name))
    return isinstance(value, str) and bool(value.strip()) and (link is None or link.source in TERMINALS)


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


def _wrong_family(workflow: Workflow, where: str, name: str, node: Node, spec: NodeSpec, base: Path, find: Find) -> str:
    """Say that a model is of another family than a person chose; empty where it may be of that."""
    rules = rule_book()
    chosen = spec.param(rules.takers[spec.type].family) if spec.type in rules.takers else None
    model = next((param for param in spec.params if param.widget == MODEL), None)
    if chosen is None or model is None:
        return ""
    family, value = (node.params.get(one.name, one.default) for one in (chosen, model))
    said = all(_is_named(workflow, where, name, *one) for one in ((chosen, family), (model, value)))
    path = _path_of(value, base, find) if said and isinstance(value, str) else None
    if path is None or not isinstance(family, str) or family == chosen.default:
        return ""
    try:
        found = recognise(path)
    except OSError:
        return ""
    if found.family not in chosen.choices or found.family in (family, *rules.also(family)):
        return ""
    return f"{named(path)} holds {found.what}, and {chosen.name} says {family}; set it to {chosen.default}"


def _other_parts(
    workflow: Workflow, where: str, name: str, node: Node, spec: NodeSpec, base: Path, find: Find
) -> Iterator[tuple[str, str]]:
    """The parameters that name parts which a model's family is not made of, and what is said of each. A person says the
    family, or the model does to which they are given."""
    rules = rule_book()
    taker = rules.takers.get(spec.type)
    saying = spec.param(taker.goes_with or taker.family) if taker and (taker.goes_with or taker.family) else None
    if taker is None or saying is None:
        return
    value = node.params.get(saying.name, saying.default)
    if not _is_named(workflow, where, name, saying, value):
        return
    family = rules.called(str(value)) if value != saying.default else None
    for param, model in _named(workflow, where, name, node, spec):
        path = _path_of(model, base, find) if param.widget == MODEL and param.name != taker.tokenizer else None
        if path is None:
            continue
        try:
            found = recognise(path)
        except OSError:
            continue
        beside = taker.like.get(param.name, "")
        if not (taker.goes_with or beside):
            family = family or rules.called(found.family)
        elif (
            family is not None
            and path.is_file()
            and (why := _not_of(family, rules.takers[beside or spec.type].reads, path, found, taker.goes_with))
        ):
            yield param.name, why


def _not_of(family: FamilyRules, reads: str, path: Path, found: Recognised, saying: str) -> str:
    """Say that a file holds no such part of a family, as ``reads`` names it; empty where it may."""
    if reads == TEXTS and found.kind == "text encoder":
        return misread(named(path), found, family)
    return other_latents(named(path), found, family, saying) if reads == VAE and saying else ""


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
