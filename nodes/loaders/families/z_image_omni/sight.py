"""SigLIP 2's sight of images in their own ratio (Tschannen et al. 2025, arXiv:2502.14786), patch by patch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.read.folder_files import first_line, named
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.kinds.names import without
from nodes.loaders.text_encoders.tokenizers import Tokenizing

HEAD = 72
"""Numbers a head in SigLIP's image encoders of 400 million weights, which stands in no file."""


def names(weights: Weights) -> Weights:
    """Of `Siglip2VisionModel`."""
    return without(("vision_model.",), weights)


def shape(weights: Weights) -> Any:
    """Of `Siglip2VisionConfig`."""
    from transformers import Siglip2VisionConfig

    width, pixels = weights["embeddings.patch_embedding.weight"].shape
    return Siglip2VisionConfig(
        hidden_size=width,
        intermediate_size=len(weights["encoder.layers.0.mlp.fc1.weight"]),
        num_hidden_layers=count_layers((name.removeprefix("encoder.") for name in weights), "layers"),
        num_attention_heads=max(width // HEAD, 1),
        num_patches=len(weights["embeddings.position_embedding.weight"]),
        patch_size=round((pixels / 3) ** 0.5),
    )


def usual_eyes() -> Any:
    """What brings images into patches where no folder says otherwise."""
    from transformers import Siglip2ImageProcessor

    return Siglip2ImageProcessor()


@dataclass(frozen=True)
class Eyes(Tokenizing):
    """What brings images into patches, in the place of a tokenizer."""

    def of_folder(self, folder: Path) -> Any:
        """That of a folder. Raises NodeError where it is damaged."""
        from transformers import Siglip2ImageProcessor

        try:
            return Siglip2ImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError, TypeError) as error:
            raise NodeError(
                f"{named(folder)} says not how images are brought to its sight ({first_line(error)}); download it again"
            ) from None


SIGLIP_2 = EncoderKind(
    "SigLIP 2",
    ("SigLIP 2",),
    Architecture("transformers", "Siglip2VisionModel", shape, names),
    Eyes("Siglip2ImageProcessor", own=usual_eyes),
    filed="clip vision",
)
