"""The text of nodes, wires and layout, in a workflow file or in a definition inside one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from nodeflow.graph.model import annotation
from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.workflow import (
    NODE_ID,
    TERMINALS,
    Link,
    Node,
    Placement,
    Problem,
    SeedMode,
    Source,
    Workflow,
    WorkflowError,
)

Raws = dict[str, msgspec.Raw]

LONGEST_TITLE, LONGEST_VALUE = 1_000, 1_000_000
"""Characters of an id or a title, and of a parameter's text."""


def read_graph(workflow: Workflow, fields: Raws, problems: list[Problem]) -> None:
    """Take nodes, wires and layout out of the fields of a file, or of a definition in it."""
    for name, text in take(fields, "nodes", Raws, {}, problems).items():
        try:
            source = _read_node(name, text)
        except WorkflowError as error:
            problems += error.problems
            continue
        workflow.sources[name] = source
        workflow.nodes[name] = source.node
        workflow.links.update((link.socket, link) for link in source.links)
    for name, text in take(fields, "layout", Raws, {}, problems).items():
        placement = _read_placement(text) if name in workflow.nodes else None
        if placement is not None:
            problems += _too_long(name, "title", placement.title, LONGEST_TITLE)
        if placement is None:
            workflow.layout_extra[name] = bytes(text)
        else:
            workflow.layout[name] = placement
    for name, text in take(fields, "annotations", Raws, {}, problems).items():
        drawn = annotation.read(text)
        if drawn is None:
            workflow.annotations_extra[name] = bytes(text)
        else:
            workflow.annotations[name] = drawn
            problems += _too_long(name, "text", drawn.text, annotation.LONGEST_TEXT)


def _read_node(name: str, text: msgspec.Raw) -> Source:
    problems: list[Problem] = []
    if not NODE_ID.fullmatch(name):
        problems.append(Problem(name[:40], "", "a node id starts with a letter, then letters, digits, _ or -"))
    problems += _too_long(name[:40], "", name, LONGEST_TITLE)
    try:
        fields = msgspec.json.decode(text, type=Raws)
    except msgspec.ValidationError:
        raise WorkflowError(Problem(name, "", "a node is an object with a type")) from None
    kind = take(fields, "type", str, None, problems)
    version = take(fields, "version", int | None, None, problems)
    params = take(fields, "params", dict[str, Any], {}, problems)
    inputs = take(fields, "inputs", dict[str, str | list[str]], {}, problems)
    mode = take(fields, "mode", str, "run", problems)
    if mode not in ("run", "mute", "bypass"):
        problems.append(Problem(name, "mode", f"{mode!r} is not one of run, mute, bypass"))
    if kind is None and not problems:
        problems.append(Problem(name, "type", 'a node needs a type, such as "type": "pack.function"'))
    for key, value in params.items():
        problems += _too_long(name, key, value, LONGEST_VALUE) if isinstance(value, str) else ()
    links: list[Link] = []
    for port, given in inputs.items():
        for slot, address in enumerate([given] if isinstance(given, str) else given):
            source, dot, output = address.rpartition(".")
            if not dot or not source or not output:
                reason = f'{address!r} does not name an output; write "node.output"'
                problems.append(Problem(name, port, reason))
            links.append(Link(source, output, name, port, slot))
    if problems:
        raise WorkflowError(*(Problem(p.node or name, p.port, p.reason) for p in problems))
    node = Node(kind, version, params, mode, {key: bytes(value) for key, value in fields.items()})
    return Source(bytes(text), node, tuple(sorted(links)))


def _too_long(node: str, port: str, text: str, most: int) -> list[Problem]:
    """A problem where a text is longer than a window can show."""
    if len(text) <= most:
        return []
    return [Problem(node, port, f"has {len(text):,} characters, and {most:,} is the most; make it shorter")]


def _read_placement(text: msgspec.Raw) -> Placement | None:
    """``[x, y]`` or ``{"at": [x, y], "title": ...}``; None for a form that only a later version knows."""
    try:
        return Placement(*msgspec.json.decode(text, type=tuple[float, float]))
    except msgspec.ValidationError:
        pass
    try:
        fields = msgspec.json.decode(text, type=Raws)
        x, y = msgspec.json.decode(fields.pop("at"), type=tuple[float, float])
        title = msgspec.json.decode(fields.pop("title", msgspec.Raw(b'""')), type=str)
        seeds = msgspec.json.decode(fields.pop("seeds", msgspec.Raw(b"{}")), type=dict[str, SeedMode])
        look = msgspec.json.decode(msgspec.json.encode({k: fields.pop(k) for k in LOOKS if k in fields}), type=_Look)
    except (msgspec.ValidationError, KeyError):
        return None
    extra = {name: bytes(value) for name, value in fields.items()}
    return Placement(x, y, title, seeds, *look.size, look.collapsed, look.pinned, look.colour, extra)


class _Look(msgspec.Struct):
    """Hold how a node looks, as a file says it."""

    size: tuple[float, float] = (0.0, 0.0)
    collapsed: bool = False
    pinned: bool = False
    colour: str = ""


LOOKS = _Look.__struct_fields__
"""The fields of a placement that say how a node looks."""


WORDS = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "array": "a list"}
WORDS |= {"object": "an object", "null": "nothing (null)"}
"""What JSON holds, by what the library calls it."""
_FORM = re.compile(r"Expected `([^`]*)`, got `([^`]*)`.*")


