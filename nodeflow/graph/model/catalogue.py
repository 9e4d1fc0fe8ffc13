"""The catalogue: what nodes exist, what they take and give, as data. Derived from signatures by `nodeflow.node`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from nodeflow.graph.model.plain_values import leads_out, shown, unfit, unfit_path
from nodeflow.graph.model.rules import Rule
from nodeflow.text_forms import FORMS, FormName

Kind = Literal["str", "int", "float", "bool", "choice", "path"]

PLAIN_TYPES = frozenset({"str", "int", "float", "bool"})
"""Types of small values that a wire can feed into a parameter."""

ANY = "Any"
FEW = 12
"""Choices that a sentence names all."""
LIKE = 0.5
"""How much two names must have in common, of 1, for one to be offered for the other."""
LONGEST_NAME = 200

_VALUES: dict[Kind, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "choice": (str,),
    "path": (str,),
}


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """A socket for a wire. ``many``: grows as wires arrive. ``lazy``: evaluated only when the node asks for it.

    One of a list type takes all items of a list at once, and so does one that takes many.
    """

    name: str
    type: str
    required: bool = True
    many: bool = False
    lazy: bool = False

    @property
    def gathers(self) -> bool:
        """Return whether it takes all items of a list at once; elsewhere a list runs the node once for each item."""
        return self.many or is_list(self.type)


class Param(msgspec.Struct, frozen=True, omit_defaults=True):
    """An editable value with a default; a wire of its type may feed it too.

    ``widget`` names how it is edited (slider, multiline, seed, file, folder, model, mask, boxes, points; empty: by
    kind).
    ``reads`` marks a path whose content is part of what the node computes; ``writes`` one below the output folder;
    ``embeddings`` a text that may name embeddings, whose files are part of it too.
    ``several`` of a seed names the parameter that says how many seeds in a row, one an image, start at it.
    ``weighed`` of a text names the parameter that says in which way its words have weights, ``changes`` the one that
    says along how many steps it changes.
    ``needed``: it may not stay empty. ``form`` of a text names how it is written (`nodeflow.text_forms`); or
    ``pattern``, a regular expression, is what the whole of it matches, and ``words`` is what such a text is called.
    ``files`` of a model: those of a hub repository that the node reads. ``holds``: what a file is to hold.
    ``over`` of a mask, and of what is drawn on an image, names the input whose image that is.
    ``edge`` names the side of a box, or of a point, that a number is; ``sized`` of boxes the parameters that say how
    wide and high the image is.
    ``seldom``: its row is shown once it is set or wired.
    """

    name: str
    kind: Kind
    default: Any
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    widget: str = ""
    reads: bool = False
    writes: bool = False
    embeddings: bool = False
    weighed: str = ""
    changes: str = ""
    several: str = ""
    over: str = ""
    needed: bool = False
    form: FormName | Literal[""] = ""
    pattern: str = ""
    words: str = ""
    files: tuple[str, ...] = ()
    holds: Literal["", "image"] = ""
    edge: str = ""
    sized: tuple[str, ...] = ()
    seldom: bool = False

    @property
    def type(self) -> str:
        """The wire type that fits this parameter."""
        return self.kind if self.kind in PLAIN_TYPES else "str"

    def fault(self, value: object) -> str:
        """Return what is wrong with a value, as a sentence that says what would be right; empty when it is good."""
        if not isinstance(value, _VALUES[self.kind]) or (isinstance(value, bool) and self.kind != "bool"):
            return f"{shown(value)} is not {self.describe()}"
        if self.kind == "choice" and value not in self.choices:
            return self._no_choice(str(value))
        if isinstance(value, (int, float)) and self.kind in ("int", "float"):
            low, high = self.minimum, self.maximum
            if not (low is None or value >= low) or not (high is None or value <= high):
                return f"{shown(value)} is not {self.describe()}"
        why = unfit(value) or (self._unlike(value) if isinstance(value, str) else "")
        return f"{shown(value)} {why}" if why else ""

    def _unlike(self, value: str) -> str:
        """Why a text is not one of this parameter's, in words that follow on it."""
        if self._is_path and (why := unfit_path(value) or (leads_out(value) if self.writes else "")):
            return why
        if self.pattern and not re.fullmatch(self.pattern, value):
            return f"is not {self.words}"
        return FORMS[self.form].fault(value, None) if self.form else ""

    def _no_choice(self, value: str) -> str:
        """What is wrong with a choice that there is not: beside many, the one that is most like it."""
        near = difflib.get_close_matches(value, self.choices, 1, LIKE) if len(value) <= LONGEST_NAME else []
        if len(self.choices) <= FEW or not near:
            return f"{shown(value)} is not {self.describe()}"
        return f"{shown(value)} is none of the {len(self.choices)} choices; the nearest is {near[0]}"

    @property
    def _is_path(self) -> bool:
        return self.kind == "path" or self.reads or self.writes

    def describe(self) -> str:
        """Return what a value must be, in words: ``a number from 1 to 30``."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.words:
            return self.words
        if self.form:
            return FORMS[self.form].words
        words = {"str": "a text", "path": "a path", "bool": "true or false", "int": "a whole number"}
        text = words.get(self.kind, "a number")
        if self.minimum is not None and self.maximum is not None:
            return f"{text} from {_plain(self.minimum)} to {_plain(self.maximum)}"
        if self.minimum is not None:
            return f"{text} of at least {_plain(self.minimum)}"
        return text


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


class Output(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold what a node gives, by name and wire type."""

    name: str
    type: str


class NodeSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node as data: everything the app needs to draw, check and explain it.

    ``station`` is the file it stands in; ``supplied`` maps arguments that the run fills in to what it fills in
    (device, dtype, workflow); ``streams``: it reports steps; ``pure``: false for one that runs each time;
    ``through``: gives what it takes (a dot on a wire), so that a plan passes it by. ``rules``: what it asks of several
    parameters together.
    """

    type: str
    title: str
    version: int
    station: str
    doc: str
    inputs: tuple[Input, ...] = ()
    params: tuple[Param, ...] = ()
    outputs: tuple[Output, ...] = ()
    supplied: dict[str, str] = {}
    streams: bool = False
    pure: bool = True
    through: bool = False
    rules: tuple[Rule, ...] = ()

    def input(self, name: str) -> Input | None:
        for port in self.inputs:
            if port.name == name:
                return port
        return None

    def param(self, name: str) -> Param | None:
        for param in self.params:
            if param.name == name:
                return param
        return None

    def output(self, name: str) -> Output | None:
        for port in self.outputs:
            if port.name == name:
                return port
        return None

    def broken(self, values: Mapping[str, object]) -> Iterator[Rule]:
        """Yield the rules that these values of parameters break. One about a value that is not there, because it comes
        from a wire, or about one that is wrong by itself, is not asked."""
        good = {param.name for param in self.params if param.name in values and not param.fault(values[param.name])}
        return (rule for rule in self.rules if good.issuperset(rule.about) and rule.fault(values))

    def accepts(self, name: str) -> str | None:
        """The wire type that an input or parameter takes; None where there is no such port."""
        port = self.input(name) or self.param(name)
        return port.type if port else None


class Catalogue(msgspec.Struct):
    """All node specs by type, the version of each pack they come from, and which nodes and types play which `roles`."""

    packs: dict[str, str] = {}
    nodes: dict[str, NodeSpec] = {}
    roles: dict[str, tuple[str, ...]] = {}

    def types(self, role: str) -> tuple[str, ...]:
        """The wire types that play a role."""
        return self.roles.get(role, ())

    def specs(self, role: str) -> list[NodeSpec]:
        """The nodes that play a role, as far as they are there."""
        return [self.nodes[name] for name in self.roles.get(role, ()) if name in self.nodes]


def is_list(wire_type: str) -> bool:
    """Return whether several items flow on a wire of this type: ``list[Image]``."""
    return wire_type.startswith("list[")


def item_type(wire_type: str) -> str:
    """Return what a list holds: ``Image`` for ``list[Image]``; any other type is its own item."""
    return wire_type[5:-1] if is_list(wire_type) else wire_type


def fits(given: str, wanted: str) -> bool:
    """Return whether a wire of one type may end at a port of another.

    Of lists the items have to fit: a list at a port that takes one item runs the node once for each, and a single item
    at a port that takes a list is a list of one.
    """
    given, wanted = item_type(given), item_type(wanted)
    return given == wanted or ANY in (given, wanted) or (given == "int" and wanted == "float")


def takes(spec: NodeSpec, wire_type: str) -> list[str]:
    """The inputs of a node at which a wire of a type may end, those that need one first."""
    found = [port for port in spec.inputs if fits(wire_type, port.type)]
    found.sort(key=lambda port: not port.required)
    return [port.name for port in found] + [p.name for p in spec.params if fits(wire_type, p.type)]


def gives(spec: NodeSpec, wire_type: str) -> list[str]:
    """The outputs of a node whose wire may end where a type is taken."""
    return [port.name for port in spec.outputs if fits(port.type, wire_type)]


def passes_through(spec: NodeSpec) -> dict[str, str]:
    """For a bypassed node: each output that has a like-typed input, and that input's name (each used once)."""
    free = list(spec.inputs)
    found: dict[str, str] = {}
    for output in spec.outputs:
        match = next((port for port in free if port.type == output.type), None)
        if match is not None:
            free.remove(match)
            found[output.name] = match.name
    return found


def encode(catalogue: Catalogue) -> bytes:
    """The catalogue as readable JSON (the committed snapshot and `nodeflow nodes --json`)."""
    return msgspec.json.format(msgspec.json.encode(catalogue, order="deterministic"), indent=1) + b"\n"


def decode(data: bytes) -> Catalogue:
    return msgspec.json.decode(data, type=Catalogue)
