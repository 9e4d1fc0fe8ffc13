"""CLIP's image encoder alone, as IP-Adapters see by it: from a folder or one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.loaders.families.clip.open_clip_names import sight_names
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.recognise import recognise
from nodes.networks.compute_dtype import device_of, dtype_of

INSIDE = "vision_model."
HEADS = {1280: 80, 1664: 104}
"""Numbers a head by the width of ViT-H and ViT-bigG, which stands in no file; 64 in all others."""
QUICK = 1024
"""The width of OpenAI's ViT-L, whose activation is not that of OpenCLIP's."""


def shape(weights: Weights) -> Any:
    """Of `CLIPVisionConfig`."""
    from transformers import CLIPVisionConfig

    width, _, patch, _ = weights[f"{INSIDE}embeddings.patch_embedding.weight"].shape
    across = round((len(weights[f"{INSIDE}embeddings.position_embedding.weight"]) - 1) ** 0.5)
    return CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=len(weights[f"{INSIDE}encoder.layers.0.mlp.fc1.weight"]),
        num_hidden_layers=count_layers((name.removeprefix(f"{INSIDE}encoder.") for name in weights), "layers"),
        num_attention_heads=max(width // HEADS.get(width, 64), 1),
        image_size=across * patch,
        patch_size=patch,
        projection_dim=len(weights["visual_projection.weight"]),
        hidden_act="quick_gelu" if width == QUICK else "gelu",
    )


SIGHT = Architecture(
    "transformers",
    "CLIPVisionModelWithProjection",
    shape,
    sight_names,
    ignorable=(r"(vision_model\.)?embeddings\.position_ids$",),
)


def load_sight(path: Path, dtype: torch.dtype) -> Any:
    """A `CLIPVisionModelWithProjection`. Raises NodeError for another network, damaged and missing weights."""
    if path.is_dir():
        return SIGHT.from_folder(path, dtype)
    found = recognise(path)
    if found.known and (found.kind, found.family) != ("clip vision", "CLIP"):
        raise NodeError(f"{named(path)} holds {found.what}, and IP-Adapters see by a CLIP; name that at image_encoder")
    file = WeightsFile(path)
    module = SIGHT.from_file(path, file.alone(), "image encoder of a CLIP", dtype)
    file.close()
    return module


def prepared(image: Image, sight: Any) -> Tensor:
    """Images as CLIP's processor prepares them, where its network computes: the middle square, normalised."""
    from transformers import CLIPImageProcessor

    side = int(sight.config.image_size)
    processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    plain = (image.pixels.cpu() * 255).round().to(torch.uint8)
    pixels: Tensor = processor(list(plain), return_tensors="pt").pixel_values
    return pixels.to(device_of(sight), dtype_of(sight))
