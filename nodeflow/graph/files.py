"""Workflow files: JSON that a person can read, write by hand, and compare line by line.

::

    {
      "nodeflow": 1,
      "packs": {"nodes": "0.1.0"},
      "nodes": {
        "decode": {
          "type": "nodes.vae_decode",
          "version": 1,
          "inputs": {"latent": "sampler.latent", "vae": "model.vae"}
        }
      },
      "layout": {"decode": [900, 40]},
      "annotations": {"frame": {"kind": "frame", "box": [880, 0, 300, 200], "text": "Picture"}}
    }

Nodes are sorted by id and the layout stands apart, so that moving a node never touches what the workflow means. What
this version does not know (node types, fields, spelling of numbers) is written back as it was read.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.graph import annotation
from nodeflow.graph.annotation import Annotation
from nodeflow.graph.workflow import NODE_ID, Link, Node, Placement, Problem, Source, Workflow, WorkflowError

FORMAT = 1
MAX_BYTES = 64 * 2**20

Raws = dict[str, msgspec.Raw]


def load(path: Path) -> Workflow:
    """Read a workflow file. Raises WorkflowError with every problem of its form; the wiring is `check`'s to judge."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise WorkflowError(Problem("", "", f"{path} is larger than a workflow can be (64 MiB)"))
        data = path.read_bytes()
    except OSError as error:
        raise WorkflowError(Problem("", "", f"cannot read {path}: {error.strerror or error}")) from None
    try:
        return loads(data)
    except WorkflowError as error:
        problems = (Problem(p.node, p.port, f"{p.reason} (in {path.name})") for p in error.problems)
        raise WorkflowError(*problems) from None


def loads(data: bytes) -> Workflow:
    """A workflow from the bytes of its file. Raises WorkflowError."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    _reject_broken(data)
    try:
        fields = msgspec.json.decode(data, type=Raws)
    except msgspec.ValidationError:
        raise WorkflowError(Problem("", "", "a workflow file holds one JSON object")) from None
    form = _take(fields, "nodeflow", int, None)
    if form is None:
        reason = 'this is no workflow file: it does not say "nodeflow": 1'
        raise WorkflowError(Problem("", "", reason))
    if form > FORMAT:
        reason = f"this file has format {form}, this program reads up to {FORMAT}; update nodeflow"
        raise WorkflowError(Problem("", "", reason))
    problems: list[Problem] = []
    workflow = Workflow(packs=_take(fields, "packs", dict[str, str], {}, problems))
    for name, text in _take(fields, "nodes", Raws, {}, problems).items():
        try:
            source = _read_node(name, text)
        except WorkflowError as error:
            problems += error.problems
            continue
        workflow.sources[name] = source
        workflow.nodes[name] = source.node
        workflow.links.update((link.socket, link) for link in source.links)
    for name, text in _take(fields, "layout", Raws, {}, problems).items():
        placement = _read_placement(text) if name in workflow.nodes else None
        if placement is None:
            workflow.layout_extra[name] = bytes(text)
        else:
            workflow.layout[name] = placement
    for name, text in _take(fields, "annotations", Raws, {}, problems).items():
        drawn = annotation.read(text)
        if drawn is None:
            workflow.annotations_extra[name] = bytes(text)
        else:
            workflow.annotations[name] = drawn
    workflow.extra = {name: bytes(text) for name, text in fields.items()}
    if problems:
        raise WorkflowError(*sorted(problems))
    return workflow


def _reject_broken(data: bytes) -> None:
    """Name the line and column of what is no JSON, and refuse names that come twice (one would be lost)."""
    try:
        json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise WorkflowError(Problem("", "", "this file is not UTF-8 text")) from None
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}; the file is damaged or was cut short"
        raise WorkflowError(Problem("", "", reason)) from None
    except RecursionError:
        raise WorkflowError(Problem("", "", "this file is nested too deeply to be a workflow")) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise WorkflowError(Problem("", "", f"the name {twice[0]!r} stands twice in one object; rename one of them"))
    return found


def _no_constant(text: str) -> None:
    raise WorkflowError(Problem("", "", f"{text} is no number in JSON; write a finite number"))


def _take(fields: Raws, name: str, kind: Any, default: Any, problems: list[Problem] | None = None) -> Any:
    """Take a known field out of the raw ones, decoded; a wrong type is a problem, and the default stands in."""
    text = fields.pop(name, None)
    if text is None:
        return default
    try:
        return msgspec.json.decode(text, type=kind, strict=True)
    except msgspec.ValidationError as error:
        problem = Problem("", name, f"has the wrong form: {str(error)[0].lower()}{str(error)[1:]}")
        if problems is None:
            raise WorkflowError(problem) from None
        problems.append(problem)
        return default


def _read_node(name: str, text: msgspec.Raw) -> Source:
    problems: list[Problem] = []
    if not NODE_ID.fullmatch(name):
        problems.append(Problem(name, "", "a node id starts with a letter, then letters, digits, _ or -"))
    try:
        fields = msgspec.json.decode(text, type=Raws)
    except msgspec.ValidationError:
        raise WorkflowError(Problem(name, "", "a node is an object with a type")) from None
    kind = _take(fields, "type", str, None, problems)
    version = _take(fields, "version", int | None, None, problems)
    params = _take(fields, "params", dict[str, Any], {}, problems)
    inputs = _take(fields, "inputs", dict[str, str | list[str]], {}, problems)
    mode = _take(fields, "mode", str, "run", problems)
    if mode not in ("run", "mute", "bypass"):
        problems.append(Problem(name, "mode", f"{mode!r} is not one of run, mute, bypass"))
    if kind is None and not problems:
        problems.append(Problem(name, "type", 'a node needs a type, such as "type": "nodes.noise"'))
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
    except (msgspec.ValidationError, KeyError):
        return None
    return Placement(x, y, title, {name: bytes(value) for name, value in fields.items()})


def dumps(workflow: Workflow) -> bytes:
    """The bytes of a workflow's file: the same workflow always gives the same bytes."""
    incoming = workflow.incoming()
    top: dict[str, bytes] = {"nodeflow": _json(FORMAT)}
    if workflow.packs:
        top["packs"] = _json(dict(sorted(workflow.packs.items())))
    top["nodes"] = _object((name, _write_node(workflow, name, incoming[name])) for name in sorted(workflow.nodes))
    layout = {name: _write_placement(placement) for name, placement in workflow.layout.items()}
    layout.update(workflow.layout_extra)
    if layout:
        top["layout"] = _object((name, layout[name]) for name in sorted(layout))
    drawn = {name: _write_annotation(item) for name, item in workflow.annotations.items()} | workflow.annotations_extra
    if drawn:
        top["annotations"] = _object((name, drawn[name]) for name in sorted(drawn))
    top.update(workflow.extra)
    return _object(top.items(), indent="") + b"\n"