def _in_words(error: str) -> str:
    """What the library says of a value of another kind."""
    found = _FORM.fullmatch(error)
    kinds = found.groups() if found else ("another value", "this")
    wanted, got = (" or ".join(WORDS.get(one, one) for one in kind.split(" | ")) for kind in kinds)
    return f"expected {wanted}, got {got}"


def take(fields: Raws, name: str, kind: Any, default: Any, problems: list[Problem] | None = None) -> Any:
    """Take a known field out of the raw ones, decoded; a wrong type is a problem, and the default stands in."""
    text = fields.pop(name, None)
    if text is None:
        return default
    try:
        return msgspec.json.decode(text, type=kind, strict=True)
    except msgspec.ValidationError as error:
        problem = Problem("", name, f"has the wrong form: {_in_words(str(error))}")
        if problems is None:
            raise WorkflowError(problem) from None
        problems.append(problem)
        return default


def write_graph(workflow: Workflow, indent: str = "  ") -> dict[str, bytes]:
    """The fields of a file, or of a definition in it, that hold nodes, wires and layout."""
    incoming, inner = workflow.incoming(), indent + "  "
    names = [name for name in sorted(workflow.nodes) if name not in TERMINALS]
    nodes = ((name, _write_node(workflow, name, incoming[name], inner)) for name in names)
    fields = {"nodes": as_object(nodes, indent)}
    layout = {name: _write_placement(placement) for name, placement in workflow.layout.items()}
    layout.update(workflow.layout_extra)
    if layout:
        fields["layout"] = as_object(((name, layout[name]) for name in sorted(layout)), indent)
    drawn = {name: _write_annotation(item) for name, item in workflow.annotations.items()} | workflow.annotations_extra
    if drawn:
        fields["annotations"] = as_object(((name, drawn[name]) for name in sorted(drawn)), indent)
    return fields


def _write_node(workflow: Workflow, name: str, links: list[Link], indent: str) -> bytes:
    node, source = workflow.nodes[name], workflow.sources.get(name)
    if source is not None and source.node == node and source.links == tuple(sorted(links)):
        return source.text
    fields: dict[str, bytes] = {"type": as_json(node.type)}
    if node.version is not None:
        fields["version"] = as_json(node.version)
    if node.mode != "run":
        fields["mode"] = as_json(node.mode)
    if node.params:
        before = {} if source is None else source.node.params
        spelled = {} if source is None else _spellings(source.text)
        fields["params"] = as_object(
            (
                (key, spelled[key] if key in before and _same(before[key], value) else as_json(value))
                for key, value in sorted(node.params.items())
            ),
            indent + "  ",
        )
    if links:
        inputs: dict[str, list[str]] = {}
        for link in links:
            inputs.setdefault(link.input, []).append(f"{link.source}.{link.output}")
        many = {link.input for link in links if link.slot}
        fields["inputs"] = as_object(
            ((port, as_json(given if port in many else given[0])) for port, given in sorted(inputs.items())),
            indent + "  ",
        )
    fields.update(node.extra)
    return as_object(fields.items(), indent)


def _spellings(text: bytes) -> dict[str, bytes]:
    """A node's parameters as they were spelled (``1.50`` stays ``1.50``)."""
    params = msgspec.json.decode(text, type=Raws).get("params", msgspec.Raw(b"{}"))
    return {name: bytes(value) for name, value in msgspec.json.decode(params, type=Raws).items()}


def _same(before: object, after: object) -> bool:
    return type(before) is type(after) and before == after


def _write_placement(placement: Placement) -> bytes:
    at = as_json([_tidy(placement.x), _tidy(placement.y)])
    fields = {"title": as_json(placement.title)} if placement.title else {}
    if placement.seeds:
        fields["seeds"] = as_json(dict(sorted(placement.seeds.items())))
    if placement.width or placement.height:
        fields["size"] = as_json([_tidy(placement.width), _tidy(placement.height)])
    fields |= {name: b"true" for name in ("collapsed", "pinned") if getattr(placement, name)}
    if placement.colour:
        fields["colour"] = as_json(placement.colour)
    fields |= placement.extra
    return as_line({"at": at, **fields}) if fields else at


def _write_annotation(item: Annotation) -> bytes:
    box = as_json([_tidy(number) for number in (item.x, item.y, item.width, item.height)])
    words = {name: as_json(text) for name, text in (("text", item.text), ("colour", item.colour)) if text}
    return as_line({"kind": as_json(item.kind), "box": box, **words, **item.extra})


def as_line(fields: dict[str, bytes]) -> bytes:
    """An object on one line."""
    return b"{" + b", ".join(as_json(name) + b": " + value for name, value in fields.items()) + b"}"


def _tidy(number: float) -> float:
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def as_json(value: object) -> bytes:
    """A value on one line."""
    return msgspec.json.format(msgspec.json.encode(value), indent=0)


def as_object(fields: Iterable[tuple[str, bytes]], indent: str = "  ") -> bytes:
    """An object with one field a line, at the depth of ``indent``."""
    lines = ",\n".join(f"{indent}  " + as_json(name).decode() + ": " + value.decode() for name, value in fields)
    return f"{{\n{lines}\n{indent}}}".encode() if lines else b"{}"
