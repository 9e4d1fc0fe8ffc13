"""Merged models, as the classes that merge two in ComfyUI."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.export.exporter import CannotExportError, GraphExporter, Outputs, Ref
from nodes.comfyui.export.registry import exports
from nodes.comfyui.merging import PARTS


@exports("merge_models")
def merged(exporter: GraphExporter, name: str) -> Outputs:
    first, second = (exporter.wire(name, key) for key in ("first", "second"))
    base, share, blocks = exporter.maybe(name, "base"), _share(exporter, name), str(exporter.plain(name, "blocks"))
    if base is not None:
        if blocks:
            raise CannotExportError("what is added of a model has one share in ComfyUI")
        learnt = exporter.add("ModelMergeSubtract", model1=second, model2=base, multiplier=share)
        return {"diffusion_network": exporter.add("ModelMergeAdd", model1=first, model2=learnt)}
    if not 0 <= share <= 1:
        raise CannotExportError("a model counts from 0 to 1 in a merge of ComfyUI's")
    if not blocks:
        return {"diffusion_network": _of_two(exporter, "ModelMergeSimple", first, second, ratio=1 - share)}
    told = dict(_entry(one) for one in blocks.split(","))
    if set(told) != {*PARTS.values(), "out"} or told["out"] != told["output_blocks"]:
        raise CannotExportError("shares of single blocks are written for the three parts of a U-Net alone")
    ratios = {part: round(1 - told[ours], 6) for part, ours in PARTS.items()}
    return {"diffusion_network": _of_two(exporter, "ModelMergeBlocks", first, second, **ratios)}


@exports("merge_text_encoders")
def merged_texts(exporter: GraphExporter, name: str) -> Outputs:
    first, second = (exporter.wire(name, key) for key in ("first", "second"))
    ref = exporter.add("CLIPMergeSimple", clip1=first, clip2=second, ratio=round(1 - _share(exporter, name), 6))
    return {"text_encoder": ref}


def _of_two(exporter: GraphExporter, kind: str, first: Ref, second: Ref, **ratios: Any) -> Ref:
    return exporter.add(kind, model1=first, model2=second, **{key: round(value, 6) for key, value in ratios.items()})


def _share(exporter: GraphExporter, name: str) -> float:
    found = exporter.plain(name, "share")
    if not isinstance(found, (int, float)):
        raise CannotExportError("its share comes by wire")
    return float(found)


def _entry(said: str) -> tuple[str, float]:
    part, _, share = said.rpartition(":")
    try:
        return part.strip(), float(share)
    except ValueError:
        raise CannotExportError("its blocks cannot be read") from None
