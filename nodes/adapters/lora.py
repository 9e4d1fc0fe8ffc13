"""Low-rank adapters: a style or a subject, added to a model that stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, TypeVar

from nodeflow.node import NodeError, Reads, Slider, node
from nodeflow.wires import Adapter, DiffusionNetwork, TextEncoder
from nodes.loaders.adapters.lora_files import PATTERNS, Layers, read_lora
from nodes.loaders.read.parts import CLIPText
from nodes.loaders.read.right_kind import find_for
from nodes.loaders.text_encoders.joint import Reader, TwinText

Encoder = TypeVar("Encoder", CLIPText, Reader)


@node("LoRA")
def apply_lora(
    unet: DiffusionNetwork,
    lora: Annotated[str, Reads("model")] = "starter:lora-sticker",
    weight: Annotated[float, Slider(-2, 2, 0.05)] = 1.0,
    revision: str = "",
) -> DiffusionNetwork:
    """Adds a LoRA to a U-Net: what a small file changes of it, such as a style.

    ``lora`` is one of
    - a LoRA that ships with nodeflow: ``starter:lora-sticker`` for ``starter:latent-diffusion``
    - a .safetensors file for Stable Diffusion 1, 2 or XL, as diffusers, peft or kohya's trainer save it
    - a folder with pytorch_lora_weights.safetensors (diffusers) or adapter_model.safetensors (peft)
    - the id of such a folder on the Hugging Face hub: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it

    ``weight`` scales the change: 0 is the model without it, to the last bit; 1 is as it was trained; more exaggerates,
    and below 0 leads away from it. The loaded model is never changed: other nodes that use it do not see the LoRA. Put
    several of these nodes one behind the other to add several. Where the file also changes the text encoder, wire that
    through *LoRA for the text encoder*.

    Fails when the file is damaged, holds nothing for a U-Net, or was made for another model.
    Paper: Hu et al. 2021, LoRA: Low-Rank Adaptation of Large Language Models (arXiv:2106.09685).
    """
    layers = read_lora(find_for("LoRA", lora, revision, PATTERNS), "unet", unet.module)
    if not layers:
        raise NodeError(f"{lora} holds nothing for a U-Net; is it one for the text encoder alone?")
    return replace(unet, adapters=(*unet.adapters, Adapter(layers, weight)))


@node("LoRA for the text encoder")
def apply_lora_to_text(
    text_encoder: TextEncoder,
    lora: Annotated[str, Reads("model")] = "",
    weight: Annotated[float, Slider(-2, 2, 0.05)] = 1.0,
    revision: str = "",
) -> TextEncoder:
    """Adds the part of a LoRA that is for the text encoder, where its file has one.

    ``lora``, ``weight`` and ``revision`` are as for the U-Net. With it, words can mean what the LoRA was trained to
    call its subject. The loaded text encoder is never changed.

    Fails when the file is damaged, holds nothing for a text encoder, or was made for another model.
    Paper: Hu et al. 2021 (arXiv:2106.09685).
    """
    if not isinstance(text_encoder, (CLIPText, TwinText)):
        raise NodeError("a LoRA changes the text encoder of Stable Diffusion 1, 2 or XL; this one is of another kind")
    path = find_for("LoRA for the text encoder", lora, revision, PATTERNS)
    if isinstance(text_encoder, TwinText):
        parts = ("text_encoder", "text_encoder_2")[-len(text_encoder.readers) :]
        found = [read_lora(path, part, one.module) for part, one in zip(parts, text_encoder.readers, strict=True)]
        changed = [_with(one, layers, weight) for one, layers in zip(text_encoder.readers, found, strict=True)]
        led: CLIPText | TwinText = replace(text_encoder, readers=tuple(changed))
    else:
        found = [read_lora(path, "text_encoder", text_encoder.module)]
        led = _with(text_encoder, found[0], weight)
    if not any(found):
        raise NodeError(f"{lora} holds nothing for the text encoder; add it to the U-Net alone")
    return led


def _with(encoder: Encoder, layers: Layers, weight: float) -> Encoder:
    """An encoder with one adapter more, or as it is where there is nothing for it."""
    return replace(encoder, adapters=(*encoder.adapters, Adapter(layers, weight))) if layers else encoder
