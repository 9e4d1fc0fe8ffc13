"""Input of a node of ComfyUI: values by name, and what its wires mean."""

from __future__ import annotations

import math
from typing import Any, TypeVar

from nodeflow.graph.io.comfyui.tolerant import chosen
from nodes.comfyui.meanings import (
    CannotTranslateError,
    ImportedClip,
    ImportedConditioning,
    ImportedControlNet,
    ImportedLatent,
    NotWiredError,
    Value,
    Wire,
    wire_of,
)

Kind = TypeVar("Kind")
OF_A_WIRE: tuple[type, ...] = (ImportedClip, ImportedConditioning, ImportedControlNet, ImportedLatent)
"""Meanings that a bare wire, such as that of a placeholder, can have."""

LONGEST_SAID = 60
"""Characters of a value that a note quotes."""


class Given:
    """The inputs of one node. Asking for what is not there ends its translation."""

    def __init__(
        self, id: str, type: str, inputs: dict[str, Any], title: str = "", lost: frozenset[str] = frozenset()
    ) -> None:
        self.id, self.type, self.inputs, self.title = id, type, inputs, title
        self.lost = lost
        """Inputs that are wired to an output which means nothing here."""
        self.network: Wire | None = None
        """The network that is led by this text, where it is one."""
        self.notes: list[str] = []
        """In what the translation is not exact."""

    def approximate(self, note: str) -> None:
        """Say in what the translation is not exact."""
        if note not in self.notes:
            self.notes.append(note)

    def has(self, name: str) -> bool:
        self._refuse_lost(name)
        return self.inputs.get(name) is not None

    def _refuse_lost(self, name: str) -> None:
        if name in self.lost:
            raise CannotTranslateError(f"its {name} comes from what has no counterpart here")

    def get(self, name: str, default: Any = None) -> Any:
        """A value, or a wire that brings one."""
        self._refuse_lost(name)
        found = chosen(self.inputs.get(name))
        if found is not None:
            return found
        if name in self.inputs and default is not None:
            self.approximate(f"its {name} is empty in the file, and {_said(default)} is taken")
        return default

    def need(self, kind: type[Kind], name: str) -> Kind:
        """What a wire means, of the kind that it must be."""
        found = self.inputs.get(name)
        if isinstance(found, kind):
            return found
        if isinstance(found, Wire) and kind in OF_A_WIRE:
            return kind(found)  # type: ignore[call-arg]
        raise self._lacking(name)

    def wire(self, name: str) -> Wire:
        """The wire at an input."""
        found = self.inputs.get(name)
        wire = wire_of(found)
        if wire is None:
            raise self._lacking(name)
        return wire

    def _lacking(self, name: str) -> CannotTranslateError:
        """Why there is nothing at an input."""
        if name in self.lost or self.inputs.get(name) is not None:
            return CannotTranslateError(f"its {name} comes from what has no counterpart here")
        return NotWiredError(name)

    def maybe_wire(self, name: str) -> Wire | None:
        self._refuse_lost(name)
        return wire_of(self.inputs.get(name))

    def constant(self, name: str, default: Any = None) -> Any:
        """A value that must be known now; one that comes by wire is taken as it is today."""
        found = self.get(name, default)
        if isinstance(found, Value) and found.constant is not None:
            self.approximate(f"{name} is taken as {_said(found.constant)} from its wire and does not follow it")
            return found.constant
        if isinstance(found, (Value, Wire)):
            raise CannotTranslateError(f"its {name} comes by wire and decides what stands here")
        return found

    def whole(self, name: str, default: int = 0) -> int:
        """A whole number that must be known now."""
        found = self.constant(name, default)
        try:
            return int(float(found))
        except (TypeError, ValueError, OverflowError):
            raise CannotTranslateError(f"its {name} is no number") from None

    def number(self, name: str, default: float = 0.0) -> float:
        """A number that must be known now."""
        found = self.constant(name, default)
        try:
            number = float(found)
        except (TypeError, ValueError, OverflowError):
            raise CannotTranslateError(f"its {name} is no number") from None
        if not math.isfinite(number):
            raise CannotTranslateError(f"its {name} is no number")
        return number

    def text(self, name: str, default: str = "") -> str:
        """A text that must be known now."""
        return str(self.constant(name, default))

    def choice(self, name: str, choices: dict[str, str], default: str = "") -> str:
        """A choice in the words of here."""
        found = self.text(name, default)
        if found not in choices:
            raise CannotTranslateError(f"{name} {found!r} has no counterpart here")
        return choices[found]


def _said(value: Any) -> str:
    """A value as a note quotes it."""
    said = " ".join(str(value).split()) or "nothing"
    return said if len(said) <= LONGEST_SAID else f"{said[:LONGEST_SAID].rstrip()} ..."
