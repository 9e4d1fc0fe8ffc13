"""U-ViT: a transformer to which everything is a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from torch import Tensor

from nodeflow.node import NodeError, Reads, Supplied, node
from nodeflow.wires import Classes, Conditioning, Denoiser, DiffusionNetwork, TrainedSchedule
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.loaders.families.class_transformers.uvit_folder import PATTERNS, load_uvit_folder
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for
from nodes.networks.low_rank import adapted


class LoadedUViT(NamedTuple):
    """A U-ViT and what it was trained with."""

    transformer: DiffusionNetwork
    schedule: TrainedSchedule
    classes: Classes


@node("Load U-ViT")
def load_uvit(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:u-vit",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> LoadedUViT:
    """Loads a U-ViT with its noise schedule, and its classes where it is led by these.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:u-vit``
    - a folder with config.json (``_class_name`` UViT and the shape), diffusion_pytorch_model.safetensors and
      scheduler/scheduler_config.json. The weights have the names that the authors' program gives them, so that
      theirs (github.com/baofff/U-ViT) fit as they are, once they are converted to safetensors
    - the id of such a model on the Hugging Face hub: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it, empty for main

    It comes without VAE and text encoder, as the paper's do: load those of the model that it was trained on.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Bao et al. 2023, All are Worth Words: A ViT Backbone for Diffusion Models (arXiv:2209.12152).
    """
    path = find_for("Load U-ViT", model, revision, PATTERNS)
    return LoadedUViT(*load_uvit_folder(path, LoadTarget(torch_dtype(dtype))))


@dataclass(frozen=True, eq=False)
class UViTDenoiser(NetworkDenoiser):
    """A `UViT` as a denoiser."""

    @property
    def learned_variance(self) -> bool:
        return False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        length, classes = module.config.text_tokens, module.config.num_classes
        labels, tokens = conditioning.labels, conditioning.tokens
        if classes and labels is None:
            raise NodeError("this U-ViT is led by a class, not by a text; wire a class label")
        if length and tokens is None:
            raise NodeError("this U-ViT is led by a text, not by a class; wire the encoding of a text")
        if length and tokens is not None:
            if tokens.shape[1] < length:
                raise NodeError(f"this U-ViT reads {length} tokens and the text has {tokens.shape[1]}; use its encoder")
            tokens = tokens[:, :length].expand(len(x), -1, -1)
        if classes and labels is not None:
            labels = labels.to(x.device).expand(len(x))
        with adapted(module, self.network.adapters):
            output: Tensor = module(x, timestep.expand(len(x)), labels, tokens)
        return output


@node("U-ViT denoiser")
def uvit_denoiser(transformer: DiffusionNetwork) -> Denoiser:
    """A U-ViT, ready for guidance and sampling.

    The timestep is a token, the class or each word is a token, and so is each patch of the latent: one row in which all
    look at all. Long ways lead from the first blocks to the last, as in a U-Net. Of a text it reads as many tokens as
    it was trained with.

    Fails for a network of another kind, and with latents of another size than it was trained at.
    Paper: Bao et al. 2023, All are Worth Words: A ViT Backbone for Diffusion Models (arXiv:2209.12152).
    """
    if "text_tokens" not in getattr(transformer.module, "config", {}):
        raise NodeError("this network is no U-ViT; use the denoiser that is made for it")
    return UViTDenoiser(transformer, transformer.prediction)
