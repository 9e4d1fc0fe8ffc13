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
      "subgraphs": {
        "blur": {
          "title": "Blur",
          "inputs": ["image", "radius"],
          "outputs": {
            "image": "resize.image"
          },
          "nodes": {
            "resize": {
              "type": "nodes.resize",
              "inputs": {"image": "@inputs.image", "width": "@inputs.radius"}
            }
          }
        }
      },
      "form": {"fields": [{"field": "blur.radius", "name": "radius"}], "outputs": [{"output": "decode.image"}]},
      "layout": {"decode": [900, 40]},
      "annotations": {"frame": {"kind": "frame", "box": [880, 0, 300, 200], "text": "Image"}}
    }

Nodes are sorted by id and the layout stands apart, so that moving a node never touches what the workflow means.
Inside a subgraph, wires from ``@inputs`` come from the ports that it exposes. What this version does not know (node
types, fields, spelling of numbers) is written back as it was read.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.graph.io.foreign import PICTURE_TEXTS, picture_of, said_of_bytes, said_of_object, said_of_picture
from nodeflow.graph.io.form_text import read_form, write_form
from nodeflow.graph.io.png_text import KEY, texts_in
from nodeflow.graph.io.workflow_text import Raws, as_json, as_object, read_graph, take, write_graph
from nodeflow.graph.io.xmp_text import texts_in_picture
from nodeflow.graph.model.plain_values import HALF_CHARACTER, half_character, unfit_path
from nodeflow.graph.model.workflow import (
    NODE_ID,
    OUTPUTS,
    TERMINALS,
    Interface,
    Link,
    Node,
    Problem,
    Socket,
    Subgraph,
    Workflow,
    WorkflowError,
)
from nodeflow.graph.subgraphs.instances import ordered
from nodeflow.special_files import SPECIAL, is_special
from nodeflow.unfinished_files import remove_left_over, unfinished

FORMAT = 1
MAX_BYTES = 64 * 2**20
MAX_DIGITS = 100
WITH_PACKETS = ("JPEG", "WebP", "AVIF")
"""Formats of images that hold texts in a packet of XMP."""
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""What JSON writes for half a character; two of them may be a whole one."""


def load(path: Path) -> Workflow:
    """Read a workflow from its file, or from an image that carries one.

    Raises WorkflowError with every problem of its form; the wiring is `check`'s to judge.
    """
    try:
        if is_special(path):
            raise WorkflowError(Problem("", "", f"{path} {SPECIAL}"))
        with path.open("rb") as file:
            head = file.read(16)
            file.seek(0)
            picture = picture_of(head)
            texts = texts_in(file, *PICTURE_TEXTS) if picture == "PNG" else texts_in_packet_of(path, picture)
            file.seek(0)
            data = texts[KEY] if KEY in texts else file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise WorkflowError(Problem("", "", f"cannot read {path}: {unread(path, error)}")) from None
    try:
        if picture and KEY not in texts:
            raise WorkflowError(Problem("", "", said_of_picture(picture, set(texts), data)))
        if not picture and (said := said_of_bytes(head)):
            raise WorkflowError(Problem("", "", said))
        if len(data) > MAX_BYTES:
            raise WorkflowError(Problem("", "", "this file is larger than a workflow can be (64 MiB)"))
        return loads(data)
    except WorkflowError as error:
        problems = (Problem(p.node, p.port, f"{p.reason} (in {path.name})") for p in error.problems)
        raise WorkflowError(*problems) from None


def unread(path: Path, error: OSError | ValueError) -> str:
    """Why a path cannot be read, in words that follow on it."""
    if why := unfit_path(str(path)):
        return f"it {why}"
    return getattr(error, "strerror", None) or "this is no path"


def has_workflow(path: Path) -> bool:
    """Return whether an image file carries a workflow; not where it cannot be read."""
    try:
        with path.open("rb") as file:
            if KEY in texts_in(file, KEY):
                return True
            file.seek(0)
            picture = picture_of(file.read(16))
    except OSError:
        return False
    return KEY in texts_in_packet_of(path, picture)


def texts_in_packet_of(path: Path, picture: str) -> dict[str, bytes]:
    """The texts of ours in an image of another format than PNG."""
    return texts_in_picture(path, KEY) if picture in WITH_PACKETS else {}


def loads(data: bytes) -> Workflow:
    """A workflow from the bytes of its file. Raises WorkflowError."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    _reject_broken(data)
    try:
        fields = msgspec.json.decode(data, type=Raws)
    except msgspec.ValidationError:
        raise WorkflowError(Problem("", "", "a workflow file holds one JSON object")) from None
    form = take(fields, "nodeflow", int, None)
    if form is None:
        reason = said_of_object(json.loads(data)) or 'this is no workflow file: it does not say "nodeflow": 1'
        raise WorkflowError(Problem("", "", reason))
    if form < 1:
        raise WorkflowError(Problem("", "", f'"nodeflow": {form} is no format of a workflow file; write 1'))
    if form > FORMAT:
        reason = f"this file has format {form}, this program reads up to {FORMAT}; update nodeflow"
        raise WorkflowError(Problem("", "", reason))
    problems: list[Problem] = []
    workflow = Workflow(packs=take(fields, "packs", dict[str, str], {}, problems))
    read_graph(workflow, fields, problems)
    workflow.subgraphs = _read_subgraphs(take(fields, "subgraphs", Raws, {}, problems), problems)
    workflow.form = read_form(fields, problems)
    workflow.extra = {name: bytes(text) for name, text in fields.items()}
    if problems:
        raise WorkflowError(*sorted(problems))
    return workflow


