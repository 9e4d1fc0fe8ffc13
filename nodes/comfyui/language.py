"""Texts that language models write."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.loaders import TYPE, clip_type
from nodes.comfyui.meanings import CannotTranslateError, ImportedClip, Value
from nodes.comfyui.registry import Outputs, translates

DRAWN = "sampling_mode."
LEFT_OUT = "min_p and the penalties for what was said before are left out, and random numbers are others"


@translates("TextGenerate")
def generate(given: Given, build: Builder) -> Outputs:
    """A text by a language model, which ComfyUI loads as a text encoder."""
    clip = given.need(ImportedClip, "clip")
    if clip.file is None:
        raise CannotTranslateError("its language model is not one of a file of its own")
    build.replaced.add(clip.wire.node)
    model = build.shared("load_language_model", "language_model", model=clip.file)
    if type := clip_type(build, clip.file):
        build.keep(model, {TYPE: type})
    given.approximate(LEFT_OUT)
    if given.get("thinking", False) is True:
        given.approximate("it answers without thinking first")
    drawn = str(given.constant("sampling_mode", "on")) != "off"
    about: dict[str, Any] = {name: given.get(f"{DRAWN}{name}") for name in ("top_k", "top_p", "seed")}
    wire = build.node(
        "generate_text",
        "written",
        model=model,
        images=given.maybe_wire("image"),
        prompt=given.get("prompt", ""),
        system=given.get("system_prompt", ""),
        most=given.get("max_length", 512),
        temperature=given.get(f"{DRAWN}temperature", 0.7) if drawn else 0.0,
        **(about if drawn else {}),
    )
    return Value(wire), None