def _write_node(workflow: Workflow, name: str, links: list[Link]) -> bytes:
    node, source = workflow.nodes[name], workflow.sources.get(name)
    if source is not None and source.node == node and source.links == tuple(sorted(links)):
        return source.text
    fields: dict[str, bytes] = {"type": _json(node.type)}
    if node.version is not None:
        fields["version"] = _json(node.version)
    if node.mode != "run":
        fields["mode"] = _json(node.mode)
    if node.params:
        before = {} if source is None else source.node.params
        spelled = {} if source is None else _spellings(source.text)
        fields["params"] = _object(
            (
                (key, spelled[key] if key in before and _same(before[key], value) else _json(value))
                for key, value in sorted(node.params.items())
            ),
            indent="      ",
        )
    if links:
        inputs: dict[str, list[str]] = {}
        for link in links:
            inputs.setdefault(link.input, []).append(f"{link.source}.{link.output}")
        many = {link.input for link in links if link.slot}
        fields["inputs"] = _object(
            ((port, _json(given if port in many else given[0])) for port, given in sorted(inputs.items())),
            indent="      ",
        )
    fields.update(node.extra)
    return _object(fields.items(), indent="    ")


def _spellings(text: bytes) -> dict[str, bytes]:
    """A node's parameters as they were spelled (``1.50`` stays ``1.50``)."""
    params = msgspec.json.decode(text, type=Raws).get("params", msgspec.Raw(b"{}"))
    return {name: bytes(value) for name, value in msgspec.json.decode(params, type=Raws).items()}


def _same(before: object, after: object) -> bool:
    return type(before) is type(after) and before == after


def _write_placement(placement: Placement) -> bytes:
    at = _json([_tidy(placement.x), _tidy(placement.y)])
    if not placement.title and not placement.extra:
        return at
    title = {"title": _json(placement.title)} if placement.title else {}
    return _line({"at": at, **title, **placement.extra})


def _write_annotation(item: Annotation) -> bytes:
    box = _json([_tidy(number) for number in (item.x, item.y, item.width, item.height)])
    words = {name: _json(text) for name, text in (("text", item.text), ("colour", item.colour)) if text}
    return _line({"kind": _json(item.kind), "box": box, **words, **item.extra})


def _line(fields: dict[str, bytes]) -> bytes:
    """An object on one line."""
    return b"{" + b", ".join(_json(name) + b": " + value for name, value in fields.items()) + b"}"


def _tidy(number: float) -> float:
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=0)


def _object(fields: Iterable[tuple[str, bytes]], indent: str = "  ") -> bytes:
    """An object with one field a line, at the depth of ``indent``."""
    lines = ",\n".join(f"{indent}  " + _json(name).decode() + ": " + value.decode() for name, value in fields)
    return f"{{\n{lines}\n{indent}}}".encode() if lines else b"{}"


def save(workflow: Workflow, path: Path) -> None:
    """Write a workflow file atomically: a reader sees the old file or the new one, also after a crash."""
    write_atomic(path, dumps(workflow))


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file by way of a temporary one beside it. Raises OSError; the old file then stands as it was."""
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
