"""Folders as diffusers' IFPipeline and IFSuperResolutionPipeline save them: text-led diffusion on pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, DiffusionNetwork, LatentFormat, TextEncoder, TrainedSchedule
from nodes.loaders.read.folder_files import named, no_progress_bar, read_json, read_tokenizer, read_weights
from nodes.loaders.read.parts import LoadTarget, denoiser, prediction_of, ready, text_encoder
from nodes.loaders.read.schedule_file import read_schedule
from nodes.loaders.text_encoders.tables import check_tables
from nodes.loaders.text_encoders.tokenizing import each, length_of, tokenized
from nodes.networks.compute_dtype import device_of, dtype_of

PATTERNS = [
    "model_index.json",
    "*/*.json",
    "tokenizer/*.txt",
    "tokenizer/spiece.model",
    "unet/diffusion_pytorch_model*.safetensors",
    "text_encoder/model*.safetensors",
]
"""What is fetched from the hub."""
LENGTH = 77
"""Tokens of a text that DeepFloyd IF was trained with; T5 itself reads longer ones."""
TEXT_ENCODERS = {"T5EncoderModel": ("T5Tokenizer", "T5TokenizerFast"), "CLIPTextModel": ("CLIPTokenizer",)}


class BaseParts(NamedTuple):
    """Hold what makes a text-led diffusion model on pixels."""

    text_encoder: TextEncoder
    unet: DiffusionNetwork
    schedule: TrainedSchedule


class SuperResolutionParts(NamedTuple):
    """Hold what makes a text-led super-resolution model; its text encoder is that of the base."""

    unet: DiffusionNetwork
    schedule: TrainedSchedule
    noising: TrainedSchedule


@dataclass(frozen=True, eq=False)
class T5Text:
    """T5's tokenizer and encoder, of the transformers library (Raffel et al. 2020, arXiv:1910.10683)."""

    tokenizer: Any
    module: torch.nn.Module
    length: int

    def encode(self, texts: list[str]) -> Conditioning:
        tokens, words = self._encode(texts)
        return Conditioning(tokens, words=words[0])

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        """In one forward pass where a row does not depend on its neighbours: on the CPU in full precision."""
        if device_of(self.module).type != "cpu" or dtype_of(self.module) != torch.float32:
            return each(self.encode, texts)
        tokens, words = self._encode(texts)
        return [Conditioning(row.clone(), words=read) for row, read in zip(tokens.split(1), words, strict=True)]

    def _encode(self, texts: list[str]) -> tuple[Tensor, list[tuple[str, ...]]]:
        """Tokens (B, L, D), and of each text its tokens as they were read: small letters only, as IF was trained."""
        found = tokenized(self.tokenizer, [text.lower().strip() for text in texts], self.length)
        device = device_of(self.module)
        with torch.no_grad():
            output = self.module(found.input_ids.to(device), attention_mask=found.attention_mask.to(device))
        words = [tuple(self.tokenizer.decode([token]) for token in row) for row in found.input_ids.tolist()]
        return output.last_hidden_state, words


def load_base_folder(path: Path, target: LoadTarget) -> BaseParts:
    """All parts of a model. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    index = _index(path, "IFPipeline")
    unet, schedule = _unet(path, target, 1)
    return BaseParts(_text_encoder(path, index, target), unet, schedule)


def load_super_resolution_folder(path: Path, target: LoadTarget) -> SuperResolutionParts:
    """U-Net and schedules of a model. Raises NodeError as `load_base_folder` does."""
    _index(path, "IFSuperResolutionPipeline")
    unet, schedule = _unet(path, target, 2)
    noising = path / "image_noising_scheduler"
    return SuperResolutionParts(unet, schedule, read_schedule(noising, otherwise="it lacks its noising scheduler"))


def _index(path: Path, kind: str) -> dict[str, Any]:
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    found = str(index.get("_class_name"))
    if not found.startswith("IF") or ("SuperResolution" in kind) != ("SuperResolution" in found):
        raise NodeError(f"{path.name} holds {found}; this node loads diffusers' {kind}")
    return index


def _unet(path: Path, target: LoadTarget, inputs: int) -> tuple[DiffusionNetwork, TrainedSchedule]:
    """The U-Net, which takes ``inputs`` images side by side, and its schedule."""
    schedule = read_schedule(path / "scheduler")
    from diffusers import UNet2DConditionModel

    unet = read_weights(UNet2DConditionModel, path / "unet", "diffusion_pytorch_model", {"torch_dtype": target.dtype})
    format = LatentFormat(int(unet.config.in_channels) // inputs, 1, int(unet.config.sample_size))
    return DiffusionNetwork(denoiser(unet, target), format, prediction_of(schedule)), schedule


def _text_encoder(path: Path, index: dict[str, Any], target: LoadTarget) -> TextEncoder:
    import transformers

    entry = index.get("text_encoder")
    kind = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
    if kind not in TEXT_ENCODERS:
        raise NodeError(f"{path.name} has {kind or 'no'} text encoder; this node knows T5 and CLIP")
    with no_progress_bar():
        module = read_weights(getattr(transformers, kind), path / "text_encoder", "model", {"dtype": target.dtype})
    tokenizer = read_tokenizer(getattr(transformers, TEXT_ENCODERS[kind][0]), path / "tokenizer")
    check_tables(named(path / "text_encoder"), tokenizer, module)
    if kind == "CLIPTextModel":
        return text_encoder(tokenizer, module)
    return T5Text(tokenizer, ready(module), length_of(tokenizer, LENGTH))
