"""Declaring nodes: `@node` on a plain typed function. The signature is the schema, the docstring is the help.

::

    @node("Guidance")
    def classifier_free_guidance(denoiser: Denoiser, positive: Conditioning, negative: Conditioning | None = None,
                                 scale: Annotated[float, Slider(1, 30, 0.1)] = 7.5) -> Guider:
        \"\"\"Classifier-free guidance, Ho & Salimans 2022 (arXiv:2207.12598).\"\"\"

- no default: a wire is required; ``T | None = None``: an optional wire; ``*images: T``: as many wires as arrive
- a default of a plain type (str, int, float, bool, Literal, Enum, Path): a parameter, which a wire may feed too
- ``Lazy[T]``: evaluated only when the node calls ``get()``
- ``list[T]``: all items of a list at once; a list at any other input runs the node once for each item
- a return of ``list[T]`` is a list: what comes after it runs once for each item
- a NamedTuple return is several outputs; ``Generator[Step, None, T]`` reports steps and gives ``T``
- what flows on wires are frozen dataclasses and protocols; the wire's type is the class's name
"""

from __future__ import annotations

from nodeflow.graph.model.rules import Rule
from nodeflow.node.declaration import Companion, node, spec_of, together_of
from nodeflow.node.errors import NodeError, NumbersError
from nodeflow.node.hints import (
    Choices,
    DrawnBoxes,
    DrawnNumber,
    DrawnPoints,
    Matches,
    Multiline,
    NamesEmbeddings,
    Painted,
    Range,
    Reads,
    Seed,
    Seldom,
    Slider,
    Supplied,
    Weighed,
    Writes,
    WrittenForm,
)
from nodeflow.node.lazy import Lazy, NotYet
from nodeflow.node.notes import noting, warn
from nodeflow.node.signature import wire_type
from nodeflow.node.steps import KeptSteps, Step, Steps

__all__ = [
    "Choices",
    "Companion",
    "DrawnBoxes",
    "DrawnNumber",
    "DrawnPoints",
    "KeptSteps",
    "Lazy",
    "Matches",
    "Multiline",
    "NamesEmbeddings",
    "NodeError",
    "NotYet",
    "NumbersError",
    "Painted",
    "Range",
    "Reads",
    "Rule",
    "Seed",
    "Seldom",
    "Slider",
    "Step",
    "Steps",
    "Supplied",
    "Weighed",
    "Writes",
    "WrittenForm",
    "node",
    "noting",
    "spec_of",
    "together_of",
    "warn",
    "wire_type",
]
