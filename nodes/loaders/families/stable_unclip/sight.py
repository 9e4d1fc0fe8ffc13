"""What Stable unCLIP is told of an image: its vector of CLIP, made noisy on purpose, and how noisy that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.loaders.families.ip_adapter.clip_vision import SIGHT, prepared
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named, read_json, read_weights
from nodes.loaders.read.parts import ready

PATTERNS = [
    "*.json",
    *(f"{part}/*.json" for part in ("image_encoder", "image_normalizer", "image_noising_scheduler")),
    *(f"{part}/*.safetensors" for part in ("image_encoder", "image_normalizer")),
]
"""What is fetched from the hub."""
ENCODER, STATISTICS = "unCLIP's image encoder", "unCLIP's statistics"
MEAN, DEVIATION = "data_mean", "data_std"
MIXED = 50
"""The level of noise on a mixture of what several images show, a twentieth of all levels, as ComfyUI has it."""
COSINE = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2"}
"""How the vectors are made noisy, which stands in no file."""


@dataclass(frozen=True, eq=False)
class UnclipSight:
    """CLIP's image encoder, mean and deviation (1, D) of its vectors, and the levels of noise on them."""

    network: Any
    mean: Tensor
    deviation: Tensor
    noising: Mapping[str, Any]

    def told(self, image: Image, level: int, generator: torch.Generator) -> Tensor:
        """(B, 2 D) of images (B, 3, H, W): their vectors at a level of noise, and that level as waves.

        Raises NodeError for a level that the model does not know.
        """
        known = int(self.noising.get("num_train_timesteps", 1000))
        if level >= known:
            raise NodeError(f"noise_level is {level}, and this model knows 0 to {known - 1}")
        with torch.no_grad():
            seen = self.network(prepared(image, self.network)).image_embeds.float().cpu()
        return self._noisy(seen, level, generator)

    def mixed(self, told: Sequence[Tensor], generator: torch.Generator) -> Tensor:
        """(B, 2 D) of what several images are told as: their vectors added, at a level of noise of the mixture's own.

        Raises NodeError for what another model told.
        """
        wide = self.mean.shape[-1]
        if any(one.shape[-1] != 2 * wide for one in told):
            raise NodeError("the images before this one were seen by another model; name the same one at all of them")
        vectors = sum((one[:, :wide] for one in told), torch.zeros(1, wide))
        return self._noisy(vectors, MIXED, generator)

    def _noisy(self, vectors: Tensor, level: int, generator: torch.Generator) -> Tensor:
        from diffusers import DDPMScheduler
        from diffusers.models.embeddings import get_timestep_embedding

        plan = DDPMScheduler.from_config({**self.noising, "_class_name": "DDPMScheduler"})
        noise, levels = torch.randn(vectors.shape, generator=generator), torch.full((len(vectors),), level)
        noisy = plan.add_noise((vectors - self.mean) / self.deviation, noise, levels) * self.deviation + self.mean
        waves = get_timestep_embedding(levels, vectors.shape[-1], flip_sin_to_cos=True, downscale_freq_shift=0)
        return torch.cat([noisy, waves], 1)


def load_unclip_sight(path: Path, dtype: torch.dtype) -> UnclipSight:
    """Of the pipeline's folder, or of a file that holds all of the model. Raises NodeError where it is another one."""
    return _of_folder(path, dtype) if path.is_dir() else _of_file(path, dtype)


def _of_folder(path: Path, dtype: torch.dtype) -> UnclipSight:
    from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer

    where = path / "image_noising_scheduler" / "scheduler_config.json"
    noising = read_json(where, "it says how the vectors of images are made noisy")
    statistics = read_weights(
        StableUnCLIPImageNormalizer,
        path / "image_normalizer",
        "diffusion_pytorch_model",
        {"torch_dtype": torch.float32},
    )
    network = SIGHT.from_folder(path / "image_encoder", dtype)
    return _checked(path, network, statistics.mean.detach(), statistics.std.detach(), noising)


def _of_file(path: Path, dtype: torch.dtype) -> UnclipSight:
    file = WeightsFile(path)
    seeing, statistics = file.part(ENCODER), file.part(STATISTICS)
    if seeing is None or statistics is None or MEAN not in statistics or DEVIATION not in statistics:
        raise NodeError(
            f"{named(path)} has no image encoder of unCLIP (embedder.model.visual...); name the file or folder that "
            "holds all of Stable unCLIP"
        )
    network = SIGHT.from_file(path, seeing, "image encoder of unCLIP", dtype)
    mean, deviation = (statistics[name].float().reshape(1, -1) for name in (MEAN, DEVIATION))
    return _checked(path, network, mean, deviation, COSINE)


def _checked(path: Path, network: Any, mean: Tensor, deviation: Tensor, noising: Mapping[str, Any]) -> UnclipSight:
    wide = int(network.config.projection_dim)
    if mean.shape[-1] != wide or deviation.shape[-1] != wide or not (deviation > 0).all():
        raise NodeError(
            f"{named(path)} says how vectors of {mean.shape[-1]} numbers spread, and its image encoder's "
            f"have {wide}; download it again"
        )
    return UnclipSight(ready(network), mean, deviation, noising)
