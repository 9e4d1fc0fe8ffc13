"""Images that a model is shown besides a text: what it is to change, or what is to appear in the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from nodeflow.node import Multiline, NodeError, Range, node
from nodeflow.wires import VAE, Conditioning, DiffusionNetwork, Image, Reference, SeeingTextEncoder, TextEncoder
from nodes.loaders.models.family import Size
from nodes.loaders.models.known import families, family_of_network
from nodes.loaders.models.text import read_alike
from nodes.loaders.text_encoders.read_for import read_for, signed


@node("Reference image")
def reference_image(
    image: Image, vae: VAE, network: DiffusionNetwork, side: Annotated[int, Range(0, 4096)] = 0
) -> Reference:
    """Encodes an image that a model is shown besides a text, in the sizes of the model's family.

    It is scaled to about as many pixels as the family was trained with, in its own ratio, and encoded by the VAE;
    families whose text encoder sees (Qwen-Image) show it to that too. Wire it, with any number of others, to Edit
    conditioning, in the order in which the text speaks of them. ``side`` is the side in pixels of a square with as many
    pixels; 0 is the usual one. What is painted has a size of its own, which the noise says.

    Fails for several images at once, and for a network whose family is shown no images.
    Paper: Black Forest Labs 2025, FLUX.1 Kontext (arXiv:2506.15742), section 3.
    """
    family = family_of_network(network)
    if family is None or family.references is None:
        shown = ", ".join(name for name, one in families().items() if one.references)
        raise NodeError(f"{family.name if family else 'this network'} is shown no reference images; {shown} are")
    if len(image.pixels) != 1:
        raise NodeError(f"{len(image.pixels)} images are one too many; give each a Reference image of its own")
    height, width = image.pixels.shape[-2:]
    sizes = family.references
    size = sizes.encoded((height, width), side)
    scaled = sizes.scaled((height, width), side) if sizes.scaled else size
    latent = vae.encode(Image(middle(resized(image.pixels, scaled), size)))
    seen = sizes.seen and Image(resized(image.pixels, sizes.seen((height, width), side)))
    return Reference(latent, seen or None, family.name)


def resized(pixels: Tensor, size: Size) -> Tensor:
    """Pixels (1, 3, H, W) of 8 bits at another size, by Lanczos' filter of Pillow, as the families' pipelines do."""
    import numpy as np
    from PIL.Image import Resampling, fromarray

    plain = (pixels[0].cpu().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    found = np.asarray(fromarray(plain).resize(size[::-1], Resampling.LANCZOS))
    return torch.from_numpy(found.copy()).permute(2, 0, 1)[None].float() / 255


def middle(pixels: Tensor, size: Size) -> Tensor:
    """The middle of pixels (1, 3, H, W), of a size; what is smaller than that is scaled to it."""
    height, width = pixels.shape[-2:]
    if height < size[0] or width < size[1]:
        return resized(pixels, size)
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    return pixels[..., top : top + size[0], left : left + size[1]]


@node("Edit conditioning")
def edit_conditioning(
    text_encoder: TextEncoder, *references: Reference, text: Annotated[str, Multiline()] = ""
) -> Conditioning:
    """Encodes a text together with reference images, for models that change or combine images.

    Without references it is the text alone. The denoiser is shown the latents of all of them beside what it paints, and
    in families whose text encoder sees, the text is read with the images before the eyes, in their order. For
    guidance wire the same references to the negative text's node too.

    Fails when references were encoded for different families, and for a text encoder without sight where the family
    needs that.
    Papers: Wu et al. 2025, Qwen-Image (arXiv:2508.02324); Black Forest Labs 2025 (arXiv:2506.15742).
    """
    refuse_other_families(references, text_encoder)
    seen = [reference.seen for reference in references if reference.seen is not None]
    if seen and not isinstance(text_encoder, SeeingTextEncoder):
        raise NodeError(
            f"this text encoder sees no images, and that of {references[0].family} does; wire the model's own"
        )
    if seen and isinstance(text_encoder, SeeingTextEncoder):
        found = text_encoder.encode_seeing(text, seen)
    else:
        found = text_encoder.encode([text])
    return replace(signed(text_encoder, found), references=tuple(reference.latent.samples for reference in references))


def refuse_other_families(references: Sequence[Reference], text_encoder: TextEncoder) -> None:
    """Raise NodeError for references of several families, or of another than the text encoder's."""
    known = sorted({reference.family for reference in references})
    if len(known) > 1:
        raise NodeError(f"these references were encoded for {' and '.join(known)}; encode all for the same model")
    if known and not read_alike(known[0], reads := read_for(text_encoder)):
        raise NodeError(
            f"these references were encoded for {known[0]}, and this text encoder is {reads}'s; wire the text "
            f"encoder of {known[0]}"
        )
