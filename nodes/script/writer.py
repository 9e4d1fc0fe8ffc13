"""A script as it grows: each node by the function for its type, its lines once, what is behind a list in a loop."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from nodeflow.graph.model.catalogue import passes_through
from nodeflow.graph.model.workflow import Link, ordered
from nodeflow.prompt_text import as_clip_reads
from nodes.comfyui.export.exporter import CannotExportError, GraphExporter
from nodes.script.gathering import known_functions
from nodes.script.pieces import Imports, call_lines, called, literal, text_lines, tuple_lines

TAKEN = frozenset(dir(builtins)) | {"torch", "np", "json", "math", "os", "partial", "inspect", "open_clip"}
"""Names that mean something else in scripts."""
SINGLE = {"text": "text", "number": "value", "whole_number": "value", "yes_or_no": "value"}
"""Nodes that hold a single value, and the parameter that it is."""
Key = tuple[str, ...]
"""A node and its output, or a line that several share."""


class Made(NamedTuple):
    """What stands in a script for an output: its name or value as code, what is known of it, and the list behind it."""

    code: str
    about: Any = None
    axes: tuple[str, ...] = ()


Function = Callable[["Writer", str, str], Made]
"""Writes an output of a node."""


@dataclass
class Statement:
    """Lines for a key, the lists that they are in loops over, what must stand before them, and their variables."""

    key: Key
    axes: dict[str, None] = field(default_factory=dict)
    needs: set[Key] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)


class Axis(NamedTuple):
    """A list: the name of one item in a loop, the code of all, and their values where they are known."""

    item: str
    items: str
    values: tuple[object, ...] = ()


class Writer:
    """Holds what is written, and what each output of the workflow became."""

    def __init__(
        self, about: GraphExporter, functions: Mapping[str, Function], refused: Mapping[str, str], folder: Path
    ) -> None:
        self.about, self.imports, self.folder = about, Imports(), folder
        self.used: set[str] = set()
        self.axes: dict[str, Axis] = {}
        self.statements: list[Statement] = []
        self.gathered: dict[str, str] = {}
        """Variables of loops that are wanted as a whole behind them, and what they are called there."""
        self.models: dict[str, Any] = {}
        """Models of single files, by the nodes that load them."""
        self._functions, self._refused = functions, refused
        run = ordered(about.workflow.incoming(), about.workflow.nodes)
        self._places = {name: place for place, name in enumerate(run)}
        self._made: dict[Key, Made] = {}
        self._frames: list[Statement] = []
        self._names: dict[str, Key] = {}

    # --- what a node was given

    def plain(self, name: str, param: str) -> Any:
        """A parameter that must be known while the script is written."""
        place = self._place(name, param)
        if place is None:
            raise CannotExportError(f"the {param} of {name} comes by wire, which is not written")
        return self.about.plain(*place)

    def value(self, name: str, param: str) -> str:
        """A parameter as code: its value, or what is wired to it."""
        place = self._place(name, param)
        return self.input(name, param).code if place is None else literal(self.about.plain(*place))

    def text(self, name: str, clip: bool) -> str:
        """A text as code; for CLIP as that reads it, which is how lists hold theirs."""
        place = self._place(name, "text")
        if place is None:
            return self.value(name, "text")
        text = str(self.about.plain(*place))
        return literal(as_clip_reads(text) if clip else text)

    def _place(self, name: str, param: str) -> tuple[str, str] | None:
        """The node and the parameter that hold a value: another's where one value drives several; None by any other
        wire."""
        link = self.about.source(name, param)
        if link is None:
            return name, param
        kind = self.about.kind(link.source)
        alone = kind in SINGLE and self.about.workflow.nodes[link.source].mode == "run"
        return self._place(link.source, SINGLE[kind]) if alone else None

    def is_wired(self, name: str, input: str) -> bool:
        return self.about.source(name, input) is not None

    def input(self, name: str, input: str, slot: int = 0) -> Made:
        """What is wired to an input. Raises CannotExportError where nothing is, or it cannot be written."""
        link = self.about.source(name, input, slot)
        if link is None:
            raise CannotExportError(f"nothing is wired to the {input} of {name}")
        return self.output(link)

    def inputs(self, name: str, input: str) -> list[Made]:
        """What is wired to the places of an input that takes several."""
        return [self.input(name, input, slot) for slot in self.slots(name, input)]

    def slots(self, name: str, input: str) -> list[int]:
        """The places of an input that takes several which are wired, in order."""
        links = self.about.workflow.links.values()
        return sorted(link.slot for link in links if link.target == name and link.input == input)

    def whole(self, name: str, input: str, slot: int = 0) -> Made:
        """A list that is wired to an input, of all items."""
        made = self._outside(name, input, slot)
        self._need(name, input, slot)
        if not made.axes:
            return Made(f"[{made.code}]", made.about)
        if made.code == self.axes[made.axes[0]].item:
            return Made(self.axes[made.axes[0]].items, made.about)
        if not made.code.isidentifier():
            raise CannotExportError(f"{name} takes a part of what a list gives, which is not written")
        all_of_them = self.name(f"all_{made.code}", ("gathered", made.code))
        return Made(self.gathered.setdefault(made.code, all_of_them), made.about)

    def output(self, link: Link) -> Made:
        return self.at(link.source, link.output)

    def at(self, name: str, output: str) -> Made:
        """An output of a node."""
        return self.shared((name, output), lambda: self._written(name, output))

    def shared(self, key: Key, write: Callable[[], Made]) -> Made:
        """What is written once under a key: by the first who asks."""
        if key not in self._made:
            frame = Statement(key)
            self._frames.append(frame)
            try:
                made = write()
            finally:
                self._frames.pop()
            self._made[key] = made._replace(axes=self.in_order(frame.axes))
            self.statements.append(frame)
        made = self._made[key]
        if self._frames:
            self._frames[-1].axes.update(dict.fromkeys(made.axes))
            self._frames[-1].needs.add(key)
        return made

    def in_order(self, axes: Iterable[str]) -> tuple[str, ...]:
        """Lists in the order in which runs name their items, and go through them: the last one's change first."""
        return tuple(sorted(axes, key=self._places.__getitem__))

    # --- what is written

    def use(self, function: str) -> str:
        """The name of a function of `functions`, which the script then holds."""
        self.used.add(function)
        return function

    def name(self, wanted: str, key: Key) -> str:
        """A name that nothing else has."""
        name = called(wanted)
        if name in TAKEN or name in known_functions():
            name += "_1"
        while self._names.setdefault(name, key) != key:
            name += "_"
        return name

    def constants(self, name: str, items: Sequence[object]) -> str:
        """Write a tuple of plain values; its name."""
        self._frames[-1].lines += tuple_lines(f"{name} = ", [literal(item) for item in items])
        return name

    def grouped(self, name: str, what: str, *codes: str) -> str:
        """Write a tuple of some values; its name."""
        variable = self._variable(name, what)
        self._frames[-1].lines += tuple_lines(f"{variable} = ", codes, 4 * len(self._frames[-1].axes))
        return variable

    def called(self, name: str, key: Key, text: str) -> str:
        """Write that a new name is a text; the name."""
        variable = self.name(name, key)
        self._frames[-1].lines += text_lines(variable, text)
        return variable

    def line(self, text: str) -> None:
        self._frames[-1].lines.append(text)

    def assign(self, name: str, what: str, function: str, *given: str, **named: str | None) -> str:
        """Write that a variable of a node is what a function gives; its name. What is named None is left out."""
        variable = self._variable(name, what)
        arguments = [*given, *(f"{key}={value}" for key, value in named.items() if value is not None)]
        self._frames[-1].lines += call_lines(
            f"{variable} = {function}", arguments, indent=4 * len(self._frames[-1].axes)
        )
        return variable

    def _variable(self, name: str, what: str) -> str:
        """A new variable of a node."""
        variable = self.name(f"{name}_{what}" if what and what not in name else name, self._frames[-1].key)
        self._frames[-1].names.append(variable)
        return variable

    def bound(self, name: str, what: str, function: str, *given: str, **named: str | None) -> str:
        """The same, of a function with some of its arguments given."""
        self.imports.take("functools", "partial")
        return self.assign(name, what, "partial", self.use(function), *given, **named)

    def loop(self, name: str, items: str, values: tuple[object, ...] = ()) -> Made:
        """Say that what comes after a node stands in a loop over items; one of them."""
        item = self.name(name[:-1] if name.endswith("s") and len(name) > 2 else f"one_{name}", (name, "item"))
        self.axes[name] = Axis(item, items, values)
        self._frames[-1].axes[name] = None
        return Made(item)

    def attempt(self, write: Callable[[], object]) -> None:
        """Write something whole, or leave everything as it was. Raises CannotExportError."""
        before = (set(self.used), list(self.statements), dict(self._made), dict(self.gathered), self.imports.copy())
        try:
            write()
        except CannotExportError:
            self.used, self.statements, self._made, self.gathered, self.imports = before
            self._frames.clear()
            raise

    def _written(self, name: str, output: str) -> Made:
        kind = self.about.kind(name)
        node = self.about.workflow.nodes[name]
        spec = self.about.catalogue.nodes.get(node.type)
        if node.mode == "bypass" and spec is not None and (passed := passes_through(spec).get(output)):
            return self.input(name, passed)._replace(axes=())
        if node.mode != "run":
            raise CannotExportError(f"{name} is muted, or passes nothing on; take it out, or let it run")
        if kind not in self._functions:
            why = self._refused.get(kind, "has no counterpart in diffusers that gives the same numbers")
            raise CannotExportError(f"{name} {why}")
        return self._functions[kind](self, name, output)

    def _outside(self, name: str, input: str, slot: int) -> Made:
        """What is wired to an input, without the list behind it becoming one of the node that takes it."""
        frames, self._frames = self._frames, []
        try:
            return self.input(name, input, slot)
        finally:
            self._frames = frames

    def _need(self, name: str, input: str, slot: int) -> None:
        """Say that a node comes after what is wired to an input, outside of the loop that it may be in."""
        link = self.about.source(name, input, slot)
        if link is not None:
            self._frames[-1].needs.add((link.source, link.output))
