"""The two halves of an unCLIP, as diffusers saves them: the prior, and the decoder.

Karlo has both in one folder, as UnCLIPPipeline saves them; Kandinsky 2.2 has a folder for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from nodeflow.node import NodeError
from nodeflow.wires import CLIP, VAE, Conditioning, DiffusionNetwork, LatentFormat, TextEncoder, TrainedSchedule
from nodes.latents.vae import PixelSpace
from nodes.loaders.families.unclip.movq import movq
from nodes.loaders.families.unclip.vector_decoder import Kandinsky, Karlo
from nodes.loaders.read.folder_files import named, no_progress_bar, read_json, read_tokenizer, read_weights
from nodes.loaders.read.parts import LoadTarget, prediction_of, ready
from nodes.loaders.read.schedule_file import read_schedule
from nodes.loaders.text_encoders.tables import check_tables
from nodes.loaders.text_encoders.tokenizing import each, length_of, tokenized
from nodes.networks.compute_dtype import device_of

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = [
    "model_index.json",
    "*/*.json",
    "tokenizer/*.txt",
    "text_encoder/model*.safetensors",
    *(f"{part}/{WEIGHTS}*.safetensors" for part in ("prior", "decoder", "text_proj", "unet", "movq")),
]
"""What is fetched from the hub."""


@dataclass(frozen=True, eq=False)
class ProjectedCLIPText:
    """CLIP's tokenizer and text encoder, with its projection into the space that texts and images share."""

    tokenizer: Any
    module: nn.Module
    length: int

    def encode(self, texts: list[str]) -> Conditioning:
        found, device = tokenized(self.tokenizer, texts, self.length), device_of(self.module)
        with torch.no_grad():
            output = self.module(found.input_ids.to(device))
        words = tuple(self.tokenizer.decode([token]) for token in found.input_ids[0].tolist())
        mask = found.attention_mask.bool().to(device)
        return Conditioning(output.last_hidden_state, output.text_embeds, words, mask=mask)

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)


class PriorParts(NamedTuple):
    """Hold what makes a diffusion prior."""

    text_encoder: TextEncoder
    prior: DiffusionNetwork
    schedule: TrainedSchedule


class DecoderParts(NamedTuple):
    """Hold what makes a decoder of CLIP vectors; ``vae`` is between what it paints and images."""

    decoder: DiffusionNetwork
    schedule: TrainedSchedule
    vae: VAE


def load_prior_folder(path: Path, target: LoadTarget) -> PriorParts:
    """Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    _check_kind(path, "prior", "PriorTransformer")
    schedule = schedule_in(path, "prior_scheduler")
    from diffusers import PriorTransformer
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer

    module = read_weights(PriorTransformer, path / "prior", WEIGHTS, {"torch_dtype": target.dtype})
    with no_progress_bar():
        encoder = read_weights(CLIPTextModelWithProjection, path / "text_encoder", "model", {"dtype": target.dtype})
    tokenizer = read_tokenizer(CLIPTokenizer, path / "tokenizer")
    check_tables(named(path / "text_encoder"), tokenizer, encoder)
    length = length_of(tokenizer, encoder.config.max_position_embeddings)
    width = int(module.config.clip_embed_dim or module.config.embedding_dim)
    network = DiffusionNetwork(ready(module), LatentFormat(width, 1, 1), prediction_of(schedule))
    return PriorParts(ProjectedCLIPText(tokenizer, ready(encoder), length), network, schedule)


def load_decoder_folder(path: Path, target: LoadTarget, clip: CLIP | None = None) -> DecoderParts:
    """The decoder of Karlo or of Kandinsky 2.2, for which ``clip`` says what stands for no vector.

    Raises NodeError for another kind of model, missing, damaged or unsafe weights.
    """
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    return _kandinsky(path, target, clip) if "movq" in index else _karlo(path, target)


def _karlo(path: Path, target: LoadTarget) -> DecoderParts:
    _check_kind(path, "decoder", "UNet2DConditionModel")
    schedule = schedule_in(path, "decoder_scheduler")
    from diffusers import UNet2DConditionModel
    from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel

    options = {"torch_dtype": target.dtype}
    unet = read_weights(UNet2DConditionModel, path / "decoder", WEIGHTS, options)
    text_proj = read_weights(UnCLIPTextProjModel, path / "text_proj", WEIGHTS, options)
    format = LatentFormat(int(unet.config.in_channels), 1, int(unet.config.sample_size or 64))
    network = DiffusionNetwork(ready(Karlo(unet, text_proj)), format, prediction_of(schedule))
    return DecoderParts(network, schedule, PixelSpace(format))


def _kandinsky(path: Path, target: LoadTarget, clip: CLIP | None) -> DecoderParts:
    _check_kind(path, "unet", "UNet2DConditionModel")
    schedule = schedule_in(path, "scheduler")
    from diffusers import UNet2DConditionModel

    unet = read_weights(UNet2DConditionModel, path / "unet", WEIGHTS, {"torch_dtype": target.dtype})
    asked = unet.config.encoder_hid_dim_type, unet.config.addition_embed_type
    if asked != ("image_proj", "image") or unet.config.in_channels != 4:
        raise NodeError(
            f"{path.name} is led by more than a CLIP vector; this node loads the plain decoder of Kandinsky 2.2"
        )
    nothing = None if clip is None else clip.empty().values
    decoder = Kandinsky(unet, nothing)
    if nothing is not None and nothing.shape[1] != decoder.width:
        raise NodeError(
            f"{path.name} takes vectors of {decoder.width} numbers, and those of this CLIP have {nothing.shape[1]}; "
            "load the CLIP from the folder of its prior"
        )
    side = int(unet.config.sample_size or 64)
    found = movq(path / "movq", target, side)
    return DecoderParts(DiffusionNetwork(ready(decoder), found.format, prediction_of(schedule)), schedule, found)


def _check_kind(path: Path, part: str, wanted: str) -> None:
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    entry = index.get(part)
    found = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
    if found != wanted:
        kind = index.get("_class_name", "a model of another kind")
        raise NodeError(f"{path.name} holds {kind}, whose {part} is {found or 'missing'} and not {wanted}")


def schedule_in(path: Path, folder: str) -> TrainedSchedule:
    """The noise schedule that lies there, or in ``scheduler``. Raises NodeError.

    diffusers advises DDPM for what was saved with its UnCLIPScheduler, which spaces its steps in another way.
    """
    beside = folder if (path / folder).is_dir() else "scheduler"
    schedule = read_schedule(path / beside)
    if schedule.config.get("_class_name") == "UnCLIPScheduler":
        return TrainedSchedule({"timestep_spacing": "linspace", **schedule.config})
    return schedule
