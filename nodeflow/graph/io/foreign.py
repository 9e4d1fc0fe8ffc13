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
_OTHERS = (
    (b"%PDF", "a PDF document"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM film"),
    (b"fLaC", "a FLAC sound"),
    (b"ID3", "an MP3 sound"),
    (b"OggS", "an Ogg film or sound"),
    (b"glTF", "a glTF model"),
    (b"GGUF", "a file of weights (GGUF)"),
    (b"\x80\x02", "a pickle, which can hold programs and is never opened"),
    (b"\x80\x03", "a pickle, which can hold programs and is never opened"),
    (b"\x80\x04", "a pickle, which can hold programs and is never opened"),
    (b"\x80\x05", "a pickle, which can hold programs and is never opened"),
    (b"PK\x03\x04", "a ZIP archive, in which torch saves weights too"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"#!", "a program"),
    (b"8BPS", "a Photoshop image"),
    (b"\xff\x0a", "a JPEG XL image"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image"),
    (b"\x76\x2f\x31\x01", "an OpenEXR image"),
    (b"#?RADIANCE", "a Radiance image"),
    (b"DDS ", "a DDS image"),
    (b"qoif", "a QOI image"),
    (b"\0\0\1\0", "an icon"),
    (b"<", "a web page or another text with marks"),
)
"""How files begin that are no workflows, and what they are."""
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
PICTURE_TEXTS = ("nodeflow", "workflow", "prompt", "parameters", "invokeai_workflow", "invokeai_metadata")
"""The keys under which programs write into their PNG files what made the image."""


def picture_of(data: bytes) -> str:
    """Return which format of images a file is in; empty where it is none."""
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "AVIF"
    return next((name for mark, name in _PICTURES if data.startswith(mark)), "")


def kind_of_bytes(data: bytes) -> str:
    """Return what a file is that holds neither JSON nor an image that is read here, in words; empty where it may."""
    if data[4:8] == b"ftyp" and data[8:12] not in (b"avif", b"avis"):
        return "a HEIF image" if data[8:12] in _HEIF else "an MP4 film"
    return next((name for mark, name in _OTHERS if data.startswith(mark)), "")


def said_of_bytes(data: bytes) -> str:
    """Return what a file is that holds neither JSON nor an image with texts, as a sentence; empty where it may."""
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") < 1 << 40 and not data[:1].isspace():
        return "this is a file of weights (safetensors), not a workflow"
    what = kind_of_bytes(data)
    return f"this is {what}; nodeflow reads workflows from JSON files and images" if what else ""


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
