"""FLUX.1 Redux: what SigLIP sees in an image, brought into the space of T5's tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.parts import ready
from nodes.loaders.read.recognise import recognise
from nodes.networks.compute_dtype import device_of, dtype_of

PATTERNS = [
    "*.json",
    *(f"{part}/*.json" for part in ("image_encoder", "image_embedder", "feature_extractor")),
    *(f"{part}/*.safetensors" for part in ("image_encoder", "image_embedder")),
]
"""What is fetched from the hub."""
HEAD = 72
"""Numbers a head in SigLIP's image encoder of 400 million parameters, which stands in no file."""
BEFORE = "vision_model."


@dataclass(frozen=True, eq=False)
class Redux:
    """SigLIP's image encoder and diffusers' `ReduxImageEncoder` behind it."""

    sight: torch.nn.Module
    embedder: torch.nn.Module

    def tokens(self, image: Image) -> Tensor:
        """One for each patch of 14 x 14 pixels of an image that is brought to SigLIP's side, (B, L, D)."""
        from transformers import SiglipImageProcessor

        sight: Any = self.sight
        side = int(sight.config.image_size)
        processor = SiglipImageProcessor(size={"height": side, "width": side})
        plain = (image.pixels.cpu().clamp(0, 1) * 255).round().to(torch.uint8)
        pixels = processor(list(plain), return_tensors="pt").pixel_values
        with torch.no_grad():
            seen = sight(pixels.to(device_of(sight), dtype_of(sight))).last_hidden_state
            found: Tensor = self.embedder(seen).image_embeds
        return found


def sight_names(weights: Weights) -> Weights:
    return {name.removeprefix(BEFORE): value for name, value in weights.items()}


def sight_shape(weights: Weights) -> Any:
    """Of `SiglipVisionConfig`."""
    from transformers import SiglipVisionConfig

    width, _, patch, _ = weights["embeddings.patch_embedding.weight"].shape
    across = round(len(weights["embeddings.position_embedding.weight"]) ** 0.5)
    return SiglipVisionConfig(
        hidden_size=width,
        intermediate_size=len(weights["encoder.layers.0.mlp.fc1.weight"]),
        num_hidden_layers=count_layers((name.removeprefix("encoder.") for name in weights), "layers"),
        num_attention_heads=max(width // HEAD, 1),
        image_size=across * patch,
        patch_size=patch,
    )


def embedder_shape(weights: Weights) -> dict[str, Any]:
    """Of `ReduxImageEncoder`."""
    return {
        "redux_dim": weights["redux_up.weight"].shape[1],
        "txt_in_features": len(weights["redux_down.weight"]),
    }


SIGHT = Architecture("transformers", "SiglipVisionModel", sight_shape, sight_names)
EMBEDDER = Architecture("diffusers.pipelines.flux.modeling_flux", "ReduxImageEncoder", embedder_shape)


def load_redux_parts(path: Path, image_encoder: Path, precision: ComputePrecision) -> Redux:
    """Of the pipeline's folder, or of a file with the embedder, and of SigLIP's file or folder. Raises NodeError where
    that is another network."""
    dtype = precision.dtype(SIGHT.precisions)
    embedder = _embedder(path, dtype)
    return Redux(ready(_sight(image_encoder, dtype)), ready(embedder))


def _embedder(path: Path, dtype: torch.dtype) -> Any:
    if path.is_dir():
        from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder

        from nodes.loaders.read.folder_files import read_weights

        options = {"torch_dtype": dtype}
        return read_weights(ReduxImageEncoder, path / "image_embedder", "diffusion_pytorch_model", options)
    file = WeightsFile(path)
    module = EMBEDDER.from_file(path, file.alone(), "Redux", dtype)
    file.close()
    return module


def _sight(path: Path, dtype: torch.dtype) -> Any:
    if path.is_dir():
        return SIGHT.from_folder(path, dtype)
    found = recognise(path)
    if found.known and (found.kind, found.family) != ("clip vision", "SigLIP"):
        raise NodeError(f"{named(path)} holds {found.what}, and Redux sees by SigLIP; name that at image_encoder")
    file = WeightsFile(path)
    module = SIGHT.from_file(path, file.alone(), "SigLIP", dtype)
    file.close()
    return module
