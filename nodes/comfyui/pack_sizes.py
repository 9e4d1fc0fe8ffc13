"""Sizes of packs: chosen from lists, as values and as zeros of that size."""

from __future__ import annotations

import re
from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.latents import of_cells
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, Value, Wire
from nodes.comfyui.pack_images import sizes
from nodes.comfyui.registry import Outputs, translates

SIZE = re.compile(r"(\d{2,5})\s*x\s*(\d{2,5})")
ON = ("On", "on", True)


@translates("CR SDXL Aspect Ratio", "CR SD1.5 Aspect Ratio", "CR Aspect Ratio")
def ratio(given: Given, build: Builder) -> Outputs:
    """A size out of a list, its factors, and zeros; the general one has a factor more."""
    width, height = _listed(given, "aspect_ratio")
    if given.text("swap_dimensions", "Off") in ON:
        width, height = height, width
    factor = given.number("prescale_factor", 1.0)
    if factor != 1:
        width, height = _times(width, factor), _times(height, factor)
    batch = given.get("batch_size", 1)
    factors = [given.get("upscale_factor", 1.0)]
    if given.type == "CR Aspect Ratio":
        factors.append(factor)
    zeros = EmptyLatent(of_cells(width), of_cells(height), batch)
    return *_shown(given, build, width, height), *factors, batch, zeros, None


def _listed(given: Given, name: str) -> tuple[Any, Any]:
    """The size that a choice names; the two values, or wires, where it names none."""
    found = SIZE.search(given.text(name, "custom"))
    if found:
        return int(found[1]), int(found[2])
    width, height = (given.get(side, 1024) for side in ("width", "height"))
    if isinstance(width, (Value, Wire)) or isinstance(height, (Value, Wire)):
        return width, height
    return given.whole("width", 1024), given.whole("height", 1024)


def _times(side: Any, factor: float) -> int:
    if not isinstance(side, int):
        raise CannotTranslateError("its size comes by wire, and is changed by a factor")
    try:
        return int(side * factor)
    except (OverflowError, ValueError):
        raise CannotTranslateError("its size is beyond all numbers") from None


def _shown(given: Given, build: Builder, width: Any, height: Any, first: int = 0) -> list[Value | None]:
    """Both sides as values, as far as anything comes of them; ``first`` is the output of the width."""
    used = build.used(given.id)
    sides = ((width, "width"), (height, "height"))
    return [_as_value(build, side, name) if at in used else None for at, (side, name) in enumerate(sides, first)]


def _as_value(build: Builder, side: Any, name: str) -> Value:
    if isinstance(side, (Value, Wire)):
        return side if isinstance(side, Value) else Value(side)
    return Value(build.node("whole_number", name, value=side), side)


@translates("SDXL Empty Latent Image (rgthree)")
def zeros_with_scale(given: Given, build: Builder) -> Outputs:
    width, height = _listed(given, "dimensions")
    scale = given.number("clip_scale", 2.0)
    larger = _shown(given, build, _times(width, scale), _times(height, scale), 1)
    return EmptyLatent(width, height, given.get("batch_size", 1)), *larger


@translates("SDXLEmptyLatentSizePicker+")
def zeros(given: Given, build: Builder) -> Outputs:
    width, height = _listed(given, "resolution")
    width, height = given.whole("width_override") or width, given.whole("height_override") or height
    return EmptyLatent(width, height, given.get("batch_size", 1)), *_shown(given, build, width, height, 1)


@translates("EmptyLatentImagePresets")
def preset(given: Given, build: Builder) -> Outputs:
    width, height = _listed(given, "dimensions")
    if given.get("invert", False) is True:
        width, height = height, width
    return EmptyLatent(width, height, given.get("batch_size", 1)), *_shown(given, build, width, height, 1)


@translates("easy imageSize", "ImpactImageInfo", "Image Size to Number", "Get Image Size", "Get image size")
def size_of_image(given: Given, build: Builder) -> Outputs:
    """Width and height of an image, in the order and the number of forms in which the class gives them."""
    image = given.maybe_wire("image") or given.maybe_wire("value")
    if image is None:
        raise CannotTranslateError("no image is wired to it")
    width, height = sizes(build, image)
    if given.type == "Image Size to Number":
        return width, height, width, height, width, height
    if given.type == "ImpactImageInfo":
        return Value(width.wire.other("images")), height, width, None
    return width, height
