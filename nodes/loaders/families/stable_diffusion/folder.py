"""A folder as diffusers' StableDiffusionPipeline or StableDiffusionXLPipeline saves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TextEncoder
from nodes.loaders.read.accounting import check_kind
from nodes.loaders.read.folder_files import named, no_progress_bar, read_json, read_tokenizer, read_weights
from nodes.loaders.read.parts import LoadTarget, Parts, denoiser, exact, prediction_of, text_encoder, vae
from nodes.loaders.read.schedule_file import read_schedule
from nodes.loaders.text_encoders.joint import TwinText, clip_reader
from nodes.loaders.text_encoders.tables import check_tables
from nodes.schedulers.solvers.edm import deviation_of, predicting_v

EXPECTED = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
"""The classes that are made, whatever a file asks for."""
SECOND = {"text_encoder_2": ("CLIPTextModelWithProjection",), "tokenizer_2": EXPECTED["tokenizer"]}
"""What Stable Diffusion XL has besides; its refiner has no other texts."""
OTHERS = {
    "image_noising_scheduler": "Stable Diffusion 2.1 unCLIP, led by the CLIP vector of an image",
    "low_res_scheduler": "the x4 upscaler of Stable Diffusion 2",
    "motion_adapter": "a Stable Diffusion with motion modules (AnimateDiff), which paints films",
    "adapter": "a Stable Diffusion with a T2I-Adapter",
}
"""What a folder truly is, by a part that its index names besides."""
WEIGHTS = "diffusion_pytorch_model"


def load_folder(path: Path, target: LoadTarget) -> Parts:
    """All parts of a model. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    check_kind(path.name, (part for part in index if _class_of(index, part)), {f"^{p}$": w for p, w in OTHERS.items()})
    sized = _class_of(index, "text_encoder_2") is not None
    alone = sized and _class_of(index, "text_encoder") is None
    firsts = {
        part: classes for part, classes in EXPECTED.items() if not (alone and part in ("text_encoder", "tokenizer"))
    }
    for part, classes in (firsts | SECOND if sized else EXPECTED).items():
        named = _class_of(index, part)
        if named not in classes:
            kind = index.get("_class_name", "a model of another kind")
            raise NodeError(
                f"{path.name} holds {kind}, whose {part} is {named or 'missing'} and not {classes[0]}; "
                "this node loads Stable Diffusion 1, 2 and XL"
            )
    schedule = read_schedule(path / "scheduler")
    from diffusers import AutoencoderKL, UNet2DConditionModel

    unet = read_weights(UNet2DConditionModel, path / "unet", WEIGHTS, {"torch_dtype": target.dtype})
    options = {"torch_dtype": exact(target.dtype) if sized else target.dtype}
    decoder = read_weights(AutoencoderKL, path / "vae", WEIGHTS, options)
    text = _texts(path, index, target, ("_2",) if alone else ("", "_2")) if sized else _one_text(path, target)
    side = int(unet.config.sample_size or 64)
    schedule = predicting_v(unet, schedule)
    network = DiffusionNetwork(denoiser(unet, target), _format(unet, decoder, side), prediction_of(schedule))
    return Parts(text, network, vae(decoder, side, deviation_of(schedule)), schedule)


def _one_text(path: Path, target: LoadTarget) -> TextEncoder:
    from transformers import CLIPTextModel, CLIPTokenizer

    with no_progress_bar():
        encoder = read_weights(CLIPTextModel, path / "text_encoder", "model", {"dtype": target.dtype})
    tokenizer = read_tokenizer(CLIPTokenizer, path / "tokenizer")
    check_tables(named(path / "text_encoder"), tokenizer, encoder)
    return text_encoder(tokenizer, encoder)


def _texts(path: Path, index: dict[str, Any], target: LoadTarget, numbers: tuple[str, ...]) -> TextEncoder:
    readers = tuple(clip_reader(path, number, target, projection=bool(number)) for number in numbers)
    return TwinText(readers, bool(index.get("force_zeros_for_empty_prompt", True)))


def _class_of(index: dict[str, Any], part: str) -> str | None:
    entry = index.get(part)
    return entry[1] if isinstance(entry, list) and len(entry) == 2 else None


def _format(unet: Any, decoder: Any, side: int) -> LatentFormat:
    return LatentFormat(int(unet.config.out_channels), 2 ** (len(decoder.config.block_out_channels) - 1), side)
