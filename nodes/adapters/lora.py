"""Adapters: a style or a subject, added to a model that stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from nodeflow.node import NodeError, Range, Reads, Rule, Slider, node, warn
from nodeflow.wires import Adapter, DiffusionNetwork, LayerChange, TextEncoder
from nodes.adapters.text_parts import parts_of
from nodes.loaders.adapters.adapter_file import PATTERNS, AdapterFile, read_adapter_file
from nodes.loaders.adapters.blocks import shares
from nodes.loaders.adapters.families import made_for, network_family
from nodes.loaders.adapters.names.tables import network_names
from nodes.loaders.adapters.reader import for_network, for_text
from nodes.loaders.models.known import family_of_network
from nodes.loaders.read.right_kind import find_for
from nodes.written import BLOCK_FACTORS

ORDER = Rule("end >= start", "the LoRA ends at {end}, before it starts at {start}; make end the larger one")


@node("LoRA", version=2, rules=(ORDER,))
def apply_lora(
    unet: DiffusionNetwork,
    lora: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:lora-sticker",
    weight: Annotated[float, Slider(-2, 2, 0.05)] = 1.0,
    revision: str = "",
    blocks: Annotated[str, BLOCK_FACTORS] = "",
    start: Annotated[float, Range(0, 1)] = 0.0,
    end: Annotated[float, Range(0, 1)] = 1.0,
) -> DiffusionNetwork:
    """Adds a LoRA, or one of its kin, to a U-Net or transformer: what a small file changes of it.

    ``lora`` is one of
    - a LoRA that ships with nodeflow: ``starter:lora-sticker`` for ``starter:latent-diffusion``
    - a .safetensors file as diffusers, peft, ComfyUI or a trainer saves it (kohya's, LyCORIS, OneTrainer, AI-Toolkit,
      SimpleTuner, diffusion-pipe, XLabs): LoRA, LoCon, DoRA, LoHa, LoKr, OFT, BOFT, GLoRA, IA3, and whole differences
      of weights, biases and norms
    - a folder with pytorch_lora_weights.safetensors (diffusers) or adapter_model.safetensors (peft)
    - the id of such a folder on the Hugging Face hub: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it

    ``weight`` scales the change: 0 is the model without it, to the last bit; 1 is as it was trained; between them it
    goes that share of the way, more exaggerates, and below 0 leads away from it. The loaded model is never changed:
    other nodes that use it do not see the LoRA. Put several of these nodes one behind the other to add several; their
    order makes no difference. Where the file also changes the text encoder, wire that through *LoRA for the text
    encoder*. FLUX.1's for Canny and Depth go on its plain model, which is then shown an image: wire it to *Edit
    denoiser*.

    ``blocks`` gives some parts of the network a further factor: names with numbers, such as ``IN04-08: 0.5, MID: 0`` or
    ``transformer_blocks.0-9: 0, *.attn: 0.5``. The blocks of a U-Net are IN00, IN01, ..., MID, OUT00, ...; else a name
    stands for all layers that begin with it, * for any part of a name, and what is said last counts. It acts from the
    share ``start`` of the steps up to the share ``end``.

    Fails when the file is damaged, holds nothing for this network, was made for another model, or holds something that
    is no known adapter, by the name of the first key that is not used.
    Papers: LoRA: Hu et al. 2021 (arXiv:2106.09685); DoRA: Liu et al. 2024 (arXiv:2402.09353); LoHa, LoKr and LoCon:
    Yeh et al. 2023 (arXiv:2309.14859); OFT: Qiu et al. 2023 (arXiv:2306.07280); BOFT: Liu et al. 2023
    (arXiv:2311.06243); GLoRA: Chavan et al. 2023 (arXiv:2306.07967); IA3: Liu et al. 2022 (arXiv:2205.05638).
    """
    file = read_adapter_file(find_for("LoRA", lora, revision, PATTERNS))
    layers = for_network(file, unet.module)
    if not layers:
        raise NodeError(f"{_nothing(file)} for a network that denoises; is it one for the text encoder alone?")
    _tell_embeddings(file)
    factors = shares(blocks, network_names(unet.module), layers) if blocks.strip() else {}
    led = replace(unet, adapters=(*unet.adapters, Adapter(layers, weight, factors, start, end)))
    check_widened(led, layers, file.name)
    return led


@node("LoRA for the text encoder", version=2)
def apply_lora_to_text(
    text_encoder: TextEncoder,
    lora: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "",
    weight: Annotated[float, Slider(-2, 2, 0.05)] = 1.0,
    revision: str = "",
    when_missing: Literal["refuse", "leave as it is"] = "refuse",
) -> TextEncoder:
    """Adds the part of a LoRA, or one of its kin, that is for the text encoders, where its file has one.

    ``lora``, ``weight`` and ``revision`` are as for the network that denoises. With it, words can mean what the LoRA
    was trained to call its subject. A model's text encoders (CLIP, T5, language models) are all changed, each by its
    own part. The loaded text encoder is never changed. Many files have no such part: ``when_missing`` says whether that
    is a mistake, or the text encoder stays as it is.

    Fails when the file is damaged, holds nothing for a text encoder (unless it may), was made for another model, or
    holds something that is no known adapter.
    Paper: Hu et al. 2021 (arXiv:2106.09685).
    """
    file = read_adapter_file(find_for("LoRA for the text encoder", lora, revision, PATTERNS))
    parts = parts_of(text_encoder)
    found = for_text(file, [part.encoder for part in parts])
    if not any(found) and when_missing == "leave as it is" and file.layers:
        return text_encoder
    if not any(found):
        raise NodeError(f"{_nothing(file)} for the text encoder; add it to the network that denoises alone")
    _tell_embeddings(file)
    led = text_encoder
    for part, layers in zip(parts, found, strict=True):
        if layers:
            led = part.changed(led, Adapter(layers, weight))
    return led


def check_widened(network: DiffusionNetwork, layers: Mapping[str, LayerChange], file: str) -> None:
    """Raise NodeError where a LoRA shows an image beside the latent to a network of a family that is shown none."""
    if not any(change.inputs for change in layers.values()):
        return
    family = family_of_network(network)
    shown = family.network.shown if family else None
    if shown is None or shown.kind(network) != "image":
        raise NodeError(
            f"{file} was made for a model that is shown an image beside the latent, and this network "
            f"({network_family(network.module)}) is shown none with it; choose the model of that kind"
        )


def _tell_embeddings(file: AdapterFile) -> None:
    """Warn of embeddings that are bundled with an adapter, whose words it was trained to be called by."""
    if file.embeddings:
        warn(
            f"{file.name} also holds embeddings, which are read from files of their own alone; the words that "
            f"stand for them mean nothing here: {', '.join(file.embeddings[:5])}"
        )


def _nothing(file: AdapterFile) -> str:
    """The beginning of a sentence about a file that has nothing for what it was put on."""
    if file.embeddings and not file.layers:
        return f"{file.name} holds embeddings ({', '.join(file.embeddings[:5])}) alone, and nothing"
    family = made_for(file, file.layers)
    return f"{file.name}{f', made for {family},' if family else ''} holds nothing"
