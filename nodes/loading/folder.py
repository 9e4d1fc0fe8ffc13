"""A folder as diffusers' StableDiffusionPipeline saves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loading.files import first_line, no_progress_bar, read_json, read_weights
from nodes.loading.parts import Parts, Target, denoiser, prediction_of, text_encoder, vae

EXPECTED = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
"""The classes that are made, whatever a file asks for."""


def load_folder(path: Path, target: Target) -> Parts:
    """All parts of a model. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    for part, classes in EXPECTED.items():
        entry = index.get(part)
        named = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
        if named not in classes:
            kind = index.get("_class_name", "a model of another kind")
            raise NodeError(
                f"{path.name} holds {kind}, whose {part} is {named or 'missing'} and not {classes[0]}; "
                "this node loads Stable Diffusion 1 and 2"
            )
    schedule = TrainedSchedule(read_json(path / "scheduler" / "scheduler_config.json", "it lacks its scheduler"))
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

    unet = read_weights(UNet2DConditionModel, path / "unet", "diffusion_pytorch_model", {"torch_dtype": target.dtype})
    decoder = read_weights(AutoencoderKL, path / "vae", "diffusion_pytorch_model", {"torch_dtype": target.dtype})
    with no_progress_bar():
        encoder = read_weights(CLIPTextModel, path / "text_encoder", "model", {"dtype": target.dtype})
    try:
        tokenizer = CLIPTokenizer.from_pretrained(path / "tokenizer", local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NodeError(f"{path.name}/tokenizer cannot be read ({first_line(error)}); download it again") from None
    side = int(unet.config.sample_size or 64)
    network = DiffusionNetwork(denoiser(unet, target), _format(unet, decoder, side), prediction_of(schedule))
    return Parts(text_encoder(tokenizer, encoder), network, vae(decoder, side), schedule)


def _format(unet: Any, decoder: Any, side: int) -> LatentFormat:
    return LatentFormat(int(unet.config.out_channels), 2 ** (len(decoder.config.block_out_channels) - 1), side)
