"""More values of packs: boxes of text, numbers, sums, sizes, and what another node of the graph says."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.choosing import by_choice
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.expressions import expression
from nodes.comfyui.given import Given
from nodes.comfyui.latents import of_cells
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, Value, Wire
from nodes.comfyui.pack_images import sizes
from nodes.comfyui.pack_plain import TOKENS
from nodes.comfyui.pack_sizes import SIZE
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.texts import as_text

VALUES = {
    "Sage_SetText": ("text", "str"),
    "Primitive string [Crystools]": ("text", "string"),
    "Primitive string multiline [Crystools]": ("text", "string"),
    "Primitive integer [Crystools]": ("whole_number", "int"),
    "Primitive float [Crystools]": ("number", "float"),
    "Primitive boolean [Crystools]": ("yes_or_no", "boolean"),
    "TextInput_": ("text", "text"),
    "String_": ("text", "string"),
    "Simple String": ("text", "string"),
    "CR Simple Text": ("text", "text"),
    "JWStringMultiline": ("text", "text"),
    "ImpactStringLiteral": ("text", "string"),
    "SeedSelector": ("whole_number", "seed"),
    "Int debug print": ("whole_number", "Value"),
    "JWIntegerToFloat": ("number", "value"),
}
"""Classes that give one value: the node here, and the name of their value."""
EMPTY: dict[str, Any] = {"text": "", "yes_or_no": False}
LIKE_THOSE = "where what is put in holds what is looked for, it is put in once"
LINES = "the lines of a text of its own are not split here"
FILE = "the text of {path} is not read; write it into this node"
SPOKEN = "{name} is taken as it is in the file, and does not follow the node that says it"
SIDES = {"Crop and Resize": "max", "Just Resize": "max", "Resize and Fill": "min"}
CUT_OFF = "the words of its regions are not kept apart from the others"
AREAS = {"SD": 512 * 512, "SDXL": 1024 * 1024}


@translates(*VALUES)
def value(given: Given, build: Builder) -> Value:
    kind, name = VALUES[given.type]
    return _said(build, kind, given.get(name, EMPTY.get(kind, 0)))


def _said(build: Builder, kind: str, found: Any, name: str = "") -> Value:
    """A value that comes by wire as it is, another one in a node that says it."""
    if isinstance(found, (Value, Wire)):
        return found if isinstance(found, Value) else Value(found)
    return Value(build.node(kind, name or kind, **{"text" if kind == "text" else "value": found}), found)


@translates("Text Find and Replace Input")
def replaced(given: Given, build: Builder) -> Outputs:
    text, find, by = (given.get(name, "") for name in ("text", "find", "replace"))
    known = [one.constant if isinstance(one, Value) else one for one in (find, by)]
    if all(isinstance(one, str) for one in known) and known[0] and known[0] in known[1]:
        given.approximate(LIKE_THOSE)
    return Value(build.node("replace_in_text", "replaced", text=text, find=find, replace=as_text(build, by))), None


@translates("Text Add Token by Input", "Text Add Tokens")
def named(given: Given, build: Builder) -> Outputs:
    """A word that other texts may fill in: those stay as they are written."""
    given.approximate(TOKENS)
    return ()


@translates("Load Text File")
def from_file(given: Given, build: Builder) -> Outputs:
    """A text of a file, which is not among what is imported."""
    given.approximate(FILE.format(path=given.text("file_path")[:80] or "its file"))
    return Value(build.node("text", "text", text=""), ""), None


@translates("CR Multiline Text")
def lines(given: Given, build: Builder) -> Outputs:
    if any(given.get(name, False) is True for name in ("convert_from_csv", "split_string", "remove_chars")):
        raise CannotTranslateError(LINES)
    return _said(build, "text", given.text("text").rstrip(",")), None


@translates("CR Text List")
def listed(given: Given, build: Builder) -> Outputs:
    """Lines of a text as a list, from one of them on."""
    first, count = given.whole("start_index"), given.whole("max_rows", 1000)
    kept = given.text("multiline_text").split("\n")[first : first + count]
    return build.node("texts", "texts", text="\n".join(kept)), None


@translates("CR Integer Range List")
def range_listed(given: Given, build: Builder) -> Outputs:
    """Whole numbers up to one that is not among them."""
    first, end, step = given.whole("start"), given.whole("end"), given.whole("step", 1)
    if given.whole("loops", 1) != 1 or given.get("ping_pong", False) is True or step < 1 or end <= first:
        raise CannotTranslateError("numbers are listed once and upwards here")
    last = first + (end - first - 1) // step * step
    return build.node("whole_numbers", "numbers", start=first, stop=last, step=step), None


@translates("easy simpleMath", "SimpleCalculatorKJ")
def formula(given: Given, build: Builder) -> Outputs:
    """An expression over its wires: whole, with its fraction, and whether it is another than 0."""
    said = given.text("value" if given.type == "easy simpleMath" else "expression")
    named = {key.removeprefix("variables."): found for key, found in given.inputs.items() if found is not None}
    inputs = {f"values.{key}": found for key, found in named.items() if key not in ("value", "expression", "variables")}
    inner = Given(given.id, given.type, {"expression": said, **inputs}, given.title)
    number, whole, choice = expression(inner, build)
    given.notes += inner.notes
    return (whole, number, choice) if given.type == "easy simpleMath" else (number, whole, choice)


@translates("Largest Int (JPS)")
def largest(given: Given, build: Builder) -> Outputs:
    inputs = {"values.a": given.get("int_a", 0), "values.b": given.get("int_b", 0)}
    inner = Given(given.id, given.type, {"expression": "max(a, b)", **inputs}, given.title)
    found = expression(inner, build)[1]
    given.notes += inner.notes
    return found, None, None


@translates("WidgetToString")
def spoken(given: Given, build: Builder) -> Value:
    """A value of another node of the graph, as a text."""
    node, name = build.prompt.nodes.get(str(given.get("id", 0))), given.text("widget_name")
    found = node.inputs.get(name) if node is not None else None
    if given.get("return_all", False) is True or not isinstance(found, (str, int, float)):
        raise CannotTranslateError("the node that it names says no such value")
    given.approximate(SPOKEN.format(name=name[:60]))
    return Value(build.node("text", "text", text=str(found)), str(found))


@translates("Switch any [Crystools]", "BooleanSwitchNode")
def switched(given: Given, build: Builder) -> Any:
    sides = (given.inputs.get("on_true"), given.inputs.get("on_false"))
    return by_choice(given, build, given.get("boolean", True), *sides)


@translates("Get resolution [Crystools]", "GetImage_(Width&Height) _O", "ImageGenResolutionFromImage")
def size_of_image(given: Given, build: Builder) -> Outputs:
    """Width and height of an image; as a size for a hint, in whole cells of 8 pixels."""
    wide, high = sizes(build, given.wire("image"))
    if given.type != "ImageGenResolutionFromImage":
        return wide, high
    return _whole_cells(build, wide), _whole_cells(build, high)


def _whole_cells(build: Builder, side: Value) -> Value:
    wire = build.node("expression", "side", expression="a", a=side.wire)
    return Value(wire.other("whole_number"))


@translates("PixelPerfectResolution")
def pixel_perfect(given: Given, build: Builder) -> Value:
    """The shorter side of an image as it is scaled to the size that is painted."""
    of = given.choice("resize_mode", SIDES, "Just Resize")
    wide, high = sizes(build, given.wire("original_image"))
    about = {"a": wide.wire, "b": high.wire}
    for key, name in (("c", "image_gen_width"), ("d", "image_gen_height")):
        about[key] = _said(build, "whole_number", given.get(name, 512)).wire
    said = f"round({of}(d / b, c / a) * min(a, b))"
    return Value(build.node("expression", "side", expression=said, **about).other("whole_number"))


@translates("SDXLResolutionPresets")
def preset(given: Given, build: Builder) -> Outputs:
    """A size that a choice names, lying or standing."""
    found = SIZE.search(given.text("resolution"))
    if found is None:
        raise CannotTranslateError("its size is not found in the file")
    sides = (int(found[1]), int(found[2]))
    if given.text("aspect", "Horizontal") == "Vertical":
        sides = sides[::-1]
    used = build.used(given.id)
    return tuple(
        _said(build, "whole_number", side, name) if at in used else None
        for at, (side, name) in enumerate(zip(sides, ("width", "height"), strict=True))
    )


@translates("ResolutionMaster")
def mastered(given: Given, build: Builder) -> Outputs:
    """A size by hand, its factor, and zeros of that size."""
    sides = [given.get(side, 512) for side in ("width", "height")]
    used, batch = build.used(given.id), given.get("batch_size", 1)
    if 2 in used:
        raise CannotTranslateError("the factor that it works out is not known here")
    values = [_said(build, "whole_number", side, name) for side, name in zip(sides, ("width", "height"), strict=True)]
    return *values, None, batch, EmptyLatent(of_cells(sides[0]), of_cells(sides[1]), batch)


@translates("Sage_EmptyLatentImagePassthrough")
def zeros(given: Given, build: Builder) -> Outputs:
    sides = [given.get(side, 1024) for side in ("width", "height")]
    used = build.used(given.id)
    values = (_said(build, "whole_number", side) if at in used else None for at, side in enumerate(sides, 1))
    return EmptyLatent(of_cells(sides[0]), of_cells(sides[1]), given.get("batch_size", 1)), *values


@translates("Sage_DualCLIPTextEncode")
def two_texts(given: Given, build: Builder) -> Outputs:
    """Both texts, encoded and as they are."""
    used = build.used(given.id)
    words = [given.get(side, "") for side in ("pos", "neg")]
    led = [encoded(given, build, one) if at in used else None for at, one in enumerate(words)]
    said = [_said(build, "text", one) if at in used else None for at, one in enumerate(words, 2)]
    return *led, *said


@translates("BNK_CutoffBasePrompt", "BNK_CutoffSetRegions")
def cut_off(given: Given, build: Builder) -> Any:
    """A text with the words that are to be kept apart, before it is encoded: the text alone is passed on."""
    if given.type == "BNK_CutoffSetRegions":
        given.approximate(CUT_OFF)
        return given.need(dict, "clip_regions")
    return {"clip": given.inputs.get("clip"), "text": given.get("text", "")}


@translates("BNK_CutoffRegionsToConditioning", "BNK_CutoffRegionsToConditioning_ADV")
def cut_off_text(given: Given, build: Builder) -> Any:
    given.approximate(CUT_OFF)
    held = given.need(dict, "clip_regions")
    return encoded(Given(given.id, given.type, {"clip": held["clip"]}, given.title), build, held["text"])


@translates("Sage_ViewAnything", "LayerUtility: AnyRerouter", "ImpactValueSender")
def passed(given: Given, build: Builder) -> Any:
    """What is shown, or passed on."""
    found = next((given.inputs[name] for name in ("any", "value", "signal_opt") if given.has(name)), None)
    if found is None:
        raise CannotTranslateError("nothing is wired to it")
    return found
