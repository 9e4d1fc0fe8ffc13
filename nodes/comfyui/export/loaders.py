"""Models by families: one load node here, and a loader for each part in ComfyUI."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.models import file_of
from nodes.comfyui.export.registry import exports
from nodes.comfyui.loaders import TYPE
from nodes.comfyui.model_families import AUTO, BY_ENCODER, BY_TYPE, family_of_name

GGUF = ".gguf"
TEXTS = {1: "CLIPLoader", 2: "DualCLIPLoader", 3: "TripleCLIPLoader", 4: "QuadrupleCLIPLoader"}
"""Loaders of text encoders by the number of their files."""
STORED = {"float8": "fp8_e4m3fn"}
OTHERWISE = "stable_diffusion"
LOADERS, CHANGES = ("load_model", "load_diffusion_model"), ("apply_lora",)


def family_of(exporter: GraphExporter, name: str, param: str = "family") -> str:
    """The family of a load node: as it says, else as its file does; empty for none."""
    said = str(exporter.plain(name, param) or AUTO)
    if said != AUTO:
        return said
    return BY_TYPE.get(exporter.kept(name, TYPE), "") or family_of_name(str(exporter.plain(name, "model") or ""))


def family_of_network(exporter: GraphExporter, name: str, input: str = "network") -> str:
    """The family of the network at an input, past what is put on it; empty for none."""
    at = exporter.source(name, input)
    while at is not None and exporter.kind(at.source) in CHANGES:
        at = exporter.source(at.source, "unet")
    return family_of(exporter, at.source) if at is not None and exporter.kind(at.source) in LOADERS else ""


def type_of(family: str) -> str:
    """What ComfyUI calls the type of a family's text encoder."""
    shared = (kind for kind, pairs in BY_ENCODER.items() if any(name == family for _, name in pairs))
    known = {name: kind for kind, name in BY_TYPE.items()}
    return known.get(family) or next(shared, OTHERWISE)


SHOWN = "stable_unclip_conditioning"
"""What is told by an image encoder that lies in the model's own file."""


def _all_in_one(exporter: GraphExporter, file: str) -> Ref:
    """What loads all of a file, its image encoder too where a node sees by it."""
    seen = {exporter.plain(one, "model") for one in exporter.workflow.nodes if exporter.kind(one) == SHOWN}
    return exporter.shared("unCLIPCheckpointLoader" if file in seen else "CheckpointLoaderSimple", ckpt_name=file)


@exports(SHOWN)
def shown(exporter: GraphExporter, name: str) -> Outputs:
    level = exporter.plain(name, "noise_level")
    if not isinstance(level, int):
        raise CannotExportError("its noise_level comes by wire")
    eyes, image = _all_in_one(exporter, file_of(exporter, name)).other(3), exporter.wire(name, "image")
    about = {
        "conditioning": exporter.wire(name, "conditioning"),
        "clip_vision_output": exporter.shared("CLIPVisionEncode", clip_vision=eyes, image=image, crop="center"),
        "strength": exporter.value(name, "strength"),
        "noise_augmentation": round(level / 999, 4),
    }
    return {"conditioning": exporter.add("unCLIPConditioning", **about)}


@exports("load_model")
def model(exporter: GraphExporter, name: str) -> Outputs:
    """A file that holds all, or a loader for each part."""
    _usual(exporter, name)
    texts = [str(exporter.plain(name, key) or "") for key in ("text_encoder", "text_encoder_2", "text_encoder_3")]
    files, vae = [text for text in texts if text], str(exporter.plain(name, "vae") or "")
    if not files and not vae:
        ref = _all_in_one(exporter, file_of(exporter, name))
        return {"network": ref, "text_encoder": ref.other(1), "vae": ref.other(2), "schedule": ref}
    network = _network(exporter, name)
    found = {"network": network, "schedule": network}
    if files:
        found["text_encoder"] = _text_encoder(exporter, files, family_of(exporter, name))
    if vae:
        found["vae"] = exporter.add("VAELoader", vae_name=vae)
    return found


@exports("load_diffusion_model")
def network(exporter: GraphExporter, name: str) -> Outputs:
    _usual(exporter, name)
    ref = _network(exporter, name)
    return {"network": ref, "schedule": ref}


@exports("load_text_encoder")
def text_encoder(exporter: GraphExporter, name: str) -> Outputs:
    names = ("model", "model_2", "model_3", "model_4")
    files = [file for key in names if (file := str(exporter.plain(name, key) or ""))]
    if not files:
        raise CannotExportError("its model is not named")
    return {"text_encoder": _text_encoder(exporter, files, family_of(exporter, name), exporter.kept(name, TYPE))}


def _usual(exporter: GraphExporter, name: str) -> None:
    if exporter.plain(name, "revision"):
        raise CannotExportError("a revision of a model has no counterpart in ComfyUI")


def _network(exporter: GraphExporter, name: str) -> Ref:
    file, stored = file_of(exporter, name), exporter.plain(name, "storage")
    if file.lower().endswith(GGUF):
        return exporter.add("UnetLoaderGGUF", unet_name=file)
    return exporter.add("UNETLoader", unet_name=file, weight_dtype=STORED.get(str(stored), "default"))


def _text_encoder(exporter: GraphExporter, files: list[str], family: str, type: str = "") -> Ref:
    kind = TEXTS[len(files)] + ("GGUF" if any(file.lower().endswith(GGUF) for file in files) else "")
    named: dict[str, Any] = {f"clip_name{at}": file for at, file in enumerate(files, 1)}
    if len(files) == 1:
        named = {"clip_name": files[0]}
    if len(files) < 3:
        named["type"] = type or type_of(family)
        if not kind.endswith("GGUF"):
            named["device"] = "default"
    return exporter.add(kind, **named)


@exports("load_language_model")
def language_model(exporter: GraphExporter, name: str) -> Outputs:
    """A text encoder that writes; where its file reads the texts of a model too, the same one."""
    file = file_of(exporter, name)
    read_by = _read_by(exporter, file)
    made = exporter.begin(read_by) if read_by else None
    return {
        "language_model": made["text_encoder"]
        if made
        else _text_encoder(exporter, [file], "", exporter.kept(name, TYPE))
    }


def _read_by(exporter: GraphExporter, file: str) -> str:
    """The node whose text encoder a file is in this workflow too; empty for none."""
    params = {"load_model": "text_encoder", "load_text_encoder": "model"}
    nodes = exporter.workflow.nodes
    return next((one for one in nodes if nodes[one].params.get(params.get(exporter.kind(one), "")) == file), "")
