"""Transformers trained with rectified flow, to which words and patches are one row of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Reads, Slider, Supplied, node
from nodeflow.wires import VAE, Conditioning, Denoiser, DiffusionNetwork, TextEncoder, TrainedSchedule
from nodes.denoise import NetworkDenoiser
from nodes.loading.find import find
from nodes.loading.flow import PATTERNS, load_flux_folder, load_sd3_folder
from nodes.loading.parts import Target, torch_dtype


class FlowTransformer(NamedTuple):
    """The parts of a transformer that is trained with rectified flow."""

    text_encoder: TextEncoder
    transformer: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule


@node("Load flow transformer")
def load_flow_transformer(
    model: Annotated[str, Reads("model")] = "starter:flow-transformer",
    revision: str = "",
    t5: bool = True,
    storage: Literal["full", "float8"] = "full",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> FlowTransformer:
    """Loads a joint-attention transformer (Stable Diffusion 3), its text encoders, VAE and schedule.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:flow-transformer``
    - a folder as diffusers' StableDiffusion3Pipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``stabilityai/stable-diffusion-3.5-medium``: taken from
      the hub's cache on this computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is
      then a branch, tag or commit of it, empty for main

    Of its text encoders (two CLIP and T5) the second and the third may be missing. ``t5`` off leaves T5 out where it is
    there: it needs more memory than all else, and without it pictures follow long texts less. ``storage`` float8 keeps
    the transformer's weights in 8 bits and widens each layer's when it computes.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Esser et al. 2024, Scaling Rectified Flow Transformers for High-Resolution Image Synthesis
    (arXiv:2403.03206).
    """
    path = find(model, revision, PATTERNS)
    if path.is_file():
        raise NodeError(f"{path.name} is one file; this node loads a folder that diffusers saved")
    return FlowTransformer(*load_sd3_folder(path, Target(torch_dtype(dtype), storage == "float8"), t5))


@node("Load FLUX")
def load_flux(
    model: Annotated[str, Reads("model")] = "",
    revision: str = "",
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

    ``storage`` float8 keeps the transformer's weights in 8 bits and widens each layer's when it computes. The noise
    levels are those for pictures of 1024 x 1024 pixels.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Black Forest Labs 2025, FLUX.1 Kontext (arXiv:2506.15742), section 2, describes the transformer.
    """
    path = find(model, revision, PATTERNS)
    if path.is_file():
        raise NodeError(f"{path.name} is one file; this node loads a folder that diffusers saved")
    return FlowTransformer(*load_flux_folder(path, Target(torch_dtype(dtype), storage == "float8")))


@dataclass(frozen=True, eq=False)
class JointDenoiser(NetworkDenoiser):
    """A `SD3Transformer2DModel` as a denoiser."""

    @property
    def learned_variance(self) -> bool:
        return False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        tokens, pooled = _both(conditioning, len(x))
        output: Tensor = self.network.module(
            hidden_states=x,
            timestep=timestep.expand(len(x)),
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
            return_dict=False,
        )[0]
        return output


@dataclass(frozen=True, eq=False)
class FluxDenoiser(NetworkDenoiser):
    """A `FluxTransformer2DModel` as a denoiser, whose patches of 2 x 2 cells are packed and unpacked here."""

    guidance: float

    @property
    def learned_variance(self) -> bool:
        return False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
        tokens, pooled = _both(conditioning, len(x))
        places = torch.cartesian_prod(torch.arange(1), torch.arange(rows), torch.arange(columns)).to(x)
        guidance = torch.full((len(x),), self.guidance, device=x.device) if module.config.guidance_embeds else None
        output: Tensor = module(
            hidden_states=packed(x),
            timestep=timestep.expand(len(x)).to(x.dtype) / 1000,
            guidance=guidance,
            encoder_hidden_states=tokens,
            pooled_projections=pooled,
            txt_ids=x.new_zeros(tokens.shape[1], 3),
            img_ids=places,
            return_dict=False,
        )[0]
        return unpacked(output, rows, columns)


def packed(x: Tensor) -> Tensor:
    """(B, C, h, w) to tokens (B, h/2 w/2, 4 C), one for each 2 x 2 cells."""
    return x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def unpacked(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """Tokens (B, h/2 w/2, 4 C) back to (B, C, h, w)."""
    cells = tokens.unflatten(1, (rows, columns)).unflatten(-1, (-1, 2, 2))
    return cells.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


def _both(conditioning: Conditioning, batch: int) -> tuple[Tensor, Tensor]:
    """Tokens and the text as a whole, a row for each of the batch. Raises NodeError where one of them is missing."""
    tokens, pooled = conditioning.tokens, conditioning.pooled
    if tokens is None or pooled is None:
        raise NodeError("this transformer is led by a text's tokens and by the text as a whole; wire its own encoding")
    return tokens.expand(batch, *tokens.shape[1:]), pooled.expand(batch, *pooled.shape[1:])


@node("Joint transformer denoiser")
def joint_denoiser(transformer: DiffusionNetwork) -> Denoiser:
    """A joint-attention transformer (Stable Diffusion 3 and 3.5), ready for guidance and sampling.

    Words and patches of 2 x 2 cells are one row of tokens, each kind with weights of its own, and all look at all. The
    timestep and the text as a whole shift and scale every layer. It predicts the flow from picture to noise; wire a
    scheduler of the kind Flow-match Euler.

    Fails for a network of another kind, and for the text of another model's encoder.
    Paper: Esser et al. 2024, Scaling Rectified Flow Transformers for High-Resolution Image Synthesis
    (arXiv:2403.03206).
    """
    if "joint_attention_dim" not in _config(transformer) or "guidance_embeds" in _config(transformer):
        raise NodeError("this network is no transformer of Stable Diffusion 3's kind; use the denoiser made for it")
    return JointDenoiser(transformer, transformer.prediction)


@node("FLUX denoiser")
def flux_denoiser(transformer: DiffusionNetwork, guidance: Annotated[float, Slider(1, 10, 0.1)] = 3.5) -> Denoiser:
    """FLUX's transformer, ready for sampling.

    FLUX.1 dev was distilled to do in one pass what guidance does in two: ``guidance`` tells it how closely to follow
    the text. Wire it to No guidance. FLUX.1 schnell has no such input, and ``guidance`` does nothing there. The
    scheduler is Flow-match Euler, with 20 to 50 steps for dev and 1 to 4 for schnell.

    Fails for a network of another kind, and for the text of another model's encoder.
    Papers: Black Forest Labs 2025 (arXiv:2506.15742); distilled guidance: Meng et al. 2023, On Distillation of Guided
    Diffusion Models (arXiv:2210.03142).
    """
    if "guidance_embeds" not in _config(transformer):
        raise NodeError("this network is no transformer of FLUX's kind; use the denoiser that is made for it")
    return FluxDenoiser(transformer, transformer.prediction, guidance)


def _config(network: DiffusionNetwork) -> Any:
    return getattr(network.module, "config", {})
