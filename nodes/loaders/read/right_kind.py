"""Look-up of a model, and one sentence for those that the node which asks does not load."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.right_kind import misplaced, misplaced_part, shortened
from nodeflow.library.rules import Taker, rule_book
from nodeflow.node import NodeError
from nodeflow.resources import locate
from nodes.loaders.read.locate import find
from nodes.loaders.read.recognise import recognise


def find_for(node: str, model: str, revision: str, patterns: list[str]) -> Path:
    """The folder or file of a model that the node of this title loads. Raises NodeError for what others load."""
    path = find(model, revision, patterns)
    shown = shortened(path.name if locate(model, Path.cwd()) is not None else model)
    type, taker = _taker(node)
    if wrong := misplaced(type, path, shown, recognise(path, taker.reads)):
        raise NodeError(wrong)
    return path


def find_part(node: str, param: str, model: str) -> Path:
    """The file of a network alone, which a node of this title takes at a parameter. Raises NodeError for others."""
    path = find(model, "")
    type, taker = _taker(node)
    assert taker.part == param
    if wrong := misplaced_part(type, path, recognise(path)):
        raise NodeError(wrong)
    return path


def _taker(title: str) -> tuple[str, Taker]:
    return next((type, taker) for type, taker in rule_book().takers.items() if taker.title == title)
