"""LoRAs of packs: several in one node, stacks that are applied later, names in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.loaders import checkpoint
from nodes.comfyui.meanings import ImportedClip, Model, Value
from nodes.comfyui.models import lora, lora_of_model
from nodes.comfyui.registry import Outputs, translates

NONE = (None, "", "None", "none")
TAG = re.compile(r"<lora:([^:>]+)(?::([-+.\d]+))?(?::([-+.\d]+))?>")
MOST = 64
"""LoRAs in one node."""


class Lora(NamedTuple):
    """A file with its weights for the network and the text encoder."""

    name: Any
    model: Any
    clip: Any


def applied(given: Given, build: Builder, loras: list[Lora]) -> Outputs:
    """Model and text encoder with LoRAs one after the other; the text encoder may be missing."""
    model, clip = given.need(Model, "model"), given.inputs.get("clip")
    for one in loras[:MOST]:
        about = {"model": model, "clip": clip, "lora_name": one.name}
        about |= {"strength_model": one.model, "strength_clip": one.clip}
        inner = Given(given.id, given.type, about)
        if isinstance(clip, ImportedClip):
            model, clip = lora(inner, build)
        else:
            model = lora_of_model(inner, build)
        given.notes += inner.notes
    return model, clip


@translates("Power Lora Loader (rgthree)")
def several(given: Given, build: Builder) -> Outputs:
    return applied(given, build, list(_switched_on(given)))


def _switched_on(given: Given) -> Iterator[Lora]:
    for found in given.inputs.values():
        if isinstance(found, dict) and found.get("on") is True and found.get("lora") not in NONE:
            weight = found.get("strength", 1.0)
            second = found.get("strengthTwo")
            yield Lora(found["lora"], weight, weight if second is None else second)


@translates("Lora Loader Stack (rgthree)")
def four(given: Given, build: Builder) -> Outputs:
    names = [f"{number:02}" for number in range(1, 5)]
    loras = [Lora(given.get(f"lora_{at}"), *2 * (given.get(f"strength_{at}", 1.0),)) for at in names]
    return applied(given, build, [one for one in loras if one.name not in NONE])


@translates("CR LoRA Stack")
def stack_of_three(given: Given, build: Builder) -> tuple[list[Lora]]:
    found = [
        Lora(given.get(f"lora_name_{at}"), given.get(f"model_weight_{at}", 1.0), given.get(f"clip_weight_{at}", 1.0))
        for at in (1, 2, 3)
        if given.text(f"switch_{at}", "Off") == "On"
    ]
    return ([*_before(given), *(one for one in found if one.name not in NONE)],)


@translates("LoRA Stacker")
def stack(given: Given, build: Builder) -> tuple[list[Lora]]:
    simple = given.text("input_mode", "simple") == "simple"
    found = []
    for at in range(1, min(given.whole("lora_count", 3), MOST) + 1):
        weights = ("lora_wt", "lora_wt") if simple else ("model_str", "clip_str")
        found.append(Lora(given.get(f"lora_name_{at}"), *(given.get(f"{name}_{at}", 1.0) for name in weights)))
    return ([*_before(given), *(one for one in found if one.name not in NONE)],)


def _before(given: Given) -> list[Lora]:
    found = given.inputs.get("lora_stack")
    return found if isinstance(found, list) else []


@translates("CR Apply LoRA Stack")
def stack_applied(given: Given, build: Builder) -> Outputs:
    return *applied(given, build, _before(given)), None


@translates("CR Load LoRA")
def switched(given: Given, build: Builder) -> Outputs:
    if given.text("switch", "On") != "On" or given.get("lora_name") in NONE:
        return given.need(Model, "model"), given.inputs.get("clip"), None
    weights = (given.get("strength_model", 1.0), given.get("strength_clip", 1.0))
    return *applied(given, build, [Lora(given.get("lora_name"), *weights)]), None


@translates("LoraLoader|pysssss", "Load Lora")
def named(given: Given, build: Builder) -> Outputs:
    """The core's loader, whose list shows images; older files keep the name with its image."""
    weights = (given.get("strength_model", 1.0), given.get("strength_clip", 1.0))
    return applied(given, build, [Lora(given.get("lora_name"), *weights)])


@translates("CheckpointLoader|pysssss", "Checkpoint Loader", "Checkpoint Loader (Simple)", "CheckpointLoaderKJ")
def named_model(given: Given, build: Builder) -> Outputs:
    inner = Given(given.id, given.type, {"ckpt_name": given.get("ckpt_name")}, given.title)
    found = checkpoint(inner, build)
    given.notes += inner.notes
    return found


@translates("LoraTagLoader")
def in_words(given: Given, build: Builder) -> Outputs:
    """LoRAs that a text names, and the text without them."""
    text = given.text("text")
    loras = [Lora(name, _weight(one), _weight(other or one)) for name, one, other in TAG.findall(text)]
    rest = TAG.sub("", text).strip()
    return *applied(given, build, loras), Value(build.node("text", "text", text=rest), rest)


def _weight(text: str) -> float:
    try:
        return float(text or 1.0)
    except ValueError:
        return 1.0
