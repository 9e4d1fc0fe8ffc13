"""ComfyUI's texts with images for families that read both at once, in one node for a text or for two."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, EmptyLatent, Value, Wire
from nodes.comfyui.references import shown_images, with_images
from nodes.comfyui.registry import Outputs, translates

CELL = 16
UNSEEN = 1024
"""A side in pixels where neither an image nor a number says it."""


@translates("TextEncodeMageFlowEdit", "TextEncodeFibo2")
def texts_and_size(given: Given, build: Builder) -> Outputs:
    """Both texts with the same images, and zeros in a size that is told or the first image's."""
    images = shown_images(given)
    texts = _both(given, build, images)
    sides = [_side(build, given.get(name, 0), name, images) for name in ("width", "height")]
    return *texts, EmptyLatent(sides[0], sides[1], given.get("batch_size", 1))


@translates("TextEncodeBooguEdit")
def texts(given: Given, build: Builder) -> Outputs:
    return _both(given, build, shown_images(given))


@translates("TextEncodeJoyImageEdit", "TextEncodeMOSSImageEdit", "TextEncodeMingImageEdit")
def text(given: Given, build: Builder) -> Any:
    if given.number("image_strength", 1.0) != 1:
        raise CannotTranslateError("images do not count more or less than as they are here")
    return with_images(given, build, given.get("prompt", ""), shown_images(given), build.role(given.id))


def _both(given: Given, build: Builder, images: list[Wire]) -> Outputs:
    """Both texts, as far as anything is made of them."""
    used = build.used(given.id)
    positive = None if used == {1} else with_images(given, build, given.get("prompt", ""), images, "prompt")
    if 1 not in used:
        return positive, None
    return positive, with_images(given, build, given.get("negative_prompt") or " ", images, "negative")


def _side(build: Builder, told: Any, name: str, images: list[Wire]) -> Any:
    if told != 0:
        return told // CELL * CELL if isinstance(told, int) and not isinstance(told, bool) else told
    if not images:
        return UNSEEN
    size = build.shared("image_size", "size", image=images[0])
    return Value(size if name == "width" else size.other("height"))
