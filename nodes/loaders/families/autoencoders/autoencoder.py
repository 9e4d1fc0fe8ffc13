"""Kinds of autoencoders: how each is made of a file or a folder, and what it becomes on a wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nodeflow.wires import VAE
from nodes.loaders.models.architecture import Architecture
from nodes.loaders.read.accounting import FileWeights


@dataclass(frozen=True)
class Autoencoder:
    """A kind of autoencoder; ``wire`` makes a VAE of its network, for latents of so many cells on a side."""

    architecture: Architecture
    wire: Callable[[Any, int], VAE]

    def from_file(
        self, path: Path, weights: FileWeights, what: str, dtype: torch.dtype, side: int, settings: Mapping[str, Any]
    ) -> VAE:
        """The VAE of a file, or of the part of one; ``settings``: what no weight says. Raises NodeError."""
        return self.wire(self.architecture.from_file(path, weights, what, dtype, **settings), side)

    def from_folder(self, folder: Path, dtype: torch.dtype, side: int) -> VAE:
        """The VAE of a folder. Raises NodeError."""
        return self.wire(self.architecture.from_folder(folder, dtype), side)
