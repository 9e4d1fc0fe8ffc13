"""ControlNets that ComfyUI puts on a model, as patches, and not on a text."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Ref
from nodes.comfyui.export.models import file_of
from nodes.comfyui.model_patches import ALWAYS
from nodes.comfyui.placeholders import CLASS

USUAL = "QwenImageDiffsynthControlnet"


def is_patch(exporter: GraphExporter, control: str, family: str) -> bool:
    """Whether a control of a network of a family is a patch there: all of some families', others' as they came."""
    return family in ALWAYS or bool(exporter.kept(exporter.node_at(control, "controlnet"), CLASS))


def patched(exporter: GraphExporter, control: str, model: Ref) -> Ref:
    loader = exporter.node_at(control, "controlnet")
    if (exporter.plain(control, "start"), exporter.plain(control, "end")) != (0.0, 1.0):
        raise CannotExportError("its ControlNet leads all steps in ComfyUI, where it is a patch of the model")
    return exporter.add(
        exporter.kept(loader, CLASS) or USUAL,
        model=model,
        model_patch=exporter.shared("ModelPatchLoader", name=file_of(exporter, loader)),
        vae=exporter.wire(control, "vae"),
        image=exporter.wire(control, "image"),
        strength=exporter.value(control, "strength"),
    )
