"""Texts and classes as conditions: tuples of tensors, in the order in which a network takes them."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.writer import Function, Made, Writer

CLIP_ALONE = ("encode", "encode_early", "encode_projected", "encode_twin", "encode_cascade")
"""Functions of scripts that give a text to CLIP and to nobody else."""
CLIP_TOO = ("encode_joint", "encode_pair", "encode_hidream", "encode_kandinsky_5")
"""Those that give it to CLIP among others."""
SEEING = {
    "encode_qwen_image": "encode_qwen_image_edit",
    "encode_qwen_image_21": "encode_qwen_image_21",
    "encode_z_image_omni": "encode_z_image_omni",
}
"""How a text is read with images before the eyes, by how it is read without."""
AWAY = {one: f"{one}_away" for one in ("encode_bria", "encode_lumina_2", "encode_sana")}
"""How a text is read that guidance leads away from, by how another is, where that is not the same."""
SHOWN = "shown"
"""What is known of a condition with images that a network is shown: texts are asked for one by one."""


def text_encode(writer: Writer, name: str, _: str) -> Made:
    return _encoded(writer, name, "condition", {})


def led_away(writer: Writer, name: str, input: str) -> Made:
    """A condition that guidance leads away from: a text is read in another way for that by some families."""
    link = writer.about.source(name, input)
    if link is None or writer.about.kind(link.source) != "clip_text_encode":
        return writer.input(name, input)
    source = link.source
    if writer.about.workflow.nodes[source].mode != "run" or writer.input(source, "text_encoder").code not in AWAY:
        return writer.input(name, input)
    return writer.shared((source, "away"), lambda: _encoded(writer, source, "away", AWAY))


def _encoded(writer: Writer, name: str, what: str, ways: Mapping[str, str]) -> Made:
    if writer.plain(name, "clip_skip"):
        raise CannotExportError(f"the text of {name} is read at another layer than the model's own")
    encoder = writer.input(name, "text_encoder")
    text = _text(writer, name, encoder)
    function = writer.use(ways[encoder.code]) if encoder.code in ways else encoder.code
    return Made(writer.assign(name, what, function, text, *encoder.about), encoder.code)


def _text(writer: Writer, name: str, encoder: Made) -> str:
    text = writer.text(name, encoder.code in CLIP_ALONE)
    if encoder.code in CLIP_TOO and text != writer.text(name, True):
        raise CannotExportError(f"{name} has signs that CLIP reads in another way than other encoders")
    return text


def edit_conditioning(writer: Writer, name: str, _: str) -> Made:
    """A text about images, which a network is shown, and the text encoder where that sees."""
    encoder, references = writer.input(name, "text_encoder"), writer.inputs(name, "references")
    text, function, given = _text(writer, name, encoder), encoder.code, list(encoder.about)
    if not references:
        return Made(writer.assign(name, "condition", function, text, *given), encoder.code)
    seen = [reference.about.seen for reference in references if reference.about.seen]
    if encoder.code in SEEING and seen:
        function = writer.use(SEEING[encoder.code])
        given += seen
    condition = writer.assign(name, "text", function, text, *given)
    latents = [reference.code for reference in references]
    return Made(writer.assign(name, "condition", writer.use("with_latents"), condition, *latents), SHOWN)


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


WHOLE = ("encode", "encode_twin", "encode_joint")
"""How texts are read that are tokens, and maybe a whole, and nothing beside."""


def no_text(writer: Writer, name: str, _: str) -> Made:
    return _of_whole(writer, name, "no_text", ("conditioning",))


def concatenated(writer: Writer, name: str, _: str) -> Made:
    return _of_whole(writer, name, "one_behind_another", ("conditioning", "behind"))


def averaged(writer: Writer, name: str, _: str) -> Made:
    return _of_whole(writer, name, "mixed_texts", ("first", "second"), writer.value(name, "share"))


def _of_whole(writer: Writer, name: str, function: str, inputs: tuple[str, ...], *more: str) -> Made:
    """A condition that is made of others. Raises CannotExportError for those that hold more than a text."""
    made = [writer.input(name, key) for key in inputs]
    if any(one.about not in WHOLE for one in made):
        raise CannotExportError(f"{name} takes the condition of another model than scripts mix, which is not written")
    given = [one.code for one in made]
    return Made(writer.assign(name, "condition", writer.use(function), *given, *more), made[0].about)


TEXTS: dict[str, Function] = {
    "clip_text_encode": text_encode,
    "edit_conditioning": edit_conditioning,
    "class_label": class_label,
    "zero_conditioning": no_text,
    "concatenate_conditioning": concatenated,
    "average_conditioning": averaged,
}
