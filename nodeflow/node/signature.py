"""The signature of a node's function as its schema: inputs, parameters and outputs out of type hints."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import re
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from nodeflow.graph.model.catalogue import ANY, Input, Kind, NodeSpec, Output, Param, is_list
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
from nodeflow.node.lazy import Lazy

MASK_TEXT = r"(?:data:image/png;base64,[A-Za-z0-9+/]*=*)?"
"""What the text of a painted mask looks like."""


def schema(function: Callable[..., Any], title: str, version: int, pure: bool) -> NodeSpec:
    """Describe a function as a node. Raises TypeError, naming function and argument, for a hint that does not fit."""
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
                fields.update(widget="mask", over=over, pattern=MASK_TEXT, words="a painted mask")
            case WrittenForm(form):
                fields.update(form=form)
            case Matches(pattern, words):
                fields.update(pattern=pattern, words=words)
            case Reads(what, needed, files, holds):
                fields.update(reads=True, widget=what, needed=needed, files=files, holds=holds)
                default = "" if default == "." else default  # an empty path: nothing is chosen yet
            case DrawnNumber(side, over):
                fields.update(edge=side, over=over)
            case DrawnBoxes(width, height):
                fields.update(widget="boxes", sized=(width, height))
            case DrawnPoints(over):
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
