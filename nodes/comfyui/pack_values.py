"""Plain helpers of widely used packs: values, texts, sizes, previews."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.expressions import expression
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, ImportedConditioning, Value, Wire
from nodes.comfyui.pack_loras import TAG, in_words
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.sampling import DRAWN_ANEW
from nodes.comfyui.texts import as_text

VALUES = {
    "INTConstant": ("whole_number", "value"),
    "easy int": ("whole_number", "value"),
    "JWInteger": ("whole_number", "value"),
    "FloatConstant": ("number", "value"),
    "easy float": ("number", "value"),
    "JWFloat": ("number", "value"),
    "StringConstant": ("text", "string"),
    "StringConstantMultiline": ("text", "string"),
    "Text Multiline": ("text", "text"),
    "CR Text": ("text", "text"),
    "CR Prompt Text": ("text", "prompt"),
    "easy string": ("text", "value"),
    "easy boolean": ("yes_or_no", "value"),
    "BOOLConstant": ("yes_or_no", "value"),
    "ImpactInt": ("whole_number", "value"),
    "ImpactFloat": ("number", "value"),
    "ImpactBoolean": ("yes_or_no", "value"),
    "JWString": ("text", "text"),
    "String Literal": ("text", "string"),
    "Int Literal": ("whole_number", "int"),
    "Float Literal": ("number", "float"),
    "Cfg Literal": ("number", "float"),
    "Width/Height Literal": ("whole_number", "int"),
    "String Literal (Image Saver)": ("text", "string"),
    "Int Literal (Image Saver)": ("whole_number", "int"),
    "Float Literal (Image Saver)": ("number", "float"),
    "Cfg Literal (Image Saver)": ("number", "cfg"),
    "Width/Height Literal (Image Saver)": ("whole_number", "int"),
    "ttN text": ("text", "text"),
    "ttN seed": ("whole_number", "seed"),
    "ttN int": ("whole_number", "int"),
    "ttN float": ("number", "float"),
    "LayerUtility: Integer": ("whole_number", "int_value"),
    "LayerUtility: Float": ("number", "float_value"),
    "LayerUtility: String": ("text", "string"),
    "LayerUtility: Boolean": ("yes_or_no", "bool_value"),
    "LayerUtility: TextBox": ("text", "text"),
}
"""Classes that give one value: the node here, and the name of their value."""
DEFAULTS = {"text": "", "yes_or_no": False}
SHOWN = ("text", "source", "anything", "images", "image", "mask", "image_a", "value", "input")


@translates(*VALUES)
def value(given: Given, build: Builder) -> Value:
    kind, name = VALUES[given.type]
    found = given.get(name, DEFAULTS.get(kind, 0))
    if isinstance(found, (Value, Wire)):
        return found if isinstance(found, Value) else Value(found)
    return Value(build.node(kind, kind, **{"text" if kind == "text" else "value": found}), found)


@translates("Seed (rgthree)", "easy seed", "CR Seed", "Seed Generator")
def seed(given: Given, build: Builder) -> Value:
    """A seed; a negative one stands for another at each run there."""
    found = given.whole("seed")
    if found < 0:
        given.approximate(DRAWN_ANEW)
    return Value(build.node("whole_number", "seed", value=max(found, 0)), max(found, 0))


@translates("Text to Conditioning")
def text(given: Given, build: Builder) -> ImportedConditioning:
    return encoded(given, build, given.get("text", ""))


@translates("Text Concatenate")
def concatenate(given: Given, build: Builder) -> Any:
    """Up to four texts with a separator; three go into one node here."""
    separator = str(given.constant("delimiter", ", ")).replace("\\n", "\n")
    parts = [as_text(build, found) for name in "abcd" if (found := given.get(f"text_{name}")) not in (None, "")]
    if not parts:
        raise CannotTranslateError("no text is wired to it")
    names = ("first", "second", "third")
    wire = build.node("join_texts", "joined", separator=separator, **dict(zip(names, parts[:3], strict=False)))
    for part in parts[3:]:
        wire = build.node("join_texts", "joined", separator=separator, first=wire, second=part)
    return Value(wire)


@translates("GetImageSize+")
def size(given: Given, build: Builder) -> Outputs:
    wire = build.node("image_size", "size", image=given.wire("image"))
    return Value(wire), Value(wire.other("height")), Value(wire.other("images"))


@translates("GetImageSizeAndCount")
def size_and_count(given: Given, build: Builder) -> Outputs:
    return given.wire("image"), *size(given, build)


@translates(
    "ShowText|pysssss",
    "Display Any (rgthree)",
    "Display Int (rgthree)",
    "Image Comparer (rgthree)",
    "MaskPreview+",
    "easy showAnything",
    "easy cleanGpuUsed",
    "easy clearCacheAll",
    "ReroutePrimitive|pysssss",
    "PreviewBridge",
    "ImagePreview|pysssss",
    "ConsoleDebug+",
)
def shown(given: Given, build: Builder) -> Any:
    """Nodes show what they give by themselves here; what is shown passes on."""
    found = next((given.inputs[name] for name in SHOWN if given.has(name)), None)
    return as_text(build, found) if given.type == "ShowText|pysssss" and build.used(given.id) else found


@translates("Any Switch (rgthree)")
def first(given: Given, build: Builder) -> Any:
    """The first of its inputs that anything is wired to."""
    found = next((given.inputs[name] for name in sorted(given.inputs) if given.has(name)), None)
    if found is None:
        raise CannotTranslateError("nothing is wired to it")
    return found


@translates("KSampler Config (rgthree)")
def settings(given: Given, build: Builder) -> Outputs:
    """Settings of a sampler: numbers as nodes where several samplers share them, names as they are."""
    numbers = (("steps_total", 30, "whole_number"), ("refiner_step", 24, "whole_number"), ("cfg", 8.0, "number"))
    used = build.used(given.id)
    found = [
        Value(build.node(kind, name, value=given.get(name, other)), given.get(name, other)) if at in used else None
        for at, (name, other, kind) in enumerate(numbers)
    ]
    return *found, given.get("sampler_name", "euler"), given.get("scheduler", "normal")


@translates("MathExpression|pysssss")
def arithmetic(given: Given, build: Builder) -> Outputs:
    """An expression over up to three numbers, whole and with its fraction."""
    inputs = {f"values.{name}": given.inputs[name] for name in "abc" if given.has(name)}
    inner = Given(given.id, given.type, {"expression": given.get("expression", ""), **inputs}, given.title)
    number, whole, _ = expression(inner, build)
    given.notes += inner.notes
    return whole, number


@translates("Power Prompt (rgthree)", "Power Prompt - Simple (rgthree)")
def prompt(given: Given, build: Builder) -> Outputs:
    """A text with LoRAs in words, encoded where a text encoder is wired."""
    simple = given.type == "Power Prompt - Simple (rgthree)"
    words = given.text("prompt")
    model, clip = given.inputs.get("opt_model"), given.inputs.get("opt_clip")
    text = TAG.sub("", words).strip()
    if TAG.search(words) and model is not None and not simple:
        inner = Given(given.id, given.type, {"model": model, "clip": clip, "text": words}, given.title)
        model, clip, _ = in_words(inner, build)
        given.notes += inner.notes
    led = None
    if clip is not None:
        led = encoded(Given(given.id, given.type, {"clip": clip}, given.title), build, text)
    said = Value(build.node("text", "text", text=text), text) if (1 if simple else 3) in build.used(given.id) else None
    return (led, said) if simple else (led, model, clip, said)
