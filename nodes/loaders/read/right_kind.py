"""Look-up of a model, and one sentence for those that the node which asks does not load."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from nodeflow.library.beside import sight_of, unseeing
from nodeflow.library.right_kind import refusal, shortened
from nodeflow.library.rules import Taker, rule_book
from nodeflow.node import NodeError
from nodeflow.resources import locate
from nodes.loaders.read.locate import look_up


def find_for(
    node: str, model: str, revision: str, patterns: list[str], without: Collection[str] = (), chosen: bool = False
) -> Path:
    """The folder or file of a model that the node of this title loads. Raises NodeError for what others load, and for a
    folder that lacks something. ``without``: what is not read of it; ``chosen``: whether a person says of which family
    it is; both as `refusal` has that."""
    return _fitting(_taker(node)[0], model, look_up(model, revision, patterns), False, without, chosen)


def find_beside(node: str, param: str, model: str) -> Path:
    """The folder or file that the node of this title takes at a parameter beside its model. Raises NodeError."""
    return _fitting(_taker(node)[1].like[param], model, look_up(model, ""))


def own_sight(node: str, path: Path) -> Path:
    """The network by which a model sees that lies at a path, where it brings it. Raises NodeError where it does not."""
    taker = _taker(node)[1]
    found = sight_of(path, taker)
    if found is None:
        raise NodeError(unseeing(path, taker))
    return found


def find_part(node: str, param: str, model: str) -> Path:
    """The file of a network alone, which a node of this title takes at a parameter. Raises NodeError for others."""
    type, taker = _taker(node)
    assert taker.part == param
    return _fitting(type, model, look_up(model, ""), part=True)


def _fitting(
    type: str, model: str, path: Path, part: bool = False, without: Collection[str] = (), chosen: bool = False
) -> Path:
    shown = shortened(path.name if locate(model, Path.cwd()) is not None else model)
    if wrong := refusal(type, path, shown, part, without, chosen):
        raise NodeError(wrong)
    return path


def _taker(title: str) -> tuple[str, Taker]:
    return next((type, taker) for type, taker in rule_book().takers.items() if taker.title == title)
