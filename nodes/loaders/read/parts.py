"""The loaded parts of a model, and what a loader needs to know of where they go."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import (
    VAE,
    Adapter,
    Conditioning,
    DiffusionNetwork,
    LatentFormat,
    Prediction,
    TextEncoder,
    TrainedSchedule,
)
from nodes.latents.vae import DiffusersVAE, NormalisedVAE
from nodes.loaders.quantised.finite import check_module
from nodes.loaders.text_encoders.token_reader import TokenReader, reader_for
from nodes.loaders.text_encoders.tokenizing import each, length_of, tokenized
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.low_rank import adapted

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class LoadTarget:
    """The precision that networks compute in, and whether the denoiser's weights are stored in 8 bits."""

    dtype: torch.dtype
    small: bool = False


class Parts(NamedTuple):
    """Hold what makes a latent diffusion model."""

    text_encoder: TextEncoder
    unet: DiffusionNetwork
    vae: VAE
    schedule: TrainedSchedule


def torch_dtype(name: str) -> torch.dtype:
    if name not in DTYPES:
        raise NodeError(f"{name} is no precision to compute in; use one of {', '.join(DTYPES)}")
    return DTYPES[name]


@dataclass(frozen=True, eq=False)
class CLIPText:
    """CLIP's tokenizer and text encoder, of the transformers library."""

    tokenizer: Any
    module: torch.nn.Module
    length: int
    adapters: tuple[Adapter, ...] = ()
    skip: int = 0
    """The hidden layer that is read, counted from the last, 1; 0 is the model's own."""

    def skipping(self, skip: int) -> Self:
        return replace(self, skip=skip)

    def encode_each(self, texts: list[str]) -> list[Conditioning]:
        """In one forward pass where a row does not depend on its neighbours: on the CPU in full precision."""
        if device_of(self.module).type != "cpu" or dtype_of(self.module) != torch.float32:
            return each(self.encode, texts)
        tokens, pooled, words = self._encode(texts)
        rows = zip(tokens.split(1), pooled.split(1) if pooled is not None else [None] * len(texts), words, strict=True)
        return [Conditioning(row.clone(), None if whole is None else whole.clone(), read) for row, whole, read in rows]

    def encode(self, texts: list[str]) -> Conditioning:
        tokens, pooled, words = self._encode(texts)
        return Conditioning(tokens, pooled, words[0])

    def token_readers(self) -> tuple[TokenReader, ...]:
        return (reader_for(self.tokenizer, self.module, self.length, self.adapters, 1, True),)

    def _encode(self, texts: list[str]) -> tuple[Tensor, Tensor | None, list[tuple[str, ...]]]:
        """Tokens (B, L, D), the texts as a whole (B, P), and of each text its tokens as they were read."""
        found = tokenized(self.tokenizer, texts, self.length)
        words = [tuple(self.tokenizer.decode([token]) for token in row) for row in found.input_ids.tolist()]
        if self.skip:
            return *self.token_readers()[0].read(found.input_ids, {}, self.skip), words
        config: Any = self.module.config
        mask = found.attention_mask if getattr(config, "use_attention_mask", False) else None
        device = device_of(self.module)
        with torch.no_grad(), adapted(self.module, self.adapters):
            output = self.module(found.input_ids.to(device), attention_mask=None if mask is None else mask.to(device))
        return output.last_hidden_state, output.pooler_output, words


def ready(module: Any) -> torch.nn.Module:
    """A network for inference only; its weights have their precision already, and stay mapped into memory where they
    were read so. It waits on the host: what runs it brings it to where it computes. Raises NodeError for weights that
    are seen to hold no numbers."""
    network: torch.nn.Module = module.eval().requires_grad_(False)
    check_module(network)
    if not torch.accelerator.is_available():
        _channels_last(network)
    return network


