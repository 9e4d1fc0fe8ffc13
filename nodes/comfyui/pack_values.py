"""Plain helpers of widely used packs: values, texts, sizes, previews."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, Conditioning, Value, Wire
from nodes.comfyui.registry import Outputs, translates
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
    "JWString": ("text", "text"),
}
"""Classes that give one value: the node here, and the name of their value."""
SHOWN = ("text", "source", "anything", "images", "image", "mask", "image_a", "value")


@translates(*VALUES)
def value(given: Given, build: Builder) -> Value:
    kind, name = VALUES[given.type]
    found = given.get(name, "" if kind == "text" else 0)
    if isinstance(found, (Value, Wire)):
        return found if isinstance(found, Value) else Value(found)
    return Value(build.node(kind, kind, **{"text" if kind == "text" else "value": found}), found)


@translates("Seed (rgthree)", "easy seed")
def seed(given: Given, build: Builder) -> Value:
    """A seed; a negative one stands for another at each run there."""
    found = given.whole("seed")
    if found < 0:
        given.approximate("a seed below 0 is drawn anew at each run there; here it is 0 until it is changed")
    return Value(build.node("whole_number", "seed", value=max(found, 0)), max(found, 0))


@translates("Text to Conditioning")
def text(given: Given, build: Builder) -> Conditioning:
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
    "ShowText|pysssss", "Display Any (rgthree)", "Image Comparer (rgthree)", "MaskPreview+", "easy showAnything"
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
