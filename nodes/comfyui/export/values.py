"""Numbers, texts and choices that ComfyUI has nodes for, with their wires by letters."""

from __future__ import annotations

import json
from typing import Any

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.registry import exports
from nodes.comfyui.texts import FLAGS, TAKES
from nodes.images.plain import SIZES

LETTERS = "abcdefgh"
RATIOS = {
    (1, 1): "1:1 (Square)",
    (2, 3): "2:3 (Portrait Photo)",
    (3, 2): "3:2 (Photo)",
    (3, 4): "3:4 (Portrait Standard)",
    (4, 3): "4:3 (Standard)",
    (9, 16): "9:16 (Portrait Widescreen)",
    (16, 9): "16:9 (Widescreen)",
    (21, 9): "21:9 (Ultrawide)",
}
"""The ratios of its list."""


def _lettered(exporter: GraphExporter, name: str) -> dict[str, Any]:
    """What is wired to the letters, as its growing input has it."""
    return {f"values.{key}": exporter.wire(name, key) for key in LETTERS if exporter.source(name, key) is not None}


@exports("expression")
def expression(exporter: GraphExporter, name: str) -> Outputs:
    about = {"expression": exporter.value(name, "expression"), **_lettered(exporter, name)}
    return _numbers(exporter.add("ComfyMathExpression", **about))


def _numbers(ref: Ref) -> Outputs:
    return {"number": ref, "whole_number": ref.other(1), "yes_or_no": ref.other(2)}


@exports("number_from_text")
def number_from_text(exporter: GraphExporter, name: str) -> Outputs:
    return _numbers(exporter.add("ComfyNumberConvert", value=exporter.value(name, "text")))


@exports("fill_in_text")
def fill_in(exporter: GraphExporter, name: str) -> Outputs:
    about = {"f_string": exporter.value(name, "text"), **_lettered(exporter, name)}
    return {"value": exporter.add("StringFormat", **about)}


@exports("find_in_text")
def find(exporter: GraphExporter, name: str) -> Outputs:
    takes = {ours: theirs for theirs, ours in TAKES.items()}
    ref = exporter.add(
        "RegexExtract",
        string=exporter.value(name, "text"),
        regex_pattern=exporter.value(name, "pattern"),
        mode=takes[exporter.plain(name, "take")],
        group_index=exporter.value(name, "group"),
        **_flags(exporter, name),
    )
    return {"value": ref}


@exports("replace_by_pattern")
def replace(exporter: GraphExporter, name: str) -> Outputs:
    ref = exporter.add(
        "RegexReplace",
        string=exporter.value(name, "text"),
        regex_pattern=exporter.value(name, "pattern"),
        replace=exporter.value(name, "replace"),
        count=exporter.value(name, "most"),
        **_flags(exporter, name),
    )
    return {"value": ref}


def _flags(exporter: GraphExporter, name: str) -> dict[str, Any]:
    return {theirs: exporter.value(name, ours) for ours, (theirs, _) in FLAGS.items()}


@exports("value_in_json")
def value_in_json(exporter: GraphExporter, name: str) -> Outputs:
    about = {"json_string": exporter.value(name, "text"), "key": exporter.value(name, "key")}
    return {"value": exporter.add("JsonExtractString", **about)}


@exports("switch")
def switch(exporter: GraphExporter, name: str) -> Outputs:
    sides = {"on_false": exporter.maybe(name, "when_off"), "on_true": exporter.maybe(name, "when_on")}
    return {"value": exporter.add("ComfySwitchNode", switch=exporter.value(name, "on"), **sides)}


@exports("size_from_ratio")
def size_from_ratio(exporter: GraphExporter, name: str) -> Outputs:
    ratio = exporter.plain(name, "ratio_width"), exporter.plain(name, "ratio_height")
    if ratio not in RATIOS:
        raise CannotExportError(f"{ratio[0]:g}:{ratio[1]:g} is none of the ratios that ComfyUI has")
    about = {"megapixels": exporter.value(name, "megapixels"), "multiple": exporter.value(name, "multiple_of")}
    ref = exporter.add("ResolutionSelector", aspect_ratio=RATIOS[ratio], **about)
    return {"width": ref, "height": ref.other(1)}


@exports("scale_image_to_nearest_size")
def to_nearest_size(exporter: GraphExporter, name: str) -> Outputs:
    exporter.need(name, sizes=SIZES, method="lanczos")
    return {"image": exporter.add("FluxKontextImageScale", image=exporter.wire(name, "image"))}


@exports("layout_prompt")
def layout(exporter: GraphExporter, name: str) -> Outputs:
    """Boxes as they are drawn on a canvas, and the prompt that they are appended to."""
    try:
        found = json.loads(exporter.plain(name, "boxes") or "[]")
        drawn = [_drawn(box) for box in found]
    except (ValueError, AttributeError, TypeError):
        raise CannotExportError("its boxes are no list of boxes") from None
    size = {key: exporter.value(name, key) for key in ("width", "height")}
    boxes = exporter.add("CreateBoundingBoxes", **size, editor_state=drawn)
    ref = exporter.add("Flux3LayoutPrompt", prompt=exporter.value(name, "text"), element=boxes.other(2))
    return {"value": ref}


def _drawn(box: dict[str, Any]) -> dict[str, Any]:
    about = {"type": "text" if box.get("text") else "obj", "text": box.get("text", "")}
    place = {key: box.get(key, 0) for key in ("x", "y", "width", "height")}
    return {**place, "metadata": {**about, "desc": box.get("description", ""), "palette": []}}


@exports("generate_text")
def generate(exporter: GraphExporter, name: str) -> Outputs:
    exporter.note("random numbers are others there, and so is the text")
    temperature = exporter.plain(name, "temperature")
    drawn = {f"sampling_mode.{key}": exporter.value(name, key) for key in ("top_k", "top_p", "seed")}
    about = {"sampling_mode.temperature": temperature, **drawn} if temperature else {}
    links = exporter.workflow.links.values()
    slots = sorted(link.slot for link in links if (link.target, link.input) == (name, "images"))
    if len(slots) > 1:
        raise CannotExportError("ComfyUI shows a language model one image")
    ref = exporter.add(
        "TextGenerate",
        clip=exporter.wire(name, "model"),
        image=exporter.wire(name, "images", slots[0]) if slots else None,
        prompt=exporter.value(name, "prompt"),
        system_prompt=exporter.value(name, "system"),
        max_length=exporter.value(name, "most"),
        sampling_mode="on" if temperature else "off",
        **about,
    )
    return {"value": ref}
