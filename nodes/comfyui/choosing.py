"""One of several meanings by a choice or a number: lazy switches here, one for each wire that the two differ in."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import fields, replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, ImportedLatent, Value, Wire, wire_of

TAKEN = "the switch is taken as it is set"
NOTHING = "nothing is wired to the side that it is set to"
KNOWN: dict[str, Any] = {"clip": None, "words": "", "references": (), "file": None, "image": None, "vae": None}
"""What a meaning says of how it came about, and what it says where two of them differ in that."""
NUMBERS = ("int", "float")


class _ApartError(Exception):
    """The two are not told apart by wires alone."""


def either(build: Builder, on: Any, yes: Any, no: Any) -> Any:
    """What a switch gives that chooses one of two; None where the two are not told apart by wires alone."""
    counts = build.begin(build.current)
    try:
        return _either(build, on, yes, no)
    except _ApartError:
        build.undo(counts)
        return None


def _either(build: Builder, on: Any, yes: Any, no: Any) -> Any:
    if type(yes) is type(no) and yes == no:
        return yes
    if isinstance(yes, (Wire, Value)) and isinstance(no, (Wire, Value)):
        wire = build.shared("switch", "switch", when_off=wire_of(no), when_on=wire_of(yes), on=on)
        return Value(wire) if isinstance(yes, Value) or isinstance(no, Value) else wire
    if isinstance(yes, msgspec.Struct) and type(yes) is type(no):
        return replace(yes, **_told_apart(build, on, yes, no))
    raise _ApartError


def _told_apart(build: Builder, on: Any, yes: msgspec.Struct, no: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields(yes):
        one, other = getattr(yes, field.name), getattr(no, field.name)
        if type(one) is type(other) and one == other:
            continue
        if field.name in KNOWN:
            found[field.name] = KNOWN[field.name]
        elif isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
            found[field.name] = {key: _either(build, on, one[key], other[key]) for key in one}
        else:
            found[field.name] = _either(build, on, one, other)
    if isinstance(yes, ImportedLatent) and "image" in found:
        found["vae"] = None
    return found


def as_choice(build: Builder, found: Any) -> Any:
    """A choice that is known, or a wire that brings one: a number is one where it is not 0."""
    wire = wire_of(found)
    if wire is None:
        return found in (True, 1) or str(found).lower() in ("true", "yes", "enable")
    if build.type_of(wire) not in NUMBERS:
        return wire
    return build.shared("expression", "choice", expression="a != 0", a=wire).other("yes_or_no")


def by_choice(given: Given, build: Builder, said: Any, yes: Any, no: Any) -> Any:
    """One of two by a choice. Where no wires of ours tell them apart, the one that it is set to."""
    on = as_choice(build, said)
    if yes is not None and no is not None and (found := either(build, on, yes, no)) is not None:
        return found
    if not isinstance(on, bool):
        known = said.constant if isinstance(said, Value) else None
        if known is None:
            raise CannotTranslateError("its choice comes by wire and decides what stands here")
        on = as_choice(build, known)
    return _as_it_is_set(given, yes if on else no)


def by_number(given: Given, build: Builder, name: str, options: dict[int, Any], default: int = 1) -> Any:
    """One of several by a number: the one that is set, or, where a wire brings the number, a switch for each."""
    wired = {key: one for key, one in options.items() if one is not None}
    if (wire := wire_of(given.get(name, default))) is not None and wired:
        mark = build.begin(build.current)
        if (found := _cascade(build, wire, wired)) is not None:
            return found
        build.undo(mark)
    return _as_it_is_set(given, wired.get(given.whole(name, default)))


def _cascade(build: Builder, number: Wire, wired: dict[int, Any]) -> Any:
    """A switch for each number but the last one; None where one of them cannot choose."""
    *before, last = sorted(wired)
    found = wired[last]
    for key in reversed(before):
        at = build.shared("expression", "choice", expression=f"a == {key}", a=number)
        found = either(build, at.other("yes_or_no"), wired[key], found)
        if found is None:
            return None
    return found


def _as_it_is_set(given: Given, found: Any) -> Any:
    if found is None:
        raise CannotTranslateError(NOTHING)
    given.approximate(TAKEN)
    return found
