"""Texts and classes as conditions: tuples of tensors, in the order in which a network takes them."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.writer import Function, Made, Writer


def clip_text(writer: Writer, name: str, _: str) -> Made:
    encoder = writer.input(name, "text_encoder")
    text = writer.text(name)
    variable = writer.assign(name, "condition", encoder.code, text, *encoder.about)
    return Made(variable, "text" if encoder.code == "encode" else encoder.code)


def class_label(writer: Writer, name: str, _: str) -> Made:
    none, names = writer.input(name, "classes").about
    lines = [line.strip() for line in str(writer.plain(name, "label")).splitlines() if line.strip()]
    numbers = [_number(line, none, names, name) for line in lines or [""]]
    writer.imports.add("torch")
    variable = writer.name(f"{name}_condition", (name, "condition"))
    writer.line(f"{variable} = (torch.tensor({numbers}),)")
    return Made(variable, "class")


def _number(label: str, none: int, names: dict[str, str], name: str) -> int:
    """The number of a class; that of no class for an empty label."""
    if not label:
        return none
    if label.isdecimal() and int(label) < none:
        return int(label)
    for number, known in names.items():
        if label.casefold() in (known.casefold(), *(one.strip() for one in known.casefold().split(","))):
            return int(number)
    raise CannotExportError(f"{label!r} at {name} is no class of its model")


TEXTS: dict[str, Function] = {"clip_text_encode": clip_text, "class_label": class_label}
