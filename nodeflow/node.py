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

import collections.abc
import dataclasses
import enum
import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec

from nodeflow.graph.model.catalogue import ANY, Input, Kind, NodeSpec, Output, Param, is_list
from nodeflow.text_forms import FormName

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

SPEC = "__nodeflow_spec__"
TOGETHER = "__nodeflow_together__"

Companion = Callable[[list[dict[str, Any]]], list[Any]]
"""Takes the named arguments of several calls of a node, and gives what each of them would have given."""


class Slider(msgspec.Struct, frozen=True):
    """A number in a range, set by a slider."""

    minimum: float
    maximum: float
    step: float = 1.0


class Range(msgspec.Struct, frozen=True):
    """A number in a range, typed or scrubbed."""

    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


class Choices(msgspec.Struct, frozen=True):
    """A text that is one of these, which are known when the node is declared; for a few that never change there is
    Literal."""

    values: tuple[str, ...]


class Multiline(msgspec.Struct, frozen=True):
    """A text of several lines."""


class NamesEmbeddings(msgspec.Struct, frozen=True):
    """A text that may name embeddings (``embedding:name``): when the file of one changes, the node runs again."""


class Weighed(msgspec.Struct, frozen=True):
    """A text whose words have weights: ``by`` names the parameter that says in which way (`nodeflow.prompts`).

    ``steps`` names the one that says along how many steps it changes, where it does.
    """

    by: str
    steps: str = ""


class Seed(msgspec.Struct, frozen=True):
    """Seeds a random generator: 0 to 2**53 - 1, which every JSON reader keeps exactly. The run's report lists it.

    ``several`` names the parameter that says how many seeds in a row, one an image, start at this one.
    """

    several: str = ""


class Painted(msgspec.Struct, frozen=True):
    """A mask that a person paints, as the text of a small grey PNG (``data:image/png;base64,...``); empty: nothing.

    ``over`` names the input whose image it is painted over.
    """

    over: str


class Written(msgspec.Struct, frozen=True):
    """A text in a form that nodeflow knows (`nodeflow.text_forms`): a wrong one is told before anything is computed."""

    form: FormName


class Matches(msgspec.Struct, frozen=True):
    """A text that matches a regular expression, the whole of it. ``words`` say what it is, with its article and an
    example: ``a colour as #rrggbb, such as #ff0000``."""

    pattern: str
    words: str


class Edge(msgspec.Struct, frozen=True):
    """A number of a box, or of a point, which a person may draw on an image: all such numbers of a node are one place.

    Whole numbers are pixels of the image, others shares of it. A left and a top edge alone are a point. ``over`` names
    the input whose image is drawn on; empty: the image that is made of what the node gives.
    """

    side: Literal["left", "top", "right", "bottom", "width", "height"]
    over: str = ""


class Boxes(msgspec.Struct, frozen=True):
    """Boxes that a person draws on an image, as the text of a JSON list of objects: ``x``, ``y``, ``width``, ``height``
    in pixels, ``description``, and ``text`` for letters.

    ``width`` and ``height`` name the parameters that say how large the image is.
    """

    width: str
    height: str


class Points(msgspec.Struct, frozen=True):
    """Points that a person sets on an image, as the text of a JSON list of objects: ``x`` and ``y`` in pixels.

    ``over`` names the input whose image they are set on.
    """

    over: str


class Seldom(msgspec.Struct, frozen=True):
    """A value that few need: the node shows its row once it is set or wired; the properties show it always."""


class Reads(msgspec.Struct, frozen=True):
    """A path that the node reads: a file, a folder, or a model (folder, file, ``starter:name`` or hub id).

    ``needed``: a node without one fails. ``files`` are patterns of those files of a hub repository that it reads; the
    repository's revision is the parameter ``revision`` beside it, where there is one.
    ``holds`` is what a file has to hold.

    Relative paths start at the workflow file. What lies there is fingerprinted, so that a change runs the node again;
    a copy elsewhere does not, unless the node gives texts, which might say where it looked.
    """

    what: Literal["file", "folder", "model"] = "file"
    needed: bool = False
    files: tuple[str, ...] = ()
    holds: Literal["", "image"] = ""


