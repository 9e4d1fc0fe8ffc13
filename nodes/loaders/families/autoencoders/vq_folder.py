"""A folder with a VQModel as diffusers saves it, alone or in a pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.node import NodeError
from nodeflow.wires import VQ, Codes, Image
from nodes.loaders.read.folder_files import read_json, read_weights
from nodes.loaders.read.parts import LoadTarget, ready
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite

WEIGHTS = "diffusion_pytorch_model"
PLACES = ("vqvae", "vq")
"""What pipelines call the part: aMUSEd, and the first latent diffusion models."""
PATTERNS = [
    "config.json",
    f"{WEIGHTS}*.safetensors",
    "model_index.json",
    *(f"{place}/{name}" for place in PLACES for name in ("config.json", f"{WEIGHTS}*.safetensors")),
]
"""What is fetched from the hub."""
GREY = 0.5


@dataclass(frozen=True, eq=False)
class DiffusersVQ:
    """diffusers' `VQModel`. Its images go from ``low`` to 1. One image at a time, as with a VAE."""

    module: torch.nn.Module
    size: int
    downscale: int
    low: float

    def encode(self, image: Image) -> Codes:
        module: Any = self.module
        found = []
        with torch.no_grad():
            for pixels in image.pixels.split(1):
                given = pixels.to(device_of(module), dtype_of(module)) * (1 - self.low) + self.low
                latents = finite(module.encode(given).latents, "the VQ encoder", "vectors")
                found.append(module.quantize(latents)[2][2].reshape(1, *latents.shape[-2:]))
        return Codes(torch.cat(found).cpu(), self.size)

    def vectors(self) -> Tensor:
        """The codebook (N, D)."""
        module: Any = self.module
        found: Tensor = module.quantize.embedding.weight.detach()
        return found.float().cpu()

    def features(self, image: Image) -> Tensor:
        """What the encoder gives before codes are chosen, (B, D, h, w)."""
        module: Any = self.module
        with torch.no_grad():
            given = image.pixels.to(device_of(module), dtype_of(module)) * (1 - self.low) + self.low
            found = finite(module.encode(given).latents, "the VQ encoder", "vectors")
        return found.float().cpu()

    def decode(self, codes: Codes) -> Image:
        module: Any = self.module
        pictures = []
        with torch.no_grad():
            for values in codes.values.to(device_of(module)).split(1):
                vectors = _filled(module.quantize.embedding(values.clamp(min=0)), values < 0).permute(0, 3, 1, 2)
                hidden = module.post_quant_conv(vectors)
                whole = module.decoder(hidden, vectors if module.config.norm_type == "spatial" else None).float()
                pixels = ((finite(whole) - self.low) / (1 - self.low)).clamp(0, 1)
                missing = interpolate((values < 0).float()[:, None], pixels.shape[-2:])
                pictures.append(torch.where(missing > 0, GREY, pixels))
        return Image(torch.cat(pictures))


def _filled(vectors: Tensor, missing: Tensor) -> Tensor:
    """The vectors (1, h, w, D) with the mean of the others where they are missing, which says least about the rest."""
    known = (~missing)[..., None].to(vectors.dtype)
    mean = (vectors * known).sum((1, 2), keepdim=True) / known.sum((1, 2), keepdim=True).clamp(min=1)
    return torch.where(missing[..., None], mean, vectors)


def load_vq_folder(path: Path, target: LoadTarget) -> VQ:
    """The VQ model of a folder. Raises NodeError for another kind of model, missing, damaged or unsafe weights.

    The configuration says which images it takes only in a roundabout way: those of aMUSEd, whose codes are looked up
    in the codebook, take 0 to 1, as its pipeline does; the others -1 to 1.
    """
    from diffusers import VQModel

    inside = next((path / place for place in PLACES if (path / place).is_dir()), path)
    config = read_json(inside / "config.json", "it needs a config.json as diffusers saves it, or a vqvae folder")
    if (kind := config.get("_class_name")) != "VQModel":
        raise NodeError(f"{path.name} holds {kind}; this node loads VQModel")
    module = read_weights(VQModel, inside, WEIGHTS, {"torch_dtype": target.dtype})
    low = 0.0 if module.config.lookup_from_codebook else -1.0
    downscale = 2 ** (len(module.config.block_out_channels) - 1)
    return DiffusersVQ(ready(module), int(module.config.num_vq_embeddings), downscale, low)
