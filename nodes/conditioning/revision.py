"""Images in the place of what a text says as a whole (Revision)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from nodeflow.node import NodeError, Reads, Slider, Supplied, node
from nodeflow.wires import Conditioning, Image
from nodes.loaders.families.ip_adapter.clip_vision import load_sight, prepared
from nodes.loaders.read.parts import ready, torch_dtype
from nodes.loaders.read.right_kind import find_beside


@node("Revision conditioning")
def revision_conditioning(
    conditioning: Conditioning,
    image: Image,
    image_encoder: Annotated[str, Reads("model", needed=True)] = "",
    strength: Annotated[float, Slider(-10, 10, 0.05)] = 1.0,
    added: bool = False,
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> Conditioning:
    """Says to Stable Diffusion XL what an image shows, in the place of what a text says as a whole.

    XL reads a text token by token, and as one vector (B, 1280) of CLIP ViT-bigG. An image (B, 3, H, W) has a vector in
    the same space: ``strength`` times it takes the place of the text's, whose tokens stay as they are. ``added`` to
    what stands there already, several of these nodes one behind the other mix images. ``image_encoder`` is the file or
    folder of that CLIP's image encoder, such as ``clip_vision_g.safetensors``; the middle square of the image is seen.

    Fails with one sentence when there is no such file, when it is damaged or another network, for the text of another
    model, and where images and texts are two batches of different sizes.
    Papers: Podell et al. 2023, SDXL (arXiv:2307.01952); Radford et al. 2021 (arXiv:2103.00020).
    """
    sight = ready(load_sight(find_beside("Revision conditioning", "image_encoder", image_encoder), torch_dtype(dtype)))
    with torch.no_grad():
        seen = sight(prepared(image, sight)).image_embeds * strength
    pooled = conditioning.pooled
    if pooled is None or pooled.shape[-1] != seen.shape[-1]:
        width = "no vector as a whole" if pooled is None else f"one of {pooled.shape[-1]} numbers"
        raise NodeError(
            f"this text has {width}, and the image one of {seen.shape[-1]}; wire a text of Stable Diffusion XL, and "
            "the image encoder of its CLIP"
        )
    count = max(len(pooled), len(seen))
    if len(pooled) not in (1, count) or len(seen) not in (1, count):
        raise NodeError(f"{len(seen)} images do not fit {len(pooled)} texts; give one image, or one for each text")
    seen = seen.to(pooled).expand(count, -1)
    return replace(conditioning, pooled=pooled + seen if added else seen)
