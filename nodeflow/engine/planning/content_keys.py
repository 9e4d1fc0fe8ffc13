"""Content keys: a Merkle hash of all that determines a node's result, and the reason when it differs from last time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.engine.planning.fingerprint import Fingerprints
from nodeflow.engine.planning.plan import Origin, Task
from nodeflow.engine.protocol.share import WHOLE, Share
from nodeflow.graph.model.catalogue import NodeSpec, Param, item_type
from nodeflow.library.embeddings import embedding_file, embeddings_named
from nodeflow.library.named import AmbiguousNameError, library_path, parts_signature
from nodeflow.node import NodeError
from nodeflow.resources import STARTER, locate
from nodeflow.text_forms import GAP, SAVING
from nodeflow.wires import Files

Parts = dict[str, Any]
"""What determines a result, by name: ``node``, ``param x``, ``input x``, ``file x``, ``run x``."""

FAST = "fast run: networks whose precision is left open compute in bfloat16; images differ a little from exact ones"

_encode = msgspec.msgpack.Encoder().encode


class RunContext(msgspec.Struct, frozen=True):
    """Hold what a run is given beside the workflow: where relative paths start, where results go, and what computes.

    ``workflow`` is the text of the file, which saved images carry; ``environment`` says in words what computes;
    ``item`` names the item that a node runs for, where lists or sweeps run it several times. ``fingerprints`` tells
    whether what nodes read is still the same. ``share`` says which items are computed here first.
    """

    base: Path
    output: Path
    device: str = "cpu"
    dtype: str = "float32"
    workflow: str = ""
    environment: dict[str, str] = {}
    item: str = ""
    fingerprints: Fingerprints = Fingerprints()
    share: Share = WHOLE

    @property
    def library(self) -> str:
        """Stands for the parts of models in the library: it changes with any of them."""
        return parts_signature()

    def note(self, spec: NodeSpec) -> tuple[str, ...]:
        """Return what a person should know of the precision in which a node's networks compute, if anything."""
        fast = self.device == "cpu" and self.dtype == "bfloat16"
        return (FAST,) if fast and "dtype" in spec.supplied.values() else ()


def digest(parts: Parts) -> bytes:
    """The key: 16 bytes of BLAKE2b over the parts."""
    return hashlib.blake2b(_encode(parts), digest_size=16).digest()


def parts_of(task: Task, inputs: Mapping[str, Any], settings: RunContext) -> tuple[Parts, dict[str, Any]]:
    """Return what determines a task's result, and the arguments that are known without its wires.

    ``inputs`` holds, for each wired port, the digests of what comes in, or for a wired parameter its plain value.
    Raises NodeError for a path outside the folders it may name.
    """
    spec, given = task.spec, task.node.params
    parts: Parts = {"node": f"{spec.type}@{spec.version}"}
    arguments: dict[str, Any] = {}
    for param in spec.params:
        name = param.name
        if name in inputs and isinstance(inputs[name], list):
            parts["input " + name] = inputs[name]
            continue
        value = inputs[name] if name in inputs else given.get(name, param.default)
        if param.kind == "float":
            value = float(value)
        if param.form in SAVING:
            parts.update(_gaps(str(value), settings.workflow))
        if param.reads:
            path = _located(param, value, settings.base)
            if path is not None:
                value = str(path.resolve())
                parts["file " + name] = settings.fingerprints.of(path)
                for one in _beside(param, path):
                    parts[f"file {name} beside {one.name}"] = settings.fingerprints.of(one)
        elif param.writes:
            value = str(_below(settings.output, value, name))
        if param.embeddings and isinstance(value, str):
            parts.update(_embeddings(value, settings.fingerprints))
        parts["param " + name] = Path(value).name if "file " + name in parts and not _tells_paths(spec) else value
        arguments[name] = Path(value) if param.kind == "path" else value
    for port in spec.inputs:
        if port.name in inputs:
            parts["input " + port.name] = inputs[port.name]
    for name, what in spec.supplied.items():
        if what in ("steps", "seeds"):
            continue
        arguments[name] = getattr(settings, what)
        if what != "workflow":
            parts["run " + what] = arguments[name]
    return parts, arguments


