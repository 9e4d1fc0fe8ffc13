"""Translators of ComfyUI's results: files, and previews, which every node has by itself here."""

from __future__ import annotations

import re
from typing import Any

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import Value, Wire
from nodes.comfyui.registry import Outputs, translates
from nodes.comfyui.texts import as_text

TEMPLATE = re.compile(r"%([^%]*)%")
BRACES = re.compile(r"[{}]")
SIDES = ("width", "height")
"""What ComfyUI calls the size of an image in its name, as it is called here."""
DAY = "yyyy-MM-dd"
DATES = {"{date}": re.compile("[yMd]"), "{time}": re.compile("[hms]")}
"""What is filled in for the letters of a date."""
OTHER_DATE = "the date in the file's name is written in another way"
WRITTEN_OUT = "{name} stands in the file's name as it is in the file, and does not follow its node"
FORMATS = {"png": None, "jpg": "JPEG", "jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"}
UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


@translates("SaveImage", "SaveImageAdvanced")
def save(given: Given, build: Builder) -> Outputs:
    prefix = given.get("filename_prefix", "ComfyUI")
    if isinstance(prefix, (Value, Wire)):
        prefix = prefix.constant if isinstance(prefix, Value) and prefix.constant is not None else "ComfyUI"
        given.approximate(f"files are called {prefix}: their name does not follow the wire that brings it")
    image = given.wire("images" if given.has("images") else "image")
    build.node("save_image", "save", image=image, **_path(given, build, str(prefix)), format=_format(given))
    return (image,)


def _format(given: Given) -> str | None:
    """The kind of file; None for the usual PNG."""
    said = str(given.get("format", "png")).lower()
    if said == "png" and str(given.get("format.bit_depth", "")).startswith("16"):
        return "PNG, 16 bits"
    if said not in FORMATS:
        given.approximate("images are saved as PNG")
    return FORMATS.get(said)


def _path(given: Given, build: Builder, prefix: str) -> dict[str, Any]:
    """Folder and name of a prefix, with what is filled in when it is saved."""
    written = BRACES.sub("_", prefix)
    plain = TEMPLATE.sub(lambda gap: _filled(given, build, gap[1]), written)
    *folders, name = plain.replace("\\", "/").split("/")
    folders = [UNFIT.sub("_", one).strip() for one in folders]
    folder = "/".join(one for one in folders if one not in ("", ".", ".."))
    return {"name": UNFIT.sub("_", name).strip(" ._-") or "picture", "folder": folder or None}


def _filled(given: Given, build: Builder, gap: str) -> str:
    """What stands for a gap between two %: the size and the day are filled in here too, a value is written out."""
    if gap in SIDES:
        return f"{{{gap}}}"
    if gap.startswith("date"):
        form = gap.partition(":")[2]
        found = [name for name, letters in DATES.items() if letters.search(form or "yyyy")]
        if form != DAY or not found:
            given.approximate(OTHER_DATE)
        return " ".join(found)
    title, _, widget = gap.rpartition(".")
    for node in build.prompt.nodes.values():
        value = node.inputs.get(widget) if title and title in (node.title, node.type) else None
        if isinstance(value, (str, int, float)):
            given.approximate(WRITTEN_OUT.format(name=gap[:60]))
            return BRACES.sub("_", str(value))
    given.approximate("what stands between % in the file's name is left out")
    return ""


@translates("PreviewImage", "ImageCompare", "SaveImageWebsocket", "PreviewMask")
def preview(given: Given, build: Builder) -> Outputs:
    """Nodes show what they give by themselves here; what is previewed passes on."""
    return tuple(given.inputs.get(name) for name in ("images", "image_a") if given.has(name))


@translates("PreviewAny")
def preview_any(given: Given, build: Builder) -> Any:
    """A value as the text that ComfyUI shows of it."""
    source = given.inputs.get("source")
    return as_text(build, source) if build.used(given.id) else source
