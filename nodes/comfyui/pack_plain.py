"""Plain helpers of further packs: values, sums, texts and sizes."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.choosing import by_number
from nodes.comfyui.expressions import expression
from nodes.comfyui.given import Given
from nodes.comfyui.images import METHODS
from nodes.comfyui.latents import latent_at, of_cells
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, ImportedLatent, Value, Wire
from nodes.comfyui.pack_sizes import SIZE
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.texts import as_text

VALUES = {
    **dict.fromkeys(("Float", "DF_Float", "Float-🔬"), "number"),
    **dict.fromkeys(("Integer", "Int", "DF_Integer", "DF_Int", "Int-🔬"), "whole_number"),
    **dict.fromkeys(("Text", "Text box", "String", "DF_Text", "DF_Text_Box", "Text _O", "String-🔬"), "text"),
    "Bool-🔬": "yes_or_no",
}
"""Classes that give one value, by the node here."""
NAMES = ("Value", "value", "Number", "Text", "text", "String", "string")
"""What such classes call their value."""
TURNED = {
    "Int to float": "number",
    "intToFloat _O": "number",
    "CM_IntToFloat": "number",
    "CM_IntToNumber": "number",
    "CM_FloatToNumber": "number",
    "CM_NumberToFloat": "number",
    "CM_FloatToInt": "whole",
    "CM_NumberToInt": "whole",
    "CM_BoolToInt": "whole",
}
"""Classes that turn one kind of number into another."""
GIVEN = ("Value", "int", "float", "a")
SIGNS = {"Add": "a + b", "Sub": "a - b", "Mul": "a * b", "Div": "a / b", "Mod": "a % b", "Pow": "a ** b"}
SIGNS |= {"FloorDiv": "a // b", "Max": "max(a, b)", "Min": "min(a, b)"}
SIDES = {"Width": "width", "Height": "height"}
STYLED = "the style of its pack's list is left out; the texts are as they were written"
TOKENS = "what stands between brackets is not filled in here"
MANY = 16_384
ONE_SEED = "all seeds are set to one at each run there; here each keeps its own"


@translates(*VALUES)
def value(given: Given, build: Builder) -> Value:
    kind = VALUES[given.type]
    found = next((given.get(name) for name in NAMES if given.has(name)), None)
    if isinstance(found, (Value, Wire)):
        return found if isinstance(found, Value) else Value(found)
    if found is None:
        raise CannotTranslateError("its value is not found in the file")
    if kind == "text":
        return Value(build.node("text", "text", text=str(found)), str(found))
    if kind == "yes_or_no":
        return Value(build.node(kind, "choice", value=found is True), found is True)
    number = float(found) if kind == "number" else int(float(found))
    return Value(build.node(kind, kind, value=number), number)


@translates("mxSlider")
def slider(given: Given, build: Builder) -> Value:
    """A number that is whole, or has as many places as it says."""
    if given.get("isfloatX", 0) in (0, False):
        number = given.whole("Xi")
        return Value(build.node("whole_number", "number", value=number), number)
    return Value(build.node("number", "number", value=given.number("Xf")), given.number("Xf"))


@translates(*TURNED)
def turned(given: Given, build: Builder) -> Value:
    found = next((given.get(name) for name in GIVEN if given.has(name)), 0)
    if TURNED[given.type] == "number" and isinstance(found, (Value, Wire)):
        return found if isinstance(found, Value) else Value(found)
    number, whole = _computed(given, build, "a", {"values.a": found})
    return number if TURNED[given.type] == "number" else whole


@translates("CM_IntBinaryOperation", "CM_FloatBinaryOperation", "CM_NumberBinaryOperation")
def operation(given: Given, build: Builder) -> Value:
    said = given.text("op", "Add")
    if said not in SIGNS:
        raise CannotTranslateError(f"numbers are not put together by {said} here")
    number, whole = _computed(given, build, SIGNS[said], {f"values.{name}": given.get(name, 0) for name in "ab"})
    return whole if given.type == "CM_IntBinaryOperation" else number


def _computed(given: Given, build: Builder, said: str, inputs: dict[str, Any]) -> tuple[Value, Value]:
    inner = Given(given.id, given.type, {"expression": said, **inputs}, given.title)
    number, whole, _ = expression(inner, build)
    given.notes += inner.notes
    return number, whole


@translates("Compare-🔬")
def compared(given: Given, build: Builder) -> Value:
    sign = given.text("comparison", "a == b")
    if sign not in ("a == b", "a != b", "a < b", "a > b", "a <= b", "a >= b"):
        raise CannotTranslateError(f"values are not compared by {sign} here")
    inputs = {f"values.{name}": given.get(name, 0) for name in "ab"}
    inner = Given(given.id, given.type, {"expression": sign, **inputs}, given.title)
    found = expression(inner, build)[2]
    given.notes += inner.notes
    return found


@translates("floatToText _O", "intToText _O", "Int to String")
def written(given: Given, build: Builder) -> Value:
    found = next((given.get(name) for name in GIVEN if given.has(name)), "")
    if isinstance(found, (Value, Wire)):
        return as_text(build, found)
    return Value(build.node("text", "text", text=str(found)), str(found))


@translates("SDXLAspectRatio", "CM_SDXLResolution", "SDXL Empty Latent Image")
def listed(given: Given, build: Builder) -> Outputs:
    """A size that a choice names, as values or as zeros of that size."""
    found = SIZE.search(given.text("resolution" if given.has("resolution") else "aspectRatio", ""))
    sides = (int(found[1]), int(found[2])) if found else (given.whole("width", 1024), given.whole("height", 1024))
    zeros = given.type == "SDXL Empty Latent Image"
    used = build.used(given.id)
    values = [
        Value(build.node("whole_number", name, value=side), side) if at in used else None
        for at, (side, name) in enumerate(zip(sides, ("width", "height"), strict=True), zeros)
    ]
    return (
        (EmptyLatent(of_cells(sides[0]), of_cells(sides[1]), given.get("batch_size", 1)), *values)
        if zeros
        else tuple(values)
    )


@translates("LatentUpscaleFactor _O", "ImageScaleFactor _O")
def by_factor(given: Given, build: Builder) -> Any:
    """Both sides by one factor."""
    factor = given.number("WidthFactor", 1.25)
    if given.number("HeightFactor", factor) != factor:
        raise CannotTranslateError("both sides are scaled by one factor here")
    method = given.choice("upscale_method", METHODS, "nearest-exact")
    if given.type == "LatentUpscaleFactor _O":
        latent = latent_at(given, build, "samples")
        wire = build.node("scale_latent_by", "scale", latent=latent, factor=factor, method=method)
        return replace(latent, wire=wire, image=None)
    return build.node("scale_image_by", "scale", image=given.wire("image"), factor=factor, method=method)


@translates("LatentUpscaleFactorSimple _O")
def by_one_factor(given: Given, build: Builder) -> ImportedLatent:
    latent, method = latent_at(given, build, "samples"), given.choice("upscale_method", METHODS, "nearest-exact")
    wire = build.node("scale_latent_by", "scale", latent=latent, factor=given.get("factor", 1.25), method=method)
    return replace(latent, wire=wire, image=None)


@translates("Image scale to side")
def to_side(given: Given, build: Builder) -> Wire:
    """One side as long as is asked for, the other in proportion."""
    about = {"image": given.wire("image"), "method": given.choice("upscale_method", METHODS, "nearest-exact")}
    side, length = given.text("side", "Longest"), given.get("side_length", 512)
    if side == "Longest":
        return build.node("scale_image_to_longest_side", "scale", longest=length, **about)
    if side not in SIDES:
        raise CannotTranslateError(f"images are not scaled by their {side.lower()} side here")
    sides = {"width": MANY, "height": MANY, SIDES[side]: length}
    return build.node("scale_image_into", "scale", **sides, **about)


@translates("SDXLPromptStyler", "SDXLPromptStylerAdvanced")
def styled(given: Given, build: Builder) -> Outputs:
    """Texts without the templates, which stand in files of the pack."""
    if given.get("style", "base") not in ("base", "", "None", "no style"):
        given.approximate(STYLED)
    if given.type == "SDXLPromptStyler":
        return tuple(_written(build, given.get(name, "")) for name in ("text_positive", "text_negative"))
    names = ("text_positive_g", "text_positive_l", "text_negative")
    first, second, against = (_written(build, given.get(name, "")) for name in names)
    both = Value(build.node("join_texts", "joined", first=first, second=second, separator=" . "))
    return first, second, both, against, against, against


def _written(build: Builder, found: Any) -> Value:
    if isinstance(found, (Value, Wire)):
        return found if isinstance(found, Value) else Value(found)
    return Value(build.node("text", "text", text=str(found)), str(found))


@translates("PromptBuilder //Inspire", "Text Parse Tokens", "Debug Text _O")
def as_written(given: Given, build: Builder) -> Value:
    found = given.get("text", "")
    if given.type == "Text Parse Tokens":
        given.approximate(TOKENS)
    return _written(build, found)


@translates("Image scale by ratio")
def by_ratio(given: Given, build: Builder) -> Wire:
    about = {"factor": given.get("multiplier", 1.0), "method": given.choice("upscale_method", METHODS, "nearest-exact")}
    return build.node("scale_image_by", "scale", image=given.wire("image"), **about)


@translates("ImageMaskSwitch")
def image_and_mask(given: Given, build: Builder) -> Outputs:
    ends = {at: "" if at == 1 else "_opt" for at in range(1, 5)}
    images = {at: given.inputs.get(f"images{at}{end}") for at, end in ends.items()}
    masks = {at: given.inputs.get(f"mask{at}_opt") for at in ends}
    image = by_number(given, build, "select", images)
    return image, by_number(given, build, "select", masks) if 1 in build.used(given.id) else None


@translates("ReencodeLatent")
def encoded_anew(given: Given, build: Builder) -> ImportedLatent:
    """A latent of one model as that of another, by way of the image."""
    image = build.node("vae_decode", "decode", vae=given.wire("input_vae"), latent=latent_at(given, build, "samples"))
    vae = given.wire("output_vae")
    return ImportedLatent(build.node("vae_encode", "encode", vae=vae, image=image), image=image, vae=vae)


@translates("Input Parameters (Image Saver)")
def settings(given: Given, build: Builder) -> Outputs:
    """Settings of a sampler: numbers as nodes where several samplers share them, names as they are."""
    used = build.used(given.id)
    numbers = (("seed", 0, "whole_number"), ("steps", 20, "whole_number"), ("cfg", 7.0, "number"))
    found = [
        Value(build.node(kind, name, value=given.get(name, other)), given.get(name, other)) if at in used else None
        for at, (name, other, kind) in enumerate(numbers)
    ]
    strength = given.get("denoise", 1.0)
    last = Value(build.node("number", "denoise", value=strength), strength) if 5 in used else None
    return *found, given.get("sampler", "euler"), given.get("scheduler", "normal"), last


@translates("easy globalSeed", "GlobalSeed //Inspire")
def one_seed(given: Given, build: Builder) -> Outputs:
    given.approximate(ONE_SEED)
    return ()
