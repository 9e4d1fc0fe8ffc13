"""The form over a workflow: values and images that its author shows to others, in order, on a page of their own."""

from __future__ import annotations

import msgspec


class FormField(msgspec.Struct, frozen=True):
    """A parameter that the form shows, by the path of its node (through instances of subgraphs) and its name.

    ``name`` is what scripts and the command line call it, ``title`` what the page says. ``minimum`` and ``maximum``
    narrow the range of a number. ``extra`` keeps what this version does not know, as the JSON text it was read from.
    """

    node: str
    param: str
    name: str
    title: str = ""
    group: str = ""
    minimum: float | None = None
    maximum: float | None = None
    extra: dict[str, bytes] = {}


class FormOutput(msgspec.Struct, frozen=True):
    """An output whose images the form shows, by the path of its node and its name."""

    node: str
    output: str
    title: str = ""
    extra: dict[str, bytes] = {}


class Form(msgspec.Struct, frozen=True):
    """Fields and outputs, in the order in which they are shown."""

    title: str = ""
    fields: tuple[FormField, ...] = ()
    outputs: tuple[FormOutput, ...] = ()
    extra: dict[str, bytes] = {}

    def named(self, name: str) -> FormField | None:
        """Return the field of a name; None where there is none."""
        return next((field for field in self.fields if field.name == name), None)
