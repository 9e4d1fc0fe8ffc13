"""A node's signature is its schema; a hint that is missing or unknown fails with the function's name."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import pytest

from nodeflow.graph.model.catalogue import Input, Output, Param
from nodeflow.node import Lazy, Multiline, Range, Reads, Seed, Slider, Step, Supplied, Writes, node, spec_of


@dataclass(frozen=True)
class Picture:
    pass


@dataclass
class Changeable:
    pass


class Painter(Protocol):
    def paint(self) -> Picture: ...


class Mood(Enum):
    CALM = "calm"
    WILD = "wild"


class Both(NamedTuple):
    picture: Picture
    count: int


@node("Everything", version=3, pure=False)
def everything(
    picture: Picture,
    painter: Painter | None = None,
    later: Lazy[Picture] | None = None,
    text: Annotated[str, Multiline()] = "hello",
    scale: Annotated[float, Slider(1, 30, 0.1)] = 7.5,
    count: Annotated[int, Range(1)] = 1,
    seed: Annotated[int, Seed()] = 0,
    on: bool = True,
    kind: Literal["a", "b"] = "a",
    mood: Mood = Mood.WILD,
    source: Annotated[Path, Reads("folder")] = Path("in"),
    folder: Annotated[Path, Writes()] = Path(),
    device: Annotated[str, Supplied("device")] = "cpu",
) -> Generator[Step, None, Both]:
    """First line.

    More about it.
    """
    yield Step(1, 1)
    return Both(picture, count)


def test_the_signature_is_the_schema() -> None:
    spec = spec_of(everything)
    assert spec is not None
    assert (spec.type, spec.title, spec.version) == ("test_node.everything", "Everything", 3)
    assert spec.doc == "First line.\n\nMore about it."
    assert spec.inputs == (
        Input("picture", "test_node.Picture"),
        Input("painter", "test_node.Painter", required=False),
        Input("later", "test_node.Picture", required=False, lazy=True),
    )
    assert spec.params == (
        Param("text", "str", "hello", widget="multiline"),
        Param("scale", "float", 7.5, minimum=1, maximum=30, step=0.1, widget="slider"),
        Param("count", "int", 1, minimum=1),
        Param("seed", "int", 0, minimum=0, maximum=2**53 - 1, widget="seed"),
        Param("on", "bool", True),
        Param("kind", "choice", "a", choices=("a", "b")),
        Param("mood", "choice", "wild", choices=("calm", "wild")),
        Param("source", "path", "in", widget="folder", reads=True),
        Param("folder", "path", ".", widget="folder", writes=True),
    )
    assert spec.outputs == (Output("picture", "test_node.Picture"), Output("count", "int"))
    assert spec.supplied == {"device": "device"}
    assert spec.streams
    assert not spec.pure


def test_a_declared_node_stays_a_plain_function() -> None:
    steps = everything(Picture(), count=4)
    assert next(steps) == Step(1, 1)
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert end.value.value.count == 4


def test_outputs_are_named_after_their_type() -> None:
    @node("One")
    def one(*pictures: Picture) -> Picture:
        """One."""
        return pictures[0]

    @node("Plain")
    def plain() -> float:
        """Plain."""
        return 1.0

    @node("Nothing")
    def nothing(value: Any) -> None:
        """Nothing."""

    assert spec_of(one).outputs == (Output("picture", "test_node.Picture"),)
    assert spec_of(one).inputs == (Input("pictures", "test_node.Picture", required=False, many=True),)
    assert spec_of(plain).outputs == (Output("value", "float"),)
    assert spec_of(nothing).outputs == ()
    assert spec_of(nothing).inputs == (Input("value", "Any"),)


def missing(value) -> Picture: ...
def missing_return(value: Picture): ...
def mutable(value: Changeable) -> Picture: ...
def container(value: dict) -> Picture: ...
def listed(value: list = []) -> Picture: ...  # noqa: B006
def none(value: Picture = None) -> Picture: ...
def outside(value: Annotated[int, Range(0, 5)] = 9) -> Picture: ...
def odd(value: Annotated[int, "odd"] = 9) -> Picture: ...
def wrong_return(value: Picture) -> dict: ...


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (missing, "argument 'value' has no type hint"),
        (missing_return, "no return type hint"),
        (mutable, "not frozen"),
        (container, "no wire type"),
        (listed, "is no parameter"),
        (none, "T | None"),
        (outside, "9 is not a whole number from 0 to 5"),
        (odd, "'odd' says nothing"),
        (wrong_return, "return: .* is no wire type"),
    ],
)
def test_a_bad_hint_fails_with_the_functions_name(function, words: str) -> None:
    with pytest.raises(TypeError, match=rf"test_node\.{function.__name__}: .*{words}".replace("|", r"\|")):
        node("Bad")(function)
