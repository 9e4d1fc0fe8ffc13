"""Logic, sums and texts of packs: compared, chosen, turned into other kinds of values."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.choosing import by_choice, by_number
from nodes.comfyui.conditioning import encoded
from nodes.comfyui.expressions import expression
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, ImportedClip, ImportedNoise, Model, Value, Wire
from nodes.comfyui.pack_loras import TAG, Lora, applied, in_words
from nodes.comfyui.pack_texts import DRAWN, texts_joined
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.texts import as_text, as_wire

SIGNS = {
    "==": "==",
    "!=": "!=",
    ">": ">",
    "<": "<",
    ">=": ">=",
    "<=": "<=",
    "a = b": "==",
    "a == b": "==",
    "a != b": "!=",
}
SIGNS |= {"a <> b": "!=", "a > b": ">", "a < b": "<", "a >= b": ">=", "a <= b": "<="}
COMPARES = {"ImpactCompare": ("a", "b", "cmp"), "easy compare": ("a", "b", "comparison")}
SAME = {
    "SomethingToString": ("input",),
    "Text to String": ("text",),
    "String to Text": ("string",),
    "Any To String|Mixlab": ("any",),
    "easy convertAnything": ("*", "anything"),
    "CR Float To String": ("float_",),
    "ImpactLogger": ("data",),
    "ImpactSleep": ("signal",),
    "ModelPassThrough": ("model",),
    "CondPassThrough": ("positive",),
    "PatchModelPatcherOrder": ("model",),
    "ImageListToImageBatch": ("images",),
    "ImpactImageListToImageBatch": ("images",),
    "FreeMemoryImage": ("image",),
    "FreeMemoryLatent": ("latent",),
    "FreeMemoryModel": ("model",),
    "UnloadAllModels": ("value",),
    "UnloadModel": ("value",),
    "PreviewTextNode": ("text",),
}
"""Classes that pass on what they are given, or say it otherwise."""
WHOLE = {"CR Float To Integer": "float", "FloatToInt": "float", "CR String To Number": "text", "IntToFloat": "int"}
EVALUATED = {"Evaluate Integers": "python_expression", "Evaluate Floats": "python_expression"}
CHOICES = {"Logic Boolean": "boolean", "CR Value": "value"}


@translates(*COMPARES)
def compared(given: Given, build: Builder) -> Value:
    first, second, name = COMPARES[given.type]
    sign = SIGNS.get(given.text(name, "a = b"))
    if sign is None:
        raise CannotTranslateError("values are not compared by that here")
    about = {f"values.{key}": given.get(side, 0) for key, side in (("a", first), ("b", second))}
    return _computed(given, build, f"a {sign} b", about)[2]


@translates("ImpactNeg", "ImpactLogicalOperators", "easy isNone", "Logic NOT")
def logic(given: Given, build: Builder) -> Value:
    if given.type == "easy isNone":
        return Value(build.node("yes_or_no", "choice", value=not given.has("any")), not given.has("any"))
    if given.type in ("ImpactNeg", "Logic NOT"):
        return _computed(given, build, "not a", {"values.a": given.get("value", given.get("boolean"))})[2]
    signs = {"and": "a and b", "or": "a or b", "xor": "(a or b) and not (a and b)"}
    said = given.choice("operator", signs, "and")
    return _computed(given, build, said, {f"values.{key}": given.get(f"bool_{key}", False) for key in "ab"})[2]


@translates("ImpactMinMax")
def least_or_most(given: Given, build: Builder) -> Value:
    said = "max(a, b)" if given.get("mode", True) is True else "min(a, b)"
    return _computed(given, build, said, {f"values.{key}": given.get(key, 0) for key in "ab"})[1]


@translates("CR Clamp Value")
def limited(given: Given, build: Builder) -> Outputs:
    low, high = given.number("range_min"), given.number("range_max", 1.0)
    return _computed(given, build, f"min(max(a, {low:g}), {high:g})", {"values.a": given.get("a", 0)})[0], None


@translates(*EVALUATED)
def evaluated(given: Given, build: Builder) -> Outputs:
    """An expression of Python over three numbers, as far as it is arithmetic."""
    inputs = {f"values.{name}": given.get(name, 0) for name in "abc"}
    number, whole, _ = _computed(given, build, given.text(EVALUATED[given.type]), inputs)
    return whole, number, as_text(build, number)


@translates(*WHOLE)
def turned(given: Given, build: Builder) -> Outputs:
    found = given.get(WHOLE[given.type], given.get("_float", given.get("a", 0)))
    if given.type == "CR String To Number":
        wire = build.node("number_from_text", "number", text=found)
        return Value(wire.other("whole_number")), Value(wire), None
    number, whole, _ = _computed(given, build, "a", {"values.a": found})
    return (number if given.type == "IntToFloat" else whole), None


def _computed(given: Given, build: Builder, said: str, inputs: dict[str, Any]) -> tuple[Value, Value, Value]:
    inner = Given(given.id, given.type, {"expression": said, **inputs}, given.title)
    number, whole, choice = expression(inner, build)
    given.notes += inner.notes
    return number, whole, choice


@translates(*SAME)
def passed(given: Given, build: Builder) -> Any:
    found = next((given.inputs[name] for name in SAME[given.type] if given.has(name)), None)
    if found is None:
        raise CannotTranslateError("nothing is wired to it")
    if given.type == "CondPassThrough":
        return found, given.inputs.get("negative")
    if given.type == "SomethingToString" and isinstance(found, (Value, Wire)):
        text = as_text(build, found)
        around = [given.get("prefix", ""), text, given.get("suffix", "")]
        return texts_joined(build, around, "") if any(around[::2]) else text
    return found if not isinstance(found, str) else Value(build.node("text", "text", text=found), found)


@translates("ImpactStringSelector", "Text Random Line", "easy promptLine", "easy promptList")
def one_line(given: Given, build: Builder) -> Any:
    """One line of several by its number; by chance there, the first one."""
    if given.type == "easy promptList":
        names = [f"prompt_{at}" for at in range(1, 6)]
        return texts_joined(build, [given.get(name) for name in names], "\n"), None
    lines = given.text("strings", given.text("text", given.text("prompt", ""))).splitlines() or [""]
    at = given.whole("select", given.whole("start_index")) % len(lines)
    if given.type == "Text Random Line":
        given.approximate(DRAWN)
    found = Value(build.node("text", "text", text=lines[at]), lines[at])
    return (found, found) if given.type == "easy promptLine" else found


@translates("ImpactWildcardEncode", "WildcardEncode //Inspire")
def encoded_wildcards(given: Given, build: Builder) -> Outputs:
    """What was drawn last, with the LoRAs that it names, encoded."""
    last = given.get("populated_text", "")
    text = last if isinstance(last, str) and last else given.text("wildcard_text")
    if given.get("mode", True) not in (False, "fixed", "reproduce"):
        given.approximate("what was drawn last is taken; there it is drawn anew at each run")
    model, clip = given.need(Model, "model"), given.need(ImportedClip, "clip")
    if TAG.search(text):
        inner = Given(given.id, given.type, {"model": model, "clip": clip, "text": text}, given.title)
        model, clip, _ = in_words(inner, build)
        given.notes += inner.notes
    rest = TAG.sub("", text).strip()
    led = encoded(Given(given.id, given.type, {"clip": clip}, given.title), build, rest)
    return model, clip, led, Value(build.node("text", "text", text=rest), rest) if 3 in build.used(given.id) else None


@translates("LoraLoaderBlockWeight //Inspire", "Lora Loader", "LoraLoaderStackedVanilla", "LoraLoaderVanilla")
def by_blocks(given: Given, build: Builder) -> Outputs:
    """A LoRA, whose weights by blocks are left out."""
    weights = given.get("strength_model", 1.0), given.get("strength_clip", 1.0)
    if given.type.endswith("Inspire"):
        given.approximate("all blocks are weighted alike")
    return *applied(given, build, [Lora(given.get("lora_name"), *weights)]), None


@translates("RandomNoise //Inspire", "RandomNoise|SP")
def noise(given: Given, build: Builder) -> ImportedNoise:
    if given.text("noise_mode", "CPU") != "CPU":
        given.approximate("its noise is drawn on the graphics card there, and on the CPU here")
    return ImportedNoise(given.get("noise_seed", 0))


@translates("Random Number")
def drawn(given: Given, build: Builder) -> Outputs:
    """A number between two by chance: the least one."""
    given.approximate("it is the least number until it is changed, there one is drawn at each run")
    least = given.number("minimum")
    number = Value(build.node("whole_number", "number", value=int(least)), int(least))
    return number, number, number


@translates("CR Set Value On Boolean", "CR Text Input Switch (2 way)", "ImpactIfNone")
def by_value(given: Given, build: Builder) -> Any:
    if given.type == "ImpactIfNone":
        return None, Value(build.node("yes_or_no", "choice", value=given.has("any_input")), given.has("any_input"))
    if given.type == "CR Text Input Switch (2 way)":
        return by_number(given, build, "Input", {at: given.inputs.get(f"text{at}") for at in (1, 2)}), None
    sides = [Value(as_wire(build, given.get(f"value_if_{side}", 0))) for side in ("true", "false")]
    number = by_choice(given, build, given.get("boolean", True), *sides)
    return number, number, None


@translates(*CHOICES)
def constant(given: Given, build: Builder) -> Outputs:
    found = given.get(CHOICES[given.type], 0)
    if isinstance(found, Value):
        return found, found, found
    value = Value(as_wire(build, found), None if isinstance(found, Wire) else found)
    return value, value, value
