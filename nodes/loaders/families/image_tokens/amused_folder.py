"""A folder as diffusers' AmusedPipeline saves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch

from nodeflow.node import NodeError
from nodeflow.wires import VQ, Conditioning, MaskedTransformer, TextEncoder
from nodes.loaders.families.autoencoders.vq_folder import load_vq_folder
from nodes.loaders.read.folder_files import named, no_progress_bar, read_json, read_tokenizer, read_weights
from nodes.loaders.read.parts import LoadTarget, ready
from nodes.loaders.text_encoders.tables import check_tables
from nodes.loaders.text_encoders.tokenizing import each, length_of, tokenized
from nodes.networks.compute_dtype import device_of

WEIGHTS = "diffusion_pytorch_model"
PATTERNS = [
    "model_index.json",
    "*/*.json",
    "tokenizer/*.txt",
    "text_encoder/model*.safetensors",
    f"transformer/{WEIGHTS}*.safetensors",
    f"vqvae/{WEIGHTS}*.safetensors",
]
"""What is fetched from the hub."""


class AmusedParts(NamedTuple):
    """Hold what makes a model of masked tokens."""

    text_encoder: TextEncoder
    transformer: MaskedTransformer
    vq: VQ


@dataclass(frozen=True, eq=False)
class AmusedText:
    """CLIP's tokenizer and text encoder as aMUSEd reads it: the last layer but one, and the projected whole."""

    tokenizer: Any
    module: torch.nn.Module
    length: int

    def encode(self, texts: list[str]) -> Conditioning:
        tokens = tokenized(self.tokenizer, texts, self.length).input_ids
        with torch.no_grad():
            output = self.module(tokens.to(device_of(self.module)), output_hidden_states=True)
        words = tuple(self.tokenizer.decode([token]) for token in tokens[0].tolist())
        return Conditioning(output.hidden_states[-2], output.text_embeds, words)

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        return each(self.encode, texts)


def load_amused_folder(path: Path, target: LoadTarget) -> AmusedParts:
    """All parts of a model. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    index = read_json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    if (kind := index.get("_class_name")) not in ("AmusedPipeline", "AmusedImg2ImgPipeline", "AmusedInpaintPipeline"):
        raise NodeError(f"{path.name} holds {kind}; this node loads diffusers' AmusedPipeline")
    schedule = read_json(path / "scheduler" / "scheduler_config.json", "it lacks its scheduler")
    from diffusers import UVit2DModel
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer

    vq = load_vq_folder(path, target)
    module = read_weights(UVit2DModel, path / "transformer", WEIGHTS, {"torch_dtype": target.dtype})
    with no_progress_bar():
        encoder = read_weights(CLIPTextModelWithProjection, path / "text_encoder", "model", {"dtype": target.dtype})
    tokenizer = read_tokenizer(CLIPTokenizer, path / "tokenizer")
    check_tables(named(path / "text_encoder"), tokenizer, encoder)
    config = module.config
    if vq.size != config.codebook_size:
        raise NodeError(f"{path.name}: its transformer and its VQ model know other codes; download it again")
    length = length_of(tokenizer, encoder.config.max_position_embeddings)
    transformer = MaskedTransformer(
        ready(module), int(config.codebook_size), int(config.sample_size), vq.downscale, schedule
    )
    return AmusedParts(AmusedText(tokenizer, ready(encoder), length), transformer, vq)
