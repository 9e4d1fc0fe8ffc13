"""ComfyUI's merges of models; what writes a model to a file has no counterpart here."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import CannotTranslateError, ImportedClip, Model
from nodes.comfyui.registry import translates

SAVERS = ("CheckpointSave", "ModelSave", "CLIPSave", "VAESave", "ImageOnlyCheckpointSave", "LoraSave")
PARTS = {"input": "input_blocks", "middle": "middle_block", "out": "output_blocks"}
"""Parts of a U-Net by the inputs of *ModelMergeBlocks*; the last is also the share of its end."""
BY_BLOCK = (
    *("ModelMergeSD1", "ModelMergeSD2", "ModelMergeSDXL", "ModelMergeFlux1", "ModelMergeSD3_2B"),
    *("ModelMergeSD35_Large", "ModelMergeQwenImage", "ModelMergeAuraflow", "ModelMergeCosmosPredict2_2B"),
)
"""Classes with an input for each block."""


class ModelDifference(msgspec.Struct, frozen=True):
    """What one model learned since it left another, so many times."""

    model: Model
    base: Model
    times: float


@translates("ModelMergeSimple")
def merge(given: Given, build: Builder) -> Model:
    return _merged(given, build, share=1 - given.number("ratio", 1.0))


@translates("ModelMergeBlocks")
def merge_parts(given: Given, build: Builder) -> Model:
    """The share of all that is in none of the three parts is that of the first."""
    shares = {part: 1 - given.number(part, 1.0) for part in PARTS}
    if len(set(shares.values())) == 1:
        return _merged(given, build, share=shares["input"])
    blocks = {PARTS[part]: share for part, share in shares.items()} | {"out": shares["out"]}
    return _merged(given, build, share=shares["input"], blocks=_told(blocks))


@translates(*BY_BLOCK)
def merge_blocks(given: Given, build: Builder) -> Model:
    blocks = {
        name.rstrip("."): 1 - given.number(name, 1.0)
        for name in given.inputs
        if name not in ("model1", "model2", "label_emb.")
    }
    common = max(set(blocks.values()), key=list(blocks.values()).count) if blocks else 0.0
    own = {name: share for name, share in blocks.items() if share != common}
    return _merged(given, build, share=common, blocks=_told(own) or None)


@translates("ModelMergeSubtract")
def difference(given: Given, build: Builder) -> ModelDifference:
    times = given.number("multiplier", 1.0)
    return ModelDifference(given.need(Model, "model1"), given.need(Model, "model2"), times)


@translates("ModelMergeAdd")
def add(given: Given, build: Builder) -> Model:
    """A model and what another one learned: one node here."""
    found = [given.inputs.get(name) for name in ("model1", "model2")]
    first = next((one for one in found if isinstance(one, Model)), None)
    learnt = next((one for one in found if isinstance(one, ModelDifference)), None)
    if first is None or learnt is None:
        raise CannotTranslateError("to a model the difference of two others is added here")
    about = {"second": learnt.model.network, "base": learnt.base.network, "share": _rounded(learnt.times)}
    return replace(first, network=build.node("merge_models", "merged", first=first.network, **about))


@translates("CLIPMergeSimple")
def merge_texts(given: Given, build: Builder) -> ImportedClip:
    first, second = given.need(ImportedClip, "clip1"), given.need(ImportedClip, "clip2")
    about = {"first": first.wire, "second": second.wire, "share": _rounded(1 - given.number("ratio", 1.0))}
    return replace(first, wire=build.node("merge_text_encoders", "merged_texts", **about))


@translates(*SAVERS)
def save(given: Given, build: Builder) -> None:
    raise CannotTranslateError("models are not written to files here")


def _merged(given: Given, build: Builder, share: float, blocks: str | None = None) -> Model:
    first, second = given.need(Model, "model1"), given.need(Model, "model2")
    about = {"first": first.network, "second": second.network, "share": _rounded(share), "blocks": blocks}
    return replace(first, network=build.node("merge_models", "merged", **about))


def _told(blocks: dict[str, float]) -> str:
    return ", ".join(f"{name}: {_rounded(share):g}" for name, share in blocks.items())


def _rounded(share: float) -> float:
    """Without what is left of a difference in binary fractions."""
    return round(share, 6)
