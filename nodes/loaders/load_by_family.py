"""Models of any family, whole or by their parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from nodeflow.library.family_parts import AUTO, WHOLE, Part, family_of
from nodeflow.library.lost_blocks import NETWORK
from nodeflow.library.rules import TEXTS
from nodeflow.node import Choices, NodeError, Reads, Supplied, node
from nodeflow.wires import VAE, DiffusionNetwork, TextEncoder, TrainedSchedule
from nodes.loaders.models.family import Family
from nodes.loaders.models.known import families, family_called, family_names, judged
from nodes.loaders.models.precision import CHOICES, ComputePrecision
from nodes.loaders.models.text import EncoderFile, assigned, family_reading, load_text
from nodes.loaders.models.whole import VAE_PART, NamedParts, encoders_of, load_network, load_whole
from nodes.loaders.read.folder_files import named
from nodes.loaders.read.locate import MODEL_PATTERNS, unless_blank
from nodes.loaders.read.recognise import recognise
from nodes.loaders.read.right_kind import find_for

FamilyName = Annotated[str, Choices(family_names())]
PrecisionName = Annotated[str, Choices(CHOICES)]
ModelName = Annotated[str, Reads("model", True, tuple(MODEL_PATTERNS))]
PartName = Annotated[str, Reads("model", files=tuple(MODEL_PATTERNS))]


class LoadedModel(NamedTuple):
    """The parts of a model."""

    text_encoder: TextEncoder
    network: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule


@node("Load model")
def load_model(
    model: ModelName = "starter:flow-transformer",
    family: FamilyName = "auto",
    text_encoder: PartName = "",
    text_encoder_2: PartName = "",
    text_encoder_3: PartName = "",
    text_encoder_4: PartName = "",
    vae: PartName = "",
    tokenizer: PartName = "",
    precision: PrecisionName = "auto",
    storage: Literal["full", "float8"] = "full",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
    library: Annotated[str, Supplied("library")] = "",
) -> LoadedModel:
    """Loads a model of any family: its text encoder, denoising network, VAE and trained schedule.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:flow-transformer``
    - a folder as diffusers saves it, or the id of one on the Hugging Face hub: taken from the hub's cache on this
      computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1
    - one .safetensors or .gguf file with the network alone, or with text encoders and VAE too, by path or by its name
      in your model library

    What a file lacks is taken from ``text_encoder`` (one parameter for each file, in any order) and ``vae``; where
    those are empty, from your model library by family, and the node says which files it took. ``family`` is told from
    the file; choose it where several fit. ``tokenizer`` is a folder, where the text encoder's file brings none and
    none is found.

    Quantised files stay as they are in memory, each layer widened when it computes: float8 (plain, scaled, BFL's),
    ComfyUI's int8_tensorwise, nvfp4, mxfp8, convrot_w4a4, asym_w4a8_int8 and awq_w4a16, bitsandbytes' int8, nf4 and
    fp4, and GGUF. ``precision`` is what they compute in: auto is full on CPUs (bfloat16 in fast runs), and on a GPU
    what the family was trained in, as far as the card has it. ``storage`` float8 keeps the network's plain weights in
    8 bits.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when a part is missing, or
    when parts are of different families.
    Paper: Rombach et al. 2022, High-Resolution Image Synthesis with Latent Diffusion Models (arXiv:2112.10752).
    """
    beside = (TEXTS, (text_encoder, text_encoder_2, text_encoder_3, text_encoder_4)), (VAE_PART, (vae,))
    without = [part for part, given in beside if any(map(unless_blank, given))]
    path = find_for("Load model", model, revision, MODEL_PATTERNS, without, family != AUTO)
    chosen = family_at(path, family)
    texts = encoder_files("Load text encoder", text_encoder, text_encoder_2, text_encoder_3, text_encoder_4)
    coder = find_for("Load VAE", vae, "", MODEL_PATTERNS) if unless_blank(vae) else None
    others = NamedParts(texts, coder, tokenizer=unless_blank(tokenizer))
    return LoadedModel(
        *load_whole(chosen, path, ComputePrecision(precision, dtype, device, storage == "float8"), others)
    )


class LoadedNetwork(NamedTuple):
    """A denoising network and the schedule it was trained with."""

    network: DiffusionNetwork
    schedule: TrainedSchedule


@node("Load diffusion model")
def load_diffusion_model(
    model: ModelName = "",
    family: FamilyName = "auto",
    precision: PrecisionName = "auto",
    storage: Literal["full", "float8"] = "full",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> LoadedNetwork:
    """Loads the denoising network alone, a transformer or U-Net, and its trained schedule.

    ``model`` is a .safetensors or .gguf file, by path or by its name in your model library, under the names of its
    authors or of diffusers; or a folder as diffusers saves it, or a hub id. Of a file with a whole model the network is
    taken. Text encoder and VAE come from *Load text encoder* and *Load VAE*.

    ``family`` is told from the file. A file does not say its schedule; it gets its family's usual one, which *Flow
    shift* and its kin change. Quantised files stay as they are in memory. ``precision`` auto is full on CPUs
    (bfloat16 in fast runs), and on a GPU what the family was trained in, as far as the card has it.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when it is of a family that no node loads.
    Paper: Peebles & Xie 2023, Scalable Diffusion Models with Transformers (arXiv:2212.09748).
    """
    path = find_for("Load diffusion model", model, revision, MODEL_PATTERNS, chosen=family != AUTO)
    settings = ComputePrecision(precision, dtype, device, storage == "float8")
    return LoadedNetwork(*load_network(family_at(path, family, NETWORK), path, settings))


@node("Load text encoder")
def load_text_encoder(
    model: ModelName = "",
    model_2: PartName = "",
    model_3: PartName = "",
    model_4: PartName = "",
    family: FamilyName = "auto",
    tokenizer: PartName = "",
    precision: PrecisionName = "auto",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> TextEncoder:
    """Loads the text encoder of a family from one to four files, in any order.

    Each is a .safetensors or .gguf file, by path or by its name in your model library, or a folder as transformers
    saves it: clip_l for Stable Diffusion 1, with clip_g for XL; clip_l and t5xxl for FLUX.1; clip_l, clip_g and t5xxl
    (which may be left out) for Stable Diffusion 3; Qwen 3 4B for Z-Image; Qwen 2.5 VL 7B for Qwen-Image. One file or
    folder with a whole model will do too. The kind of each is told from the file, and the family from the kinds; set
    ``family`` where several read texts by the same ones.

    CLIP's tokenizer comes with a package. Others are taken from the file itself where they lie in it (GGUF has them),
    from a folder called tokenizer beside it, from ComfyUI's folder or from the hub's cache; or name a folder at
    ``tokenizer``. Nothing is fetched.

    Fails with one sentence when a file holds something else, when an encoder is missing, and when no tokenizer is
    found.
    Papers: CLIP: Radford et al. 2021 (arXiv:2103.00020); T5: Raffel et al. 2019 (arXiv:1910.10683).
    """
    given = encoder_files("Load text encoder", model, model_2, model_3, model_4)
    if not given:
        raise NodeError("no text encoder is named; name its file or folder at model")
    settings = ComputePrecision(precision, dtype, device)
    if len(given) == 1 and given[0].found.kind in WHOLE:
        chosen = family_at(given[0].path, family, TEXTS)
        return load_text(chosen, encoders_of(chosen, given[0].path), settings, {}, unless_blank(tokenizer))
    chosen = family_reading(given) if family == AUTO else family_called(family)
    return load_text(chosen, assigned(chosen, given), settings, {}, unless_blank(tokenizer))


def family_at(path: Path, name: str, reads: str = "") -> Family:
    """The family of what lies there, of which a part or all is read. Raises NodeError where a person chose another, and
    where none is known."""
    with judged():
        return families()[family_of(Part(named(path), recognise(path, reads)), name).name]


def encoder_files(node: str, *models: str) -> Sequence[EncoderFile]:
    """The text encoders that a person named for a node. Raises NodeError."""
    paths = (find_for(node, model, "", MODEL_PATTERNS) for model in models if unless_blank(model))
    return [EncoderFile(path, recognise(path, TEXTS)) for path in paths]
