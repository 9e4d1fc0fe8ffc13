"""Transformers trained with rectified flow, to which words and patches are one row of tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from nodeflow.library.right_kind import NETWORKS
from nodeflow.node import NodeError, Reads, Slider, Supplied, node
from nodeflow.wires import VAE, Denoiser, DiffusionNetwork, TextEncoder, TrainedSchedule
from nodes.denoisers.beside_pictures import refuse_shown
from nodes.loaders.models.known import families, family_of_network, told_as
from nodes.loaders.models.precision import AUTO, ComputePrecision
from nodes.loaders.models.whole import ModelParts, NamedParts, load_whole
from nodes.loaders.read.locate import MODEL_PATTERNS, unless_blank
from nodes.loaders.read.recognise import recognise
from nodes.loaders.read.right_kind import find_for, find_part


class FlowTransformer(NamedTuple):
    """The parts of a transformer that is trained with rectified flow."""

    text_encoder: TextEncoder
    transformer: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule


@node("Load flow transformer", version=3)
def load_flow_transformer(
    model: Annotated[str, Reads("model", True, tuple(MODEL_PATTERNS))] = "starter:flow-transformer",
    revision: str = "",
    transformer: Annotated[str, Reads("model")] = "",
    t5: bool = True,
    storage: Literal["full", "float8"] = "full",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> FlowTransformer:
    """Loads a joint-attention transformer (Stable Diffusion 3), its text encoders, VAE and schedule.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:flow-transformer``
    - a folder as diffusers' StableDiffusion3Pipeline, ZImagePipeline or QwenImagePipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``stabilityai/stable-diffusion-3.5-medium``,
      ``Tongyi-MAI/Z-Image-Turbo`` or ``Qwen/Qwen-Image``: taken from the hub's cache on this computer, or fetched when
      the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it, empty for
      main

    ``transformer`` is one .safetensors or .gguf file with a transformer that is taken instead of the folder's, which
    need not have one then: a fine-tuned one, or the one file that it was published as.

    Quantised files are taken too, and stay as they are in memory, each layer widened when it computes: float8 (plain,
    scaled, BFL's), ComfyUI's int8_tensorwise, nvfp4, mxfp8, convrot_w4a4, asym_w4a8_int8 and awq_w4a16, bitsandbytes'
    int8, nf4 and fp4, and GGUF. Other formats are refused by their name.

    Of Stable Diffusion 3's text encoders (two CLIP and T5) the second and the third may be missing. ``t5`` off leaves
    T5 out where it is there: it needs more memory than all else, and without it images follow long texts less.
    Z-Image and Qwen-Image have one text encoder, a language model. ``storage`` float8 keeps the transformer's weights
    in 8 bits and widens each layer's when it computes.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Esser et al. 2024, Scaling Rectified Flow Transformers for High-Resolution Image Synthesis
    (arXiv:2403.03206).
    """
    precision = ComputePrecision(AUTO, dtype, device, storage == "float8")
    left_out = frozenset() if t5 else frozenset(["text_encoder_3"])
    return FlowTransformer(*_load("Load flow transformer", model, revision, transformer, precision, left_out))


@node("Load FLUX", version=3)
def load_flux(
    model: Annotated[str, Reads("model", True, tuple(MODEL_PATTERNS))] = "",
    revision: str = "",
    transformer: Annotated[str, Reads("model")] = "",
    storage: Literal["full", "float8"] = "full",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> FlowTransformer:
    """Loads a FLUX.1 model: its two text encoders (CLIP and T5), transformer, VAE and noise schedule.

    ``model`` is one of
    - a folder as diffusers' FluxPipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``black-forest-labs/FLUX.1-schnell``: taken from the hub's
      cache on this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a
      branch, tag or commit of it, empty for main

    ``transformer`` is one .safetensors or .gguf file with a transformer that is taken instead of the folder's, which
    need not have one then, such as ``flux1-dev.safetensors``. ``storage`` float8 keeps the weights in 8 bits and
    widens each layer's when it computes. The noise levels are those for images of 1024 x 1024 pixels.

    Quantised files are taken too, and stay as they are in memory, each layer widened when it computes: float8 (plain,
    scaled, BFL's), ComfyUI's int8_tensorwise, nvfp4, mxfp8, convrot_w4a4, asym_w4a8_int8 and awq_w4a16, bitsandbytes'
    int8, nf4 and fp4, and GGUF. Other formats are refused by their name.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Black Forest Labs 2025, FLUX.1 Kontext (arXiv:2506.15742), section 2, describes the transformer.
    """
    precision = ComputePrecision(AUTO, dtype, device, storage == "float8")
    return FlowTransformer(*_load("Load FLUX", model, revision, transformer, precision, frozenset()))


def _load(
    node: str, model: str, revision: str, transformer: str, precision: ComputePrecision, left_out: frozenset[str]
) -> ModelParts:
    """A folder's model, its transformer maybe out of another file. Raises NodeError."""
    beside = find_part(node, "transformer", transformer) if unless_blank(transformer) else None
    without = [*left_out, *(NETWORKS if beside else ())]
    path = find_for(node, model, revision, MODEL_PATTERNS, without)
    family = told_as(recognise(path).family)
    if family is None:
        raise NodeError(f"{path.name}: this node does not know such a model")
    file = _of_family(beside, family.name) if beside else None
    return load_whole(family, path, precision, NamedParts(network=file, left_out=left_out))


def _of_family(path: Path, family: str) -> Path:
    """A transformer's file. Raises NodeError where it is another family's than the folder."""
    found = told_as(recognise(path).family)
    if found is None or found.name != family:
        raise NodeError(
            f"{path.name} holds {f'the transformer of {found.name}' if found else 'no transformer that is known here'}"
            f"; the folder beside it is of {family}, and takes a transformer of its kind"
        )
    return path


@node("Joint transformer denoiser")
def joint_denoiser(transformer: DiffusionNetwork) -> Denoiser:
    """A joint-attention transformer (Stable Diffusion 3 and 3.5), ready for guidance and sampling.

    Words and patches of 2 x 2 cells are one row of tokens, each kind with weights of its own, and all look at all. The
    timestep and the text as a whole shift and scale every layer. It predicts the flow from image to noise; wire a
    scheduler of the kind Flow-match Euler. Z-Image and Qwen-Image are told the timestep alone so, and of the text its
    tokens, as a language model read them; a guidance that is 4 in Z-Image's own words is a scale of 5 here, and its
    Turbo model takes No guidance. For Qwen-Image put Normalise guidance behind Classifier-free guidance.

    Fails for a network of another kind, and for the text of another model's encoder.
    Papers: Esser et al. 2024, Scaling Rectified Flow Transformers for High-Resolution Image Synthesis
    (arXiv:2403.03206); Qwen-Image: Wu et al. 2025 (arXiv:2508.02324); Z-Image: Cai et al. 2025 (arXiv:2511.22699).
    """
    family = family_of_network(transformer)
    if family is None or family.network.guided:
        raise NodeError("this network is no transformer of Stable Diffusion 3's kind; use the denoiser made for it")
    return family.network.denoiser(transformer, 0.0)


@node("FLUX denoiser")
def flux_denoiser(transformer: DiffusionNetwork, guidance: Annotated[float, Slider(0, 100, 0.1)] = 3.5) -> Denoiser:
    """FLUX's transformer, ready for sampling.

    FLUX.1 dev was distilled to do in one pass what guidance does in two: ``guidance`` tells it how closely to follow
    the text. Wire it to No guidance. FLUX.1 schnell has no such input, and ``guidance`` does nothing there. The
    scheduler is Flow-match Euler, with 20 to 50 steps for dev and 1 to 4 for schnell.

    Fails for a network of another kind, and for the text of another model's encoder.
    Papers: Black Forest Labs 2025 (arXiv:2506.15742); distilled guidance: Meng et al. 2023, On Distillation of Guided
    Diffusion Models (arXiv:2210.03142).
    """
    if type(transformer.module).__name__ != "FluxTransformer2DModel":
        raise NodeError("this network is no transformer of FLUX's kind; use the denoiser that is made for it")
    refuse_shown(transformer)
    return families()["FLUX.1"].network.denoiser(transformer, guidance)


@node("Denoiser")
def network_denoiser(network: DiffusionNetwork, guidance: Annotated[float, Slider(0, 100, 0.1)] = 3.5) -> Denoiser:
    """Any network of *Load model* or *Load diffusion model*, ready for guidance and sampling.

    It is asked as its family was trained: how latents are cut into patches, what a timestep is, and what is predicted.
    ``guidance`` is for networks that were distilled with guidance, such as FLUX.1 dev, which are told it as a number;
    wire those to No guidance. To others it makes no difference: put Classifier-free guidance behind them.

    Fails for a network that belongs to no family, and for the text of another family's encoder.
    Paper: distilled guidance: Meng et al. 2023, On Distillation of Guided Diffusion Models (arXiv:2210.03142).
    """
    family = family_of_network(network)
    if family is None:
        raise NodeError("this network was not loaded as one of the families; use the denoiser made for it")
    refuse_shown(network)
    if family.network.flow_map(network):
        raise NodeError("this network is told where each step goes; use Flow-map denoiser")
    return family.network.denoiser(network, guidance)