class Writes(msgspec.Struct, frozen=True):
    """A folder that the node writes into. It lies below the output folder of the run."""


class Supplied(msgspec.Struct, frozen=True):
    """An argument that the run fills in and nobody edits.

    ``device`` and ``dtype`` are what the run computes on and in; ``library`` stands for the text encoders and VAEs in
    the person's model library, for nodes that take what a model lacks from there; ``item`` names the item of the lists
    and sweeps that the node runs for (``guidance.scale=5``), empty where it runs once. The others do not count as part
    of what the node computes: ``workflow`` is the file that runs, as text; ``seeds`` are the seeds in force in what the
    node comes from, as JSON by ``node.parameter``; ``steps`` is where a streaming node keeps its `Steps`.
    """

    what: Literal["device", "dtype", "workflow", "seeds", "steps", "item", "library"]


class Step(msgspec.Struct, frozen=True):
    """Hold what a streaming node yields after each step: progress is shown, a cancel takes effect.

    ``value`` may be a wire value to look at meanwhile (the estimate of the image so far).
    """

    index: int
    total: int
    value: Any = None


class Kept(NamedTuple):
    """Steps of an earlier run that are those of this run too: what each of them made, and the state after the last."""

    made: tuple[Any, ...] = ()
    state: Any = None


class Steps:
    """Hold where a streaming node keeps what each of its steps left behind, so that a later run goes on from there.

    This one keeps nothing, for a node that is called as a plain function; the engine supplies one that does::

        kept = steps.resume(start, [in force at step 0, in force at step 1, ...])
        for index in range(len(kept.made), total):
            ...
            steps.keep(state, made)
            yield Step(...)
    """

    @property
    def keeps(self) -> bool:
        """Whether anything is kept; where nothing is, a state need not be made."""
        return False

    def resume(self, start: object, steps: Sequence[object]) -> Kept:
        """The longest run of steps that is known: same start, and the same in force at each of them.

        ``start`` is all that determines the run beside ``steps``, which has for every step what is in force there.
        """
        return Kept()

    def keep(self, state: object, made: object) -> None:
        """Keep a step: the state after it, which is all that the next one needs, and what it made. Neither changes
        afterwards. Both are plain values, tensors, and tuples, lists and dicts of those.
        """


class NodeError(Exception):
    """Hold what a node raises when it cannot do what is asked: one sentence, what is wrong and what to do about it."""


class NumbersError(NodeError):
    """Raised where numbers are none (NaN) or infinite. What led to them is not kept, and the app shows the node."""


_notes: ContextVar[list[tuple[int, str]] | None] = ContextVar("notes", default=None)


def warn(sentence: str, call: int = 0) -> None:
    """Say what a person should know of a result that is right, such as that a text was too long to be read whole.

    The run shows it on the node, in the terminal and in the report, and keeps it with the result. ``call`` is the
    number of the call that it is about, in a companion that computes several. A node called as a plain function says
    nothing.
    """
    said = _notes.get()
    if said is not None:
        said.append((call, sentence))


@contextmanager
def noting() -> Iterator[list[tuple[int, str]]]:
    """Within this, what nodes warn of is gathered: the number of the call, and the sentence."""
    before, said = _notes.get(), list[tuple[int, str]]()
    _notes.set(said)
    try:
        yield said
    finally:
        _notes.set(before)


class NotYet(Exception):  # noqa: N818 (it is no error: the node is called again)
    """Raised by `Lazy.get` for a value that has still to be computed. Let it pass: the node is called again."""


class Lazy(Generic[T]):
    """An input that is evaluated only when the node asks for it."""

    def __init__(self, known: Callable[[], T]) -> None:
        self._known = known

    def get(self) -> T:
        return self._known()