def _reject_broken(data: bytes) -> None:
    """Name the line and column of what is no JSON, and refuse names that come twice (one would be lost)."""
    if not data.strip(b"\0 \t\r\n"):
        raise WorkflowError(Problem("", "", "this file is empty, or holds nothing but zeros and blanks"))
    try:
        whole = json.loads(
            data.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_whole_number,
            parse_float=_finite_number,
        )
    except UnicodeDecodeError:
        raise WorkflowError(Problem("", "", "this file is not UTF-8 text")) from None
    except json.JSONDecodeError as error:
        if not data[: error.pos].strip():
            raise WorkflowError(Problem("", "", "this file holds no JSON, and so no workflow")) from None
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}; the file is damaged or was cut short"
        raise WorkflowError(Problem("", "", reason)) from None
    except RecursionError:
        raise WorkflowError(Problem("", "", "this file is nested too deeply to be a workflow")) from None
    if SURROGATE.search(data) and (place := half_character(whole)):
        raise WorkflowError(Problem("", "", f"{'.'.join(place)} {HALF_CHARACTER}"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = sorted(name for name, count in counts.items() if count > 1)
        raise WorkflowError(Problem("", "", f"the name {twice[0]!r} stands twice in one object; rename one of them"))
    return found


def _no_constant(text: str) -> None:
    raise WorkflowError(Problem("", "", f"{text} is no number in JSON; write a finite number"))


def _whole_number(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise WorkflowError(Problem("", "", f"{text[:12]}... is a number of {len(text):,} digits; write a smaller one"))
    return int(text)


def _finite_number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise WorkflowError(Problem("", "", f"{text[:24]} is too large for a number; write a smaller one"))
    return found


def _read_subgraphs(texts: Raws, problems: list[Problem]) -> dict[str, Subgraph]:
    found: dict[str, Subgraph] = {}
    for name, text in texts.items():
        inner: list[Problem] = []
        try:
            found[name] = _read_subgraph(name, text, inner)
        except (msgspec.ValidationError, WorkflowError) as error:
            inner += error.problems if isinstance(error, WorkflowError) else ()
            inner = inner or [Problem("", "", "a subgraph is an object with nodes, inputs and outputs")]
        problems += (Problem(f"subgraphs.{name}", ".".join(filter(None, (p.node, p.port))), p.reason) for p in inner)
    try:
        ordered(found)
    except WorkflowError as error:
        problems += error.problems
    return found


def _read_subgraph(name: str, text: msgspec.Raw, problems: list[Problem]) -> Subgraph:
    if not NODE_ID.fullmatch(name):
        problems.append(Problem("", "", "a subgraph's name starts with a letter, then letters, digits, _ or -"))
    fields = msgspec.json.decode(text, type=Raws)
    body = Workflow(nodes={terminal: Node(terminal) for terminal in TERMINALS})
    inputs = take(fields, "inputs", list[str], [], problems)
    outputs = take(fields, "outputs", dict[str, str | None], {}, problems)
    title, doc = take(fields, "title", str, "", problems), take(fields, "doc", str, "", problems)
    read_graph(body, fields, problems)
    for port, address in outputs.items():
        source, _, output = (address or "").rpartition(".")
        if source and output:
            body.links[Socket(OUTPUTS, port)] = Link(source, output, OUTPUTS, port)
        elif address is not None:
            problems.append(Problem("outputs", port, f'{address!r} does not name an output; write "node.output"'))
    face = Interface(tuple(inputs), tuple(outputs), title, doc)
    problems += face.faults()
    return Subgraph(face, body, {key: bytes(value) for key, value in fields.items()})


def dumps(workflow: Workflow) -> bytes:
    """The bytes of a workflow's file: the same workflow always gives the same bytes."""
    top: dict[str, bytes] = {"nodeflow": as_json(FORMAT)}
    if workflow.packs:
        top["packs"] = as_json(dict(sorted(workflow.packs.items())))
    graph = write_graph(workflow)
    top["nodes"] = graph.pop("nodes")
    if workflow.subgraphs:
        top["subgraphs"] = _write_subgraphs(workflow.subgraphs)
    if workflow.form is not None:
        top["form"] = write_form(workflow.form)
    top.update(graph)
    top.update(workflow.extra)
    return as_object(top.items(), indent="") + b"\n"


def _write_subgraphs(subgraphs: dict[str, Subgraph]) -> bytes:
    return as_object((name, _write_subgraph(subgraphs[name])) for name in sorted(subgraphs))


def _write_subgraph(subgraph: Subgraph) -> bytes:
    face, body, indent = subgraph.interface, subgraph.body, "      "
    given = {port: body.links.get(Socket(OUTPUTS, port)) for port in face.outputs}
    words = {"title": as_json(face.title) if face.title else b"", "doc": as_json(face.doc) if face.doc else b""}
    fields = {name: text for name, text in words.items() if text}
    fields["inputs"] = as_json(face.inputs)
    outputs = ((port, as_json(f"{link.source}.{link.output}" if link else None)) for port, link in given.items())
    fields["outputs"] = as_object(outputs, indent)
    fields.update(write_graph(body, indent))
    fields.update(subgraph.extra)
    return as_object(fields.items(), "    ")


def save(workflow: Workflow, path: Path) -> None:
    """Write a workflow file atomically: a reader sees the old file or the new one, also after a crash."""
    write_atomic(path, dumps(workflow))


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file by way of a temporary one beside it; a device or a pipe is written to as it stands.

    Raises OSError, for a file that may not be written too; the old file then stands as it was.
    """
    path = path.resolve()
    if path.exists():
        if is_special(path):
            path.write_bytes(data)
            return
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    remove_left_over(path.parent, below=False)
    with unfinished(path.parent, data, sync=True) as temporary:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        temporary.chmod(mode)
        temporary.replace(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