def _beside(param: Param, path: Path) -> list[Path]:
    """What a node reads beside a file that is no pipeline: of what it names by patterns, settings of one name, and
    folders."""
    if not path.is_file() or any(one.endswith("model_index.json") for one in param.files):
        return []
    places = (Path(one).parent if "/" in one else Path(one) for one in param.files)
    named = {place for place in places if "*" not in str(place) and (place.suffix in ("", ".json"))}
    return sorted(found for place in named if place.name and (found := path.parent / place).exists())


def _embeddings(text: str, fingerprints: Fingerprints) -> Parts:
    """The fingerprint of each embedding that a text names; one that is not there is the node's to refuse.

    Raises NodeError for a name that several have.
    """
    parts: Parts = {}
    for name, _, _ in embeddings_named(text):
        try:
            path = embedding_file(name)
        except AmbiguousNameError as error:
            raise NodeError(str(error)) from None
        parts[f"file embedding:{name}"] = "" if path is None else fingerprints.of(path)
    return parts


def _gaps(text: str, workflow: str) -> Parts:
    """The values of a workflow's parameters that fill gaps of a file's name, wherever in it their nodes stand."""
    names = [gap.strip() for gap in GAP.findall(text) if "." in gap]
    nodes = msgspec.json.decode(workflow).get("nodes", {}) if names and workflow else {}
    found = {name: nodes.get(name.rpartition(".")[0], {}).get("params", {}) for name in names}
    return {f"param {name}": params.get(name.rpartition(".")[2]) for name, params in found.items()}


def _tells_paths(spec: NodeSpec) -> bool:
    """Return whether a node's results may say where it found what it reads; those of others hold wherever that lies."""
    return any(item_type(port.type) in ("str", "Any", Files.__name__) for port in spec.outputs)


def _located(param: Param, value: str, base: Path) -> Path | None:
    """Return what lies where a path leads, or where the library has a model of that name. Raises NodeError for a name
    that several models have."""
    path = locate(value, base)
    if path is not None or param.widget != "model" or not value or value.startswith(STARTER):
        return path
    try:
        return library_path(value)
    except AmbiguousNameError as error:
        raise NodeError(str(error)) from None


def checked(param: Param, value: Any, origin: Origin) -> Any:
    """A value that a wire feeds to a parameter. Raises NodeError for one that the parameter does not take."""
    if fault := param.fault(value):
        raise NodeError(f"{param.name} gets a wrong value from {origin.node}.{origin.output}: {fault}")
    return value


def _below(folder: Path, value: str, name: str) -> Path:
    path = (folder / value).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise NodeError(f"{name} {value!r} leads out of the output folder {folder}; name a folder inside it")
    return path


def reason(before: Parts | None, now: Parts, params: tuple[Param, ...]) -> str:
    """Why a node runs that ran before with other parts; in words a person can act on."""
    if before is None:
        return "first run"
    seeds = {param.name for param in params if param.widget == "seed"}
    for part in sorted({*before, *now}):
        old, new = before.get(part), now.get(part)
        if old == new:
            continue
        kind, _, name = part.partition(" ")
        match kind:
            case "node":
                return f"the node changed from {old} to {new}"
            case "param" if part in before and part in now:
                noun = "seed" if name in seeds else name
                return f"{noun} changed from {_short(old)} to {_short(new)}"
            case "file":
                return f"the file at {name} changed"
            case "run" if name == "library":
                return "what your model library holds changed"
            case "run":
                return f"{name} changed from {old} to {new}"
            case _:
                return f"the input {name} changed"
    return "its result is no longer in the cache"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