def node(
    title: str, *, version: int = 1, pure: bool = True, through: bool = False, together: Companion | None = None
) -> Callable[[F], F]:
    """Declare a function as a node. It stays a plain function; only its description is attached.

    ``pure``: false for one that runs each time. ``through``: it gives what it takes, so that no run calls it.
    ``together`` computes the node for several items of a list at once: given the named arguments of each call, it
    gives for each exactly what the node itself would give, bit for bit, since each item is kept by itself.

    Raises TypeError, naming function and argument, for a hint that is missing or that no wire or widget fits.
    """

    def attach(function: F) -> F:
        spec = _spec(function, title, version, pure)
        if together is not None:
            several = [port.name for port in spec.inputs if port.many or port.lazy]
            own = [name for name, what in spec.supplied.items() if what in ("steps", "seeds")]
            if spec.streams or several or own:
                raise TypeError(f"{function.__module__}.{function.__name__}: such a node cannot be computed together")
            setattr(function, TOGETHER, together)
        setattr(function, SPEC, msgspec.structs.replace(spec, through=through))
        return function

    return attach


def together_of(function: object) -> Companion | None:
    """Return what computes several calls of a node at once, where it was declared with one."""
    return getattr(function, TOGETHER, None)


def spec_of(function: object) -> NodeSpec | None:
    """The description of a function declared with `@node`, None for any other object."""
    found = getattr(function, SPEC, None)
    return found if isinstance(found, NodeSpec) else None


def _spec(function: Callable[..., Any], title: str, version: int, pure: bool) -> NodeSpec:
    module = function.__module__
    where = f"{module}.{function.__name__}"
    hints = typing.get_type_hints(function, include_extras=True)
    inputs: list[Input] = []
    params: list[Param] = []
    supplied: dict[str, str] = {}
    for argument in inspect.signature(function).parameters.values():
        if argument.name not in hints:
            raise TypeError(f"{where}: argument {argument.name!r} has no type hint")
        try:
            port = _port(argument, hints[argument.name])
        except TypeError as error:
            raise TypeError(f"{where}: argument {argument.name!r}: {error}") from None
        if isinstance(port, Input):
            inputs.append(port)
        elif isinstance(port, Param):
            params.append(port)
        else:
            supplied[argument.name] = port.what
    if "return" not in hints:
        raise TypeError(f"{where}: has no return type hint")
    try:
        streams, outputs = _outputs(hints["return"])
    except TypeError as error:
        raise TypeError(f"{where}: return: {error}") from None
    return NodeSpec(
        type=f"{module.partition('.')[0]}.{function.__name__}",
        title=title,
        version=version,
        station=_room(module),
        doc=inspect.cleandoc(function.__doc__ or ""),
        inputs=tuple(inputs),
        params=tuple(params),
        outputs=outputs,
        supplied=supplied,
        streams=streams,
        pure=pure,
    )


