"""Look-up of a model, and one sentence for those that the node which asks does not load."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.right_kind import NETWORKS, instead, misplaced, shortened, unread_layout
from nodeflow.library.rules import Taker, rule_book
from nodeflow.node import NodeError
from nodeflow.resources import locate
from nodes.loaders.read.locate import find
from nodes.loaders.read.recognise import recognise


def find_for(node: str, model: str, revision: str, patterns: list[str]) -> Path:
    """The folder or file of a model that the node of this title loads. Raises NodeError for what others load."""
    path = find(model, revision, patterns)
    shown = shortened(path.name if locate(model, Path.cwd()) is not None else model)
    type, _ = _taker(node)
    if wrong := misplaced(type, path, shown, recognise(path)):
        raise NodeError(wrong)
    return path


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
            f"{shortened(path.name)} holds {found.what}{instead(type, path, found)}; {param} of {node} takes one "
            f"network of {taker.takes.removeprefix('a folder of ')}"
        )
    if wrong := unread_layout(path, found, taker):
        raise NodeError(wrong)
    return path


def _taker(title: str) -> tuple[str, Taker]:
    return next((type, taker) for type, taker in rule_book().takers.items() if taker.title == title)
