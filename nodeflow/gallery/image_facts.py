"""Facts about an image file: what it was made with, by whichever program, as far as the file says."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.graph.io.comfyui.containers import NotReadableError
from nodeflow.graph.io.image_settings.image_texts import ImageTexts, texts_of
from nodeflow.graph.io.image_settings.reading import settings_of
from nodeflow.graph.io.png_text import KEY, texts_in
from nodeflow.graph.io.xmp_text import texts_in_packet
from nodeflow.graph.model.catalogue import Catalogue

OWN, COMFYUI = "nodeflow", "ComfyUI"
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".avif")
MAX_BYTES = 256 * 2**20
"""A larger file is known by its name alone."""
MAX_WORDS = 20_000
"""Letters of an image that are searched."""


class ImageFacts(msgspec.Struct, frozen=True):
    """Hold what is known of an image file; empty or None where the file does not say. Sizes in pixels.

    ``words`` is what a search looks through, in small letters.
    """

    path: str
    changed: int
    """Nanoseconds, as the file's time of change."""
    bytes: int
    width: int = 0
    height: int = 0
    program: str = ""
    prompt: str = ""
    negative: str = ""
    seed: str = ""
    model: str = ""
    sampler: str = ""
    words: str = ""


def facts_of(path: Path, catalogue: Catalogue) -> ImageFacts:
    """Read what an image says of itself. One that cannot be read is known by its name. Raises OSError where it is
    gone."""
    state = path.stat()
    plain = ImageFacts(str(path), state.st_mtime_ns, state.st_size)
    try:
        told = _told(plain, path, catalogue) if state.st_size <= MAX_BYTES else plain
    except NotReadableError:
        told = plain
    parts = (path.name, told.program, told.prompt, told.negative, told.seed, told.model, told.sampler)
    size = f"{told.width}x{told.height}" if told.width else ""
    return msgspec.structs.replace(told, words="\n".join((*parts, size)).casefold()[:MAX_WORDS])


def _told(plain: ImageFacts, path: Path, catalogue: Catalogue) -> ImageFacts:
    data = path.read_bytes()
    texts = texts_of(data)
    sized = msgspec.structs.replace(plain, width=texts.width, height=texts.height)
    own = texts_in(io.BytesIO(data), KEY, "seeds") or texts_in_packet(texts.xmp, KEY, "seeds")
    if KEY in own:
        return _of_ours(sized, own[KEY], own.get("seeds", b""), catalogue)
    settings = settings_of(texts)
    if settings is not None:
        return msgspec.structs.replace(
            sized,
            program=settings.program,
            prompt=settings.prompt,
            negative=settings.negative,
            seed="" if settings.seed is None else str(settings.seed),
            model=settings.model,
            sampler=settings.sampler,
        )
    return _of_comfyui(sized, texts)


def _of_ours(facts: ImageFacts, text: bytes, seeds: bytes, catalogue: Catalogue) -> ImageFacts:
    """By the kinds of parameters that the catalogue names: texts of several lines, models, choices of a sampler."""
    nodes = _json(text).get("nodes")
    prompts, models, samplers = [], [], []
    for node in nodes.values() if isinstance(nodes, dict) else ():
        spec = catalogue.nodes.get(str(node.get("type"))) if isinstance(node, dict) else None
        params = node.get("params") if spec is not None else None
        if spec is None or not isinstance(params, dict):
            continue
        for param in spec.params:
            value = params.get(param.name)
            if not isinstance(value, str) or not value.strip():
                continue
            if param.widget == "multiline":
                prompts.append(value.strip())
            elif param.widget == "model":
                models.append(value)
            elif param.kind == "choice" and param.name in ("kind", "sampler", "method"):
                samplers.append(value)
    in_force = _json(seeds)
    return msgspec.structs.replace(
        facts,
        program=OWN,
        prompt=prompts[0] if prompts else "",
        negative="\n".join(prompts[1:]),
        seed=", ".join(str(seed) for seed in in_force.values()),
        model=", ".join(dict.fromkeys(models)),
        sampler=", ".join(dict.fromkeys(samplers)),
    )


COMFY_TEXTS, COMFY_MODELS = ("text", "prompt", "text_g", "value"), ("ckpt_name", "unet_name", "model_name")
COMFY_SEEDS, COMFY_SAMPLERS = ("seed", "noise_seed"), ("sampler_name",)


def _of_comfyui(facts: ImageFacts, texts: ImageTexts) -> ImageFacts:
    """By the inputs of its prompt, which name texts, models, seeds and samplers alike in most classes."""
    prompt = _json(texts.chunks.get("prompt", "").encode())
    if not prompt:
        return facts

    def given(names: tuple[str, ...]) -> list[str]:
        inputs = [node["inputs"] for node in prompt.values() if isinstance(node, dict) and _is_dict(node, "inputs")]
        values = [one[name] for one in inputs for name in names if isinstance(one.get(name), (str, int))]
        return list(dict.fromkeys(str(value).strip() for value in values if str(value).strip()))

    words = given(COMFY_TEXTS)
    return msgspec.structs.replace(
        facts,
        program=COMFYUI,
        prompt=words[0] if words else "",
        negative="\n".join(words[1:]),
        seed=", ".join(given(COMFY_SEEDS)),
        model=", ".join(given(COMFY_MODELS)),
        sampler=", ".join(given(COMFY_SAMPLERS)),
    )


def _is_dict(node: dict[str, Any], key: str) -> bool:
    return isinstance(node.get(key), dict)


def _json(text: bytes) -> dict[str, Any]:
    """An object of JSON text; empty for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
