"""IP-Adapters: images that a denoiser attends to beside the text."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import torch

from nodeflow.node import NodeError, Reads, Rule, Slider, Supplied, node
from nodeflow.wires import Denoiser, Image, IPAdapter, Mask
from nodes.adapters.image_weights import WeightType, layer_factors
from nodes.denoisers.attached import AttachedImage
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.loaders.adapters.families import network_family
from nodes.loaders.families.ip_adapter.ip_adapter import PATTERNS, load_ip_adapter_parts
from nodes.loaders.read.locate import unless_blank
from nodes.loaders.read.parts import torch_dtype
from nodes.loaders.read.right_kind import find_beside, find_for, own_sight
from nodes.networks.image_prompts import places

Several = Literal["side by side", "averaged", "one for each seed"]


ORDER = Rule("end >= start", "the image leads until {end}, before it starts at {start}; make end the larger one")


@node("Load IP-Adapter")
def load_ip_adapter(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "",
    image_encoder: Annotated[str, Reads("model")] = "",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> IPAdapter:
    """Loads an IP-Adapter, which leads a denoiser by images, and the network by which it sees.

    ``model`` is one .safetensors file for Stable Diffusion 1 or XL (``ip-adapter_sd15``, plus, plus-face, full-face,
    ``ip-adapter_sdxl``, their ``vit-h`` and others), or XLabs' for FLUX.1 (``ip_adapter.safetensors``).
    ``image_encoder`` is the CLIP that it was trained to see by, as a file or folder: ViT-H for most, ViT-bigG for
    ``ip-adapter_sdxl``, ViT-L for FLUX.1. Empty takes the folder ``image_encoder`` beside the file, where its authors
    keep it. ``revision`` is a branch, tag or commit on the Hugging Face hub.

    Those for faces that compare them by a recogniser (FaceID) need a network that is not here.

    Fails with one sentence when there is no such file, when it is damaged or cut short, of another kind, and when the
    image encoder is missing or another than it was trained with.
    Paper: Ye et al. 2023, IP-Adapter: Text Compatible Image Prompt Adapter for Text-to-Image Diffusion Models
    (arXiv:2308.06721).
    """
    sight = find_beside("Load IP-Adapter", "image_encoder", image_encoder) if unless_blank(image_encoder) else None
    path = find_for("Load IP-Adapter", model, revision, PATTERNS)
    return load_ip_adapter_parts(path, sight or own_sight("Load IP-Adapter", path), torch_dtype(dtype))


@node("Apply IP-Adapter", rules=(ORDER,))
def apply_ip_adapter(
    denoiser: Denoiser,
    adapter: IPAdapter,
    image: Image,
    weight: Annotated[float, Slider(-1, 5, 0.05)] = 1.0,
    weight_type: WeightType = "linear",
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.0,
    end: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    several: Several = "side by side",
    counted: Literal["steps", "trained timesteps"] = "steps",
    mask: Mask | None = None,
) -> Denoiser:
    """Leads a denoiser by what images show: each layer that attends to the text attends to them too.

    The middle square of ``image`` (B, 3, H, W) is seen. Of ``several`` images all are attended to side by side, or
    their mean, or each seed has its own. ``weight`` scales what they add: at 0 the result is that without them, to the
    last bit. They act from the share ``start`` of the steps up to the share ``end``; counted in ``trained timesteps``
    these are shares of the 1000 that the model was trained with, from the noisiest on, as in ComfyUI. ``mask`` (B, 1,
    H, W), in the shape of what is painted, says where. What guidance leads away from sees no image, but what the
    adapter learned to stand for none. Put several of these nodes one behind the other for several images with weights
    or masks of their own; what they add is summed. The network itself stays as it is.

    ``weight_type`` weighs the layers, in the order in which they compute: all alike (linear), falling (ease in) or
    rising (ease out), most in the middle (ease in-out) or at the ends (reverse in-out), a fifth in one third of the
    U-Net (weak input, weak middle, weak output) or outside of its middle (strong middle). Style and composition are the
    layers that were found to paint these in Stable Diffusion 1 and XL; strong style is all but those of composition.

    Fails for a denoiser of another family, for a type that its network has no layers for, and where images or masks do
    not fit.
    Papers: Ye et al. 2023 (arXiv:2308.06721); style and composition: Wang et al. 2024, InstantStyle (arXiv:2404.02733).
    """
    if not isinstance(denoiser, NetworkDenoiser) or not denoiser.takes_images:
        raise NodeError(
            f"this IP-Adapter leads {adapter.family}, and this denoiser is of another kind; wire U-Net denoiser or "
            "Denoiser to it, and what changes the denoiser behind it"
        )
    module = denoiser.network.module
    _check_fit(adapter, module)
    factors = layer_factors(weight_type, [place.name for place in places(module)])
    tokens, nothing = adapter.tokens(image, several == "averaged"), adapter.nothing()
    if several == "side by side":
        tokens, nothing = tokens.flatten(0, 1)[None], nothing.repeat(1, len(tokens), 1)
    shown = None if mask is None else mask.values
    strengths = tuple(weight * factor for factor in factors)
    added = AttachedImage(adapter, tokens, nothing, strengths, shown, start, end, counted != "steps")
    return replace(denoiser, images=(*denoiser.images, added))


def _check_fit(adapter: IPAdapter, module: torch.nn.Module) -> None:
    """Raise NodeError where an adapter was made for another network."""
    layers: Any = adapter.layers
    wanted = [place.widths for place in places(module)]
    if [layer.widths for layer in layers] == wanted:
        return
    family = network_family(module)
    if adapter.family != family:
        raise NodeError(
            f"this IP-Adapter leads {adapter.family}, and this network is {family}; choose one for {family}"
        )
    raise NodeError(
        f"this IP-Adapter has {len(layers)} layers, and this network of {family} attends to the text in {len(wanted)} "
        "or in other widths; choose one that was made for this model"
    )
