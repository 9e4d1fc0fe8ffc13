"""Files that people take for workflows of ours, named as what they are."""

from __future__ import annotations

from typing import Any

COMFYUI = "ComfyUI"

_PICTURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"RIFF", "WebP"),
    (b"\x89PNG", "PNG"),
)
PICTURE_TEXTS = ("nodeflow", "workflow", "prompt", "parameters", "invokeai_workflow", "invokeai_metadata")
"""The keys under which programs write into their PNG files what made the image."""


def picture_of(data: bytes) -> str:
    """Return which format of images a file is in; empty where it is none."""
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    return next((name for mark, name in _PICTURES if data.startswith(mark)), "")


def may_be_text(text: str) -> bool:
    """Tell whether a text may be another program's workflow or settings, by its looks; nothing is parsed."""
    text = text.lstrip()
    if text.startswith(("{", "[")):
        return '"nodeflow"' not in text[:200]
    return "Steps: " in text or "Negative prompt:" in text


def said_of_picture(kind: str, keys: set[str], data: bytes) -> str:
    """Return what an image without a workflow of ours is, as a sentence; ``keys`` are those of its texts."""
    if {"prompt", "workflow"} & keys or b'"class_type"' in data:
        return f"this image holds a workflow of {COMFYUI}, not one of nodeflow; open one that nodeflow saved"
    if "parameters" in keys or any(key.startswith("invokeai") for key in keys):
        made = "Stable Diffusion web UI" if "parameters" in keys else "InvokeAI"
        return f"this image holds settings of {made}, not a workflow of nodeflow; open one that nodeflow saved"
    if kind and kind != "PNG":
        return f"this {kind} image holds no workflow, and no settings of another program that are known"
    return "this image holds no workflow, and no settings of another program that are known"


def said_of_object(fields: dict[str, Any]) -> str:
    """Return what a JSON object that is no workflow of ours is, as a sentence; empty where nothing is known of it."""
    inner = fields.get("prompt") if isinstance(fields.get("prompt"), dict) else fields
    nodes = [node for node in (inner or {}).values() if isinstance(node, dict)]
    if nodes and all("class_type" in node for node in nodes):
        return f"this is a workflow of {COMFYUI} (in the form of its API), not one of nodeflow"
    if isinstance(fields.get("nodes"), list) and isinstance(fields.get("links", []), list):
        if "edges" in fields:
            return "this is a workflow of InvokeAI, not one of nodeflow"
        return f"this is a workflow of {COMFYUI} (as its window saves it), not one of nodeflow"
    if "_class_name" in fields or "_diffusers_version" in fields:
        return "this is the configuration of a model, not a workflow; name the model's folder in a node that loads it"
    return ""
