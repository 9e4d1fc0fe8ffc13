"""Step caches: denoisers that do not compute their whole network at each step, but go on from earlier ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, Protocol, Self

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Rule, Slider, node
from nodeflow.wires import Conditioning, Denoiser, LatentFormat, Prediction
from nodes.denoisers.block_caches import cached, check_blocks
from nodes.denoisers.denoisers import in_force
from nodes.denoisers.step_memory import CallMemory, MemoryPart
from nodes.denoisers.trained_range import in_trained_range
from nodes.networks.attention_recorder import network_of
from nodes.written import NUMBERS_ABOVE_0

At = tuple[int, int]
"""A step: its number, and of how many."""
SPARSE = 8
"""Of so many cells along a side one is looked at to tell how far a step went."""


class StepCache(Protocol):
    """A way to leave out what changes little from step to step."""

    def predict(
        self, denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory
    ) -> Tensor:
        """What the denoiser predicts for x at step ``at`` (its number, and of how many), or nearly that."""
        ...


@dataclass(frozen=True, eq=False)
class CachedDenoiser:
    """A denoiser that goes on from what it computed in earlier steps, where it is asked along a run."""

    denoiser: Denoiser
    way: StepCache
    index: int = 0
    total: int = 0
    memory: MemoryPart | None = field(default=None, compare=False)

    @property
    def format(self) -> LatentFormat:
        return self.denoiser.format

    @property
    def prediction(self) -> Prediction:
        return self.denoiser.prediction

    @property
    def device(self) -> torch.device:
        return self.denoiser.device

    @property
    def dtype(self) -> torch.dtype:
        return self.denoiser.dtype

    @property
    def learned_variance(self) -> bool:
        return self.denoiser.learned_variance

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        if self.memory is None:
            return self.denoiser.predict(x, timestep, conditioning)
        tokens = None if conditioning.tokens is None else tuple(conditioning.tokens.shape)
        memory = self.memory.call(tuple(x.shape), tokens)
        return self.way.predict(self.denoiser, x, timestep, conditioning, (self.index, self.total), memory)

    def at(self, index: int, total: int) -> Denoiser:
        return replace(self, denoiser=in_force(self.denoiser, index, total), index=index, total=total)

    def remembering(self, memory: MemoryPart) -> Self:
        return replace(self, memory=memory)


@dataclass(frozen=True)
class EasyCache:
    """Zhou et al. 2025 (arXiv:2507.02860), section 3: how far the output moves is foreseen from how far x does."""

    threshold: float
    start: float
    end: float
    trained: bool = False
    """Whether the shares are of the timesteps that the model was trained with, from the noisiest on."""

    def predict(
        self, denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory
    ) -> Tensor:
        index, total = at
        acts = self.start <= index / total and (index + 1) / total <= self.end
        if self.trained:
            acts = in_trained_range(float(timestep.max()), self.start, self.end)
        kept, few = memory.kept, x[..., ::SPARSE, ::SPARSE].float()
        moved = 0.0 if kept is None else float((few - kept["x"]).abs().mean())
        change = 0.0
        if acts and kept is not None and kept["rate"] is not None:
            change = kept["change"] + kept["rate"] * moved / max(kept["size"], 1e-12)
            if change < self.threshold:
                memory.keep({**kept, "change": change}, index)
                return x + kept["beyond"]
            change = 0.0
        output = denoiser.predict(x, timestep, conditioning)
        seen = output[..., ::SPARSE, ::SPARSE].float()
        rate = None
        if kept is not None and moved > 0:
            rate = float((seen - kept["output"]).abs().mean()) / moved
        found = {"x": few, "output": seen, "size": float(output.float().abs().mean()), "rate": rate}
        memory.keep({**found, "change": change, "beyond": output - x})
        return output


@dataclass(frozen=True)
class FirstBlock:
    """diffusers' First Block Cache: where the first block says almost the same again, so will the others."""

    threshold: float

    def predict(
        self, denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory
    ) -> Tensor:
        from diffusers.hooks import FirstBlockCacheConfig

        return _through(denoiser, x, timestep, conditioning, at, memory, FirstBlockCacheConfig(self.threshold))


@dataclass(frozen=True)
class Magnitudes:
    """diffusers' MagCache: how much each step adds, against the one before, is known of a model."""

    threshold: float
    most: int
    start: float
    ratios: tuple[float, ...]

    def predict(
        self, denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory
    ) -> Tensor:
        from diffusers.hooks import MagCacheConfig

        config = MagCacheConfig(self.threshold, self.most, self.start, at[1], list(self.ratios))
        return _through(denoiser, x, timestep, conditioning, at, memory, config)


@dataclass(frozen=True)
class Taylor:
    """diffusers' TaylorSeer: between steps that are computed, each layer's output is foreseen by its series."""

    every: int
    before: int
    order: int

    def predict(
        self, denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory
    ) -> Tensor:
        from diffusers.hooks import TaylorSeerCacheConfig

        config = TaylorSeerCacheConfig(self.every, self.before, None, self.order, torch.float32)
        return _through(denoiser, x, timestep, conditioning, at, memory, config)


def _through(
    denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory, config: Any
) -> Tensor:
    """What a denoiser predicts whose network is called within a cache of the library."""
    with cached(network_of(denoiser), config, memory, at[0]):
        return denoiser.predict(x, timestep, conditioning)


ORDER = Rule("end >= start", "the cache ends at {end}, before it starts at {start}; make end the larger one")