def _channels_last(network: torch.nn.Module) -> None:
    """Lay the weights of convolutions in bfloat16 as processors take them fastest, and so what they compute."""
    for module in network.modules():
        weight = module.weight if isinstance(module, torch.nn.Conv2d) else None
        if type(weight) is torch.nn.Parameter and weight.dtype == torch.bfloat16:
            weight.data = weight.data.to(memory_format=torch.channels_last)


def denoiser(module: Any, target: LoadTarget) -> torch.nn.Module:
    """The same for a network of diffusers that denoises, whose weights may be stored in 8 bits."""
    if target.small:
        module.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=target.dtype)
    return ready(module)


def exact(dtype: torch.dtype) -> torch.dtype:
    """The precision for Stable Diffusion XL's VAE, whose values are too large for half precision."""
    return torch.float32 if dtype == torch.float16 else dtype


def text_encoder(tokenizer: Any, module: Any) -> CLIPText:
    length = length_of(tokenizer, module.config.max_position_embeddings)
    return CLIPText(tokenizer, ready(module), length)


def vae(module: Any, side: int, unit: float | None = None) -> DiffusersVAE:
    """An `AutoencoderKL` whose latents are in units of ``unit``, which is 1 where nobody says otherwise.

    For one whose latents are normalised by channel that is its own scale, as EDM's networks want it.
    """
    config = module.config
    format = LatentFormat(config.latent_channels, 2 ** (len(config.block_out_channels) - 1), side)
    mean, deviation = config.get("latents_mean"), config.get("latents_std")
    scaling, shift = latent_scale(config), _number(config, "shift_factor", 0.0)
    if mean is None or deviation is None:
        return DiffusersVAE(ready(module), format, scaling / (unit or 1.0), shift)
    _check_statistics(mean, deviation, format.channels)
    middle, spread = (torch.tensor(part, dtype=torch.float32).reshape(1, -1, 1, 1) for part in (mean, deviation))
    return NormalisedVAE(ready(module), format, 1.0, mean=middle, deviation=spread * ((unit or scaling) / scaling))


def latent_scale(config: Any) -> float:
    """The factor that brings a VAE's latents to unit variance. Raises NodeError for one that is none."""
    found = _number(config, "scaling_factor", None)
    if found <= 0:
        raise NodeError(f"the VAE's config.json says {found:g} for scaling_factor, which is above 0; put it right")
    return found


def _number(config: Any, name: str, usual: float | None) -> float:
    value = config.get(name)
    value = usual if value is None else value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise NodeError(f"the VAE's config.json says {str(value)[:40]} for {name}, which is a number; put it right")
    return float(value)


def _check_statistics(mean: Any, deviation: Any, channels: int) -> None:
    """Raises NodeError where the latents cannot be normalised by these."""
    for name, values, least in (("latents_mean", mean, -math.inf), ("latents_std", deviation, 0.0)):
        numbers = isinstance(values, (list, tuple)) and all(isinstance(one, (int, float)) for one in values)
        if not numbers or len(values) != channels or not all(least < one < math.inf for one in values):
            what = "numbers above 0" if name == "latents_std" else "numbers"
            raise NodeError(f"the VAE's config.json needs {channels} {what} for {name}; put it right there")


def prediction_of(schedule: TrainedSchedule) -> Prediction:
    """Return what the network of a model predicts, as its schedule's configuration says."""
    if "FlowMatch" in str(schedule.config.get("_class_name", "")):
        return "flow"
    named = str(schedule.config.get("prediction_type", "epsilon"))
    known: dict[str, Prediction] = {
        "epsilon": "epsilon",
        "v_prediction": "v",
        "sample": "sample",
        "flow_prediction": "flow",
    }
    if named not in known:
        raise NodeError(f"this model predicts {named}, which this node does not know")
    return known[named]


def named_classes(labels: Any) -> dict[int, str]:
    """The names of classes by number, from ``id2label`` of a `model_index.json`."""
    given = labels if isinstance(labels, dict) else {}
    return {int(number): str(name) for number, name in given.items() if number.isdecimal()}