def _room(module: str) -> str:
    """The room of its pack that a module stands in, or the pack itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else module


def _port(argument: inspect.Parameter, hint: Any) -> Input | Param | Supplied:
    extras: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, *rest = get_args(hint)
        extras = tuple(rest)
    for extra in extras:
        if isinstance(extra, Supplied):
            return extra
    if argument.kind is inspect.Parameter.VAR_POSITIONAL:
        return Input(argument.name, _single(hint), required=False, many=True)
    if argument.default is inspect.Parameter.empty:
        if get_origin(hint) is Lazy:
            return Input(argument.name, _single(get_args(hint)[0]), lazy=True)
        return Input(argument.name, wire_type(hint))
    if argument.default is None:
        inner = [part for part in get_args(hint) if part is not type(None)]
        if get_origin(hint) not in (Union, types.UnionType) or len(inner) != 1:
            raise TypeError("a default of None needs the hint T | None")
        if get_origin(inner[0]) is Lazy:
            return Input(argument.name, _single(get_args(inner[0])[0]), required=False, lazy=True)
        return Input(argument.name, wire_type(inner[0]), required=False)
    return _param(argument.name, hint, argument.default, extras)


def _param(name: str, hint: Any, default: Any, extras: tuple[Any, ...]) -> Param:
    kind, choices = _kind(hint)
    if isinstance(default, (enum.Enum, Path)):
        default = default.value if isinstance(default, enum.Enum) else default.as_posix()
    fields: dict[str, Any] = {}
    for extra in extras:
        match extra:
            case Slider(minimum, maximum, step):
                fields.update(minimum=minimum, maximum=maximum, step=step, widget="slider")
            case Range(minimum, maximum, step):
                fields.update(minimum=minimum, maximum=maximum, step=step)
            case Choices(values):
                kind, choices = "choice", values
            case Multiline():
                fields.update(widget="multiline")
            case NamesEmbeddings():
                fields.update(embeddings=True)
            case Weighed(by, steps):
                fields.update(weighed=by, changes=steps)
            case Seed(several):
                fields.update(minimum=0, maximum=2**53 - 1, widget="seed", several=several)
            case Painted(over):
                fields.update(widget="mask", over=over)
            case Written(form):
                fields.update(form=form)
            case Matches(pattern, words):
                fields.update(pattern=pattern, words=words)
            case Reads(what, needed, files, holds):
                fields.update(reads=True, widget=what, needed=needed, files=files, holds=holds)
                default = "" if default == "." else default  # an empty path: nothing is chosen yet
            case Edge(side, over):
                fields.update(edge=side, over=over)
            case Boxes(width, height):
                fields.update(widget="boxes", sized=(width, height))
            case Points(over):
                fields.update(widget="points", over=over)
            case Seldom():
                fields.update(seldom=True)
            case Writes():
                fields.update(writes=True, widget="folder")
            case _:
                raise TypeError(f"{extra!r} says nothing to nodeflow")
    param = Param(name, kind, default, choices=choices, **fields)
    if fault := param.fault(default):
        raise TypeError(f"the default {fault}")
    return param


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...]]:
    if get_origin(hint) is Literal:
        return "choice", tuple(str(choice) for choice in get_args(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return "choice", tuple(str(member.value) for member in hint)
    kinds: dict[Any, Kind] = {str: "str", int: "int", float: "float", bool: "bool", Path: "path"}
    if hint not in kinds:
        raise TypeError(f"{hint!r} with a default is no parameter; use str, int, float, bool, Literal, Enum or Path")
    return kinds[hint], ()


def wire_type(hint: Any) -> str:
    """The name of the wire type of a hint. Raises TypeError for what may not flow on a wire."""
    if hint is Any:
        return ANY
    if hint in (str, int, float, bool):
        return str(hint.__name__)
    if get_origin(hint) is list:
        return f"list[{_single(get_args(hint)[0])}]"
    wire = isinstance(hint, type) and (dataclasses.is_dataclass(hint) or getattr(hint, "_is_protocol", False))
    if not wire:
        raise TypeError(f"{hint!r} is no wire type; use a frozen dataclass or a Protocol")
    if dataclasses.is_dataclass(hint) and not vars(hint)["__dataclass_params__"].frozen:
        raise TypeError(f"{hint!r} is not frozen; what flows on wires never changes")
    pack = hint.__module__.partition(".")[0]
    return str(hint.__name__) if pack == "nodeflow" else f"{pack}.{hint.__name__}"


def _single(hint: Any) -> str:
    """The wire type of one item. Raises TypeError for a list where none may stand."""
    if get_origin(hint) is list:
        raise TypeError("a list cannot stand inside list, Lazy or *; name the type of its items")
    return wire_type(hint)


def _outputs(hint: Any) -> tuple[bool, tuple[Output, ...]]:
    streams = get_origin(hint) is collections.abc.Generator
    if streams:
        hint = get_args(hint)[2]
    if hint is type(None) or hint is None:
        return streams, ()
    if isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields"):
        fields = typing.get_type_hints(hint)
        return streams, tuple(Output(name, wire_type(fields[name])) for name in hint._fields)
    name = wire_type(hint)
    item = get_args(hint)[0] if is_list(name) else hint
    plain = item in (Any, str, int, float, bool)
    return streams, (Output(("value" if plain else _snake(item.__name__)) + "s" * is_list(name), name),)


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