@node("Easy cache", rules=(ORDER,))
def easy_cache(
    denoiser: Denoiser,
    threshold: Annotated[float, Slider(0, 3, 0.01)] = 0.2,
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.15,
    end: Annotated[float, Slider(0, 1, 0.01)] = 0.95,
    counted: Literal["steps", "trained timesteps"] = "steps",
) -> Denoiser:
    """Leaves a network out in steps in which its output would move little: faster, and nearly the same.

    How far the output moves for a move of x is measured where the network is computed. From this the moves are foreseen
    and added up, and as long as they stay below ``threshold``, as a share of the output, the network is not asked: what
    it added to x last time is added again. A larger threshold skips more and changes more. It acts from the share
    ``start`` of the steps up to the share ``end``; counted in ``trained timesteps`` these are shares of the 1000 that
    the model was trained with, from the noisiest on, as in ComfyUI. It works with every network. The sampler says which
    steps it skipped; compare the images with those without it to see what it costs. A run that goes on from a kept step
    is that of a whole run, to the last bit.

    Fails for a denoiser that predicts a variance too, and when it ends before it starts.
    Paper: Zhou et al. 2025, Less is Enough: Training-Free Video Diffusion Acceleration via Runtime-Adaptive Caching
    (arXiv:2507.02860).
    """
    if denoiser.learned_variance:
        raise NodeError("this denoiser predicts a variance too, which cannot be taken from an earlier step")
    return CachedDenoiser(denoiser, EasyCache(threshold, start, end, counted != "steps"))


@node("First block cache")
def first_block_cache(denoiser: Denoiser, threshold: Annotated[float, Slider(0, 1, 0.01)] = 0.08) -> Denoiser:
    """Leaves out a transformer's blocks where its first one says almost what it said before.

    Where what the first block adds differs from the last step by less than ``threshold``, as a share of it, the others
    are not computed, and what they added last time is added again. 0 computes all. The sampler says which steps were
    skipped; compare the images with those without it to see what it costs. A run that goes on from a kept step is that
    of a whole run, to the last bit. Works with FLUX.1, FLUX.2, Qwen-Image and others whose blocks diffusers knows.

    Fails for a network without such blocks, such as a U-Net.
    Paper: Liu et al. 2024, Timestep Embedding Tells: It's Time to Cache for Video Diffusion Model (arXiv:2411.19108),
    of which this is a simpler form.
    """
    check_blocks(network_of(denoiser), whole=True)
    return CachedDenoiser(denoiser, FirstBlock(threshold))


@node("MagCache")
def mag_cache(
    denoiser: Denoiser,
    threshold: Annotated[float, Slider(0, 1, 0.01)] = 0.06,
    most: Annotated[int, Range(1, 100)] = 3,
    start: Annotated[float, Slider(0, 1, 0.01)] = 0.2,
    ratios: Annotated[str, NUMBERS_ABOVE_0] = "",
) -> Denoiser:
    """Leaves out a transformer's blocks by how much they are known to add at each step.

    These ``ratios``, numbers with commas between, belong to a model; empty takes those that were measured of FLUX.1.
    Their errors are added up, and as long as these stay below ``threshold``, for at most so many steps in a row
    (``most``), what the blocks added last time is added again. The first steps, the share ``start`` of all, are
    computed. The sampler says which steps were skipped; compare the images with those without it to see what it costs.
    A run that goes on from a kept step is that of a whole run, to the last bit.

    Fails for a network without such blocks, without ratios for another model than FLUX.1, and for what are no numbers.
    Paper: Ma et al. 2025, MagCache: Fast Video Generation with Magnitude-Aware Cache (arXiv:2506.09045).
    """
    module = network_of(denoiser)
    check_blocks(module, whole=True)
    return CachedDenoiser(denoiser, Magnitudes(threshold, most, start, _ratios(ratios, module)))


@node("TaylorSeer")
def taylor_seer(
    denoiser: Denoiser,
    every: Annotated[int, Range(2, 100)] = 5,
    before: Annotated[int, Range(1, 1000)] = 3,
    order: Annotated[int, Range(0, 4)] = 1,
) -> Denoiser:
    """Computes a transformer at every so many steps, and foresees what its layers give in those between.

    The first steps (``before``) are computed, then one of ``every`` so many; between them each attention's output is
    that of a series of this ``order``: 0 takes the last one again, 1 goes on along a line. The sampler says which steps
    were skipped; compare the images with those without it to see what it costs. A run that goes on from a kept step is
    that of a whole run, to the last bit. It needs memory for the outputs of all layers.

    Fails for a network without blocks that diffusers knows. Paper: Liu et al. 2025, From Reusing to Forecasting:
    Accelerating Diffusion Models with TaylorSeers (arXiv:2503.06923).
    """
    check_blocks(network_of(denoiser), whole=False)
    return CachedDenoiser(denoiser, Taylor(every, before, order))


def _ratios(text: str, module: Any) -> tuple[float, ...]:
    """Raises NodeError for what are no numbers, and for another model without any."""
    if not text.strip():
        from diffusers.hooks.mag_cache import FLUX_MAG_RATIOS

        if type(module).__name__ != "FluxTransformer2DModel":
            raise NodeError(
                "the ratios of this model are not known here; give those that were measured of it at ratios"
            )
        return tuple(FLUX_MAG_RATIOS.tolist())
    words = text.replace(",", " ").split()
    try:
        found = tuple(float(word) for word in words)
    except ValueError:
        found = ()
    if not found or not all(math.isfinite(one) and one > 0 for one in found):
        raise NodeError("ratios: these are no numbers above 0 with commas between")
    return found
