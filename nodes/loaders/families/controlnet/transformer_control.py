"""ControlNets of transformers, which are shown an image as its latent and asked as the transformer itself is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import torch

from nodeflow.node import NodeError
from nodes.loaders.models.family import Family
from nodes.loaders.models.known import families, told_as
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import read_json
from nodes.loaders.read.parts import ready
from nodes.loaders.read.recognise import recognise


@dataclass(frozen=True, eq=False)
class TransformerControlNet:
    """A ControlNet of a ``family`` of transformers: its denoiser asks it, cell by cell of a latent."""

    module: torch.nn.Module
    family: str
    downscale: int = 1
    mode: int | None = None
    """The kind of its images by number, for a union that is told it."""

    @property
    def unshifted(self) -> bool:
        """Whether it sees latents that are scaled and not shifted, as InstantX trained those of Stable Diffusion 3."""
        return bool(getattr(self.module, "config", {}).get("force_zeros_for_pooled_projection"))

    @property
    def inpaints(self) -> bool:
        """Whether it sees what of an image is known, in channels beside those of its latent."""
        config: Any = getattr(self.module, "config", {})
        return any(config.get(f"extra_{name}_channels") for name in ("condition", "conditioning"))

    def of(self, kind: str) -> Self:
        """The network for control images of a kind. Raises NodeError for one that a union does not know."""
        config: Any = getattr(self.module, "config", {})
        if not config.get("num_mode"):
            return self
        modes = families()[self.family].control_modes
        if kind not in modes:
            raise NodeError(f"this union of ControlNets knows {', '.join(modes)}, and not {kind}; choose one of these")
        return replace(self, mode=modes[kind])


def family_of_folder(path: Path) -> Family | None:
    """The family whose ControlNet a folder holds; None for a U-Net's."""
    kind = read_json(path / "config.json", "it needs a config.json as diffusers saves it").get("_class_name")
    return next((one for one in families().values() if one.control and one.control.kind == kind), None)


def family_of_file(path: Path) -> Family | None:
    """The family whose ControlNet a file holds, by the rules; None for a U-Net's."""
    family = told_as(recognise(path).family)
    return family if family and family.control else None


def load_transformer_control(family: Family, path: Path, precision: ComputePrecision) -> TransformerControlNet:
    """A ControlNet out of a folder or file. Raises NodeError for damaged and missing weights."""
    architecture = family.control
    assert architecture is not None
    if path.is_dir():
        module: Any = architecture.from_folder(path, precision.dtype(architecture.precisions))
    else:
        file = WeightsFile(path)
        weights = file.alone()
        architecture = next((one for mark, one in family.other_controls.items() if mark in weights), architecture)
        dtype = precision.dtype(architecture.precisions)
        module = architecture.from_file(path, weights, f"ControlNet of {family.name}", dtype)
        file.close()
    return TransformerControlNet(ready(module), family.name)
