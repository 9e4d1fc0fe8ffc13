"""What an image shows, told to a model that was trained to paint what CLIP sees (Stable unCLIP)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from nodeflow.node import NodeError, Reads, Seed, Slider, Supplied, node
from nodeflow.wires import Conditioning, Image
from nodes.loaders.families.stable_unclip.sight import PATTERNS, load_unclip_sight
from nodes.loaders.read.parts import torch_dtype
from nodes.loaders.read.right_kind import find_for

FAMILY = "Stable unCLIP"


@node("Stable unCLIP conditioning")
def stable_unclip_conditioning(
    conditioning: Conditioning,
    image: Image,
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "",
    noise_level: Annotated[int, Slider(0, 999)] = 0,
    strength: Annotated[float, Slider(-10, 10, 0.05)] = 1.0,
    seed: Annotated[int, Seed()] = 0,
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> Conditioning:
    """Says to Stable unCLIP what images show; it paints variations of them, as far as the text agrees.

    Images (B, 3, H, W) become CLIP's vectors (B, D), to which noise of ``noise_level`` steps of 1000 is added, drawn by
    ``seed``, and behind them the level as waves: at 0 the model keeps to what it is told, higher up it is told less of
    it, and makes up more. ``strength`` times that is added to the network's timestep; 0 leaves the text alone. An empty
    text leaves all to the image. The middle square of the image is seen.

    Several of these nodes, one behind the other, mix what their images show: the vectors are added, and noise of 50
    steps goes onto the sum, as ComfyUI does it.

    ``model`` is the same folder, hub id or file as at *Load model*: all of Stable unCLIP, whose image encoder is read.
    Ask the network by *Denoiser*, and lead away from a text without an image.

    Fails with one sentence when there is no such model, when it is damaged or another one, and for the text of
    another model.
    Papers: Ramesh et al. 2022, unCLIP (arXiv:2204.06125); noise on what is told: Ho et al. 2021 (arXiv:2106.15282).
    """
    if conditioning.read_for not in ("", FAMILY):
        raise NodeError(
            f"this text was read for {conditioning.read_for}, and only {FAMILY} is told so what an image shows; wire a "
            "text that its own encoder read"
        )
    if not strength:
        return conditioning
    path = find_for("Stable unCLIP conditioning", model, revision, PATTERNS)
    sight = load_unclip_sight(path, torch_dtype(dtype))
    generator = torch.Generator().manual_seed(seed)
    told = strength * sight.told(image, noise_level, generator)
    before = tuple(one[:, 0, 0] for one in conditioning.sights[1:] or conditioning.sights)
    if not before:
        return replace(conditioning, sights=(told[:, None, None],))
    mixed = sight.mixed((*before, told), generator)
    return replace(conditioning, sights=tuple(one[:, None, None] for one in (mixed, *before, told)))
