"""Look-up of a model, and one sentence for those that the node which asks does not load."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.recognised import Recognised
from nodeflow.library.rules import Taker, rule_book
from nodeflow.node import NodeError
from nodeflow.resources import locate
from nodes.loaders.read.locate import find
from nodes.loaders.read.recognise import recognise, titles

NETWORKS = "transformer", "unet"
"""Kinds of what some nodes take beside a folder."""
MAX_NAME = 80
"""Letters of a name in a message."""


def find_for(node: str, model: str, revision: str, patterns: list[str]) -> Path:
    """The folder or file of a model that the node of this title loads. Raises NodeError for what others load."""
    path = find(model, revision, patterns)
    shown = shortened(path.name if locate(model, Path.cwd()) is not None else model)
    found, (type, taker) = recognise(path), _taker(node)
    if found.known and not _takes(type, taker, found):
        raise NodeError(f"{shown} holds {found.what}{_instead(type, path, found)}; {node} loads {taker.takes}")
    if path.is_file() and not taker.file:
        raise NodeError(f"{shown} is one file; {node} loads {taker.takes}")
    _check_layout(path, found, taker)
    return path


def _check_layout(path: Path, found: Recognised, taker: Taker) -> None:
    """Raises NodeError for a GGUF where the node reads none."""
    if found.layout == "gguf" and not taker.gguf and path.is_file():
        what = found.what if found.known else "weights"
        raise NodeError(
            f"{shortened(path.name)} holds {what} as GGUF, which {taker.title} does not read; take it as .safetensors"
        )


def find_part(node: str, param: str, model: str) -> Path:
    """The file of a network alone, which a node of this title takes at a parameter. Raises NodeError for others."""
    path = find(model, "")
    if path.is_dir():
        raise NodeError(
            f"{shortened(path.name)} is a folder; {param} takes one .safetensors or .gguf file, and model the folder"
        )
    found, (type, taker) = recognise(path), _taker(node)
    if found.known and not (type in found.nodes and found.kind in NETWORKS and taker.part == param):
        raise NodeError(
            f"{shortened(path.name)} holds {found.what}{_instead(type, path, found)}; {param} of {node} takes one "
            f"network of {taker.takes.removeprefix('a folder of ')}"
        )
    _check_layout(path, found, taker)
    return path


def shortened(name: str) -> str:
    """A name that is short enough for a message; what is left out stood in its middle."""
    half = MAX_NAME // 2
    return name if len(name) <= MAX_NAME else f"{name[:half]}…{name[-half:]}"


def _taker(title: str) -> tuple[str, Taker]:
    return next((type, taker) for type, taker in rule_book().takers.items() if taker.title == title)


def _takes(type: str, taker: Taker, found: Recognised) -> bool:
    if found.kind == "lora":
        return type in ("nodes.apply_lora", "nodes.apply_lora_to_text")  # which say themselves for whom it was made
    if found.kind == "files":
        return type in ("nodes.load_upscaler", "nodes.apply_lora", "nodes.apply_lora_to_text")
    if taker.part and found.kind in NETWORKS:
        return False
    return type in found.nodes and found.param in ("model", "lora")


def _instead(type: str, path: Path, found: Recognised) -> str:
    """Return what to do, as the next part of the sentence."""
    around = recognise(path.parent) if (path.parent / "model_index.json").is_file() else None
    if around is not None and type in around.nodes:
        return f", one part of {shortened(path.parent.name)}: give that folder"
    if around is not None and around.nodes and not found.nodes:
        return f", one part of {around.what}, which the node {titles(around.nodes)} loads"
    part = rule_book().takers[type].part
    if part and type in found.nodes and found.kind in NETWORKS:
        return f": name it at the parameter {part}, and at model the folder of the rest"
    if found.nodes:
        return f", which the node {titles(found.nodes)} loads"
    return f": {found.reason}" if found.reason else ", which no node here loads"
