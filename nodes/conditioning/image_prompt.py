"""Images in the place of words: what one shows, told to a denoiser in a text's own tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from nodeflow.node import NodeError, Reads, Slider, Supplied, node
from nodeflow.wires import Conditioning, Image, ImagePrompter
from nodes.loaders.families.flux_1.redux import PATTERNS, load_redux_parts
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.read.locate import unless_blank
from nodes.loaders.read.right_kind import find_beside, find_for, own_sight


@node("Load Redux")
def load_redux(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "",
    image_encoder: Annotated[str, Reads("model")] = "",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> ImagePrompter:
    """Loads FLUX.1 Redux, which tells a FLUX.1 in tokens what an image shows.

    ``model`` is a folder as diffusers' FluxPriorReduxPipeline saves it, the id of one on the Hugging Face hub, or one
    .safetensors file, such as ``flux1-redux-dev.safetensors``. A file needs the network that sees beside it:
    ``image_encoder`` is SigLIP's file or folder, such as ``sigclip_vision_patch14_384.safetensors``. ``revision`` is a
    branch, tag or commit on the hub.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when the image encoder is
    missing or another one.
    Papers: Black Forest Labs 2024, FLUX.1 Tools; SigLIP: Zhai et al. 2023 (arXiv:2303.15343).
    """
    sight = find_beside("Load Redux", "image_encoder", image_encoder) if unless_blank(image_encoder) else None
    path = find_for("Load Redux", model, revision, PATTERNS)
    return load_redux_parts(path, sight or own_sight("Load Redux", path), ComputePrecision("auto", dtype, device))


@node("Redux conditioning")
def redux_conditioning(
    conditioning: Conditioning,
    redux: ImagePrompter,
    image: Image,
    strength: Annotated[float, Slider(0, 2, 0.01)] = 1.0,
) -> Conditioning:
    """Says what an image shows behind what a text says; the model paints variations of it.

    Tokens (B, L, D) of the text become (B, L + M, D), 729 more for each image; an empty text leaves all to the image.
    ``strength`` scales what the image says, and 0 leaves its tokens out: the text is then as it was. Put several of
    these nodes one behind the other to mix images. The text as a whole stays as it is.

    Fails for the text of another family, and where images and texts are two batches of different sizes.
    Paper: Black Forest Labs 2024, FLUX.1 Tools.
    """
    if not strength:
        return conditioning
    tokens, shown = conditioning.tokens, strength * redux.tokens(image)
    if tokens is None or conditioning.mask is not None or tokens.shape[-1] != shown.shape[-1]:
        raise NodeError(
            f"this text is not FLUX.1's, whose tokens have {shown.shape[-1]} numbers; wire its own encoding"
        )
    count = max(len(tokens), len(shown))
    if len(tokens) not in (1, count) or len(shown) not in (1, count):
        raise NodeError(f"{len(shown)} images do not fit {len(tokens)} texts; give one image, or one for each text")
    both = [part.expand(count, *part.shape[1:]) for part in (tokens, shown.to(tokens))]
    words = (*conditioning.words, *("image",) * shown.shape[1]) if conditioning.words else ()
    return replace(conditioning, tokens=torch.cat(both, 1), words=words, otherwise=None)
