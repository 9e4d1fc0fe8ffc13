"""TeaCache: a transformer's blocks are left out by how far what its first block takes in moves."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, cast

import torch
from torch import Tensor

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Conditioning, Denoiser
from nodes.denoisers.step_caches import At, CachedDenoiser
from nodes.denoisers.step_memory import CallMemory
from nodes.networks.attention_recorder import network_of
from nodes.written import FIVE_NUMBERS

PUBLISHED = {
    "FluxTransformer2DModel": (4.98651651e02, -2.83781631e02, 5.58554382e01, -3.82021401e00, 2.64230861e-01),
    "Lumina2Transformer2DModel": (225.7042019806413, -608.8453716535591, 304.1869942338369, 124.21267720116742,
                                  -1.4089066892956552),
}  # fmt: skip
"""By the network's class, the highest power first: the paper's authors' of FLUX.1, and the TeaCache4Lumina2 that their
repository names, in its second version."""


@dataclass(frozen=True)
class TimestepAware:
    """Liu et al. 2024 (arXiv:2411.19108): the first step and the last are computed whole."""

    threshold: float
    coefficients: tuple[float, ...]

    def predict(
        self, denoiser: Denoiser, x: Tensor, timestep: Tensor, conditioning: Conditioning, at: At, memory: CallMemory
    ) -> Tensor:
        index, total = at
        kept = dict(memory.kept or {})
        found: dict[str, Any] = {}

        def leaves_out(seen: Tensor) -> Tensor | None:
            """What the blocks added last time, where that is to be added again."""
            moved = 0.0
            if kept and index < total - 1 and kept["seen"].shape == seen.shape:
                share = float((seen - kept["seen"]).abs().mean() / kept["seen"].abs().mean())
                moved = kept["moved"] + _value(self.coefficients, share)
                if moved < self.threshold:
                    found.update(seen=seen, moved=moved, beyond=kept["beyond"])
                    return cast(Tensor, kept["beyond"])
            found.update(seen=seen, moved=0.0)
            return None

        with around_blocks(network_of(denoiser), leaves_out, lambda beyond: found.update(beyond=beyond)):
            output = denoiser.predict(x, timestep, conditioning)
        memory.keep(found, index if found["moved"] else None)
        return output


def _value(coefficients: tuple[float, ...], share: float) -> float:
    """A polynomial's value, its highest power first."""
    found = 0.0
    for one in coefficients:
        found = found * share + one
    return found


@contextlib.contextmanager
def around_blocks(
    module: Any, leaves_out: Callable[[Tensor], Tensor | None], computed: Callable[[Tensor], None]
) -> Iterator[None]:
    """Within this a call of a transformer asks, by what its first block takes in once that is shifted and scaled by the
    time, whether its blocks are left out; where not, it tells what they added to the image's tokens."""
    blocks = _blocks(module)
    state: dict[str, Any] = {"skips": False}

    def first(block: Any, whole: Callable[..., Any], given: dict[str, Any]) -> Any:
        tokens = given["hidden_states"]
        beyond = leaves_out(_modulated(block, tokens, given["temb"]))
        state.update(skips=beyond is not None, begun=tokens)
        return whole(**given) if beyond is None else _as_output(block, given, tokens + beyond)

    def later(block: Any, whole: Callable[..., Any], given: dict[str, Any]) -> Any:
        return _as_output(block, given, given["hidden_states"]) if state["skips"] else whole(**given)

    def last(found: Any, block: Any) -> None:
        if not state["skips"]:
            computed(_tokens(block, found) - state["begun"])

    with contextlib.ExitStack() as stack:
        for number, block in enumerate(blocks):
            stack.enter_context(
                _standing_before(block, later if number else first, last if block is blocks[-1] else None)
            )
        yield


@contextlib.contextmanager
def _standing_before(
    block: Any, asked: Callable[[Any, Callable[..., Any], dict[str, Any]], Any], then: Callable[[Any, Any], None] | None
) -> Iterator[None]:
    """Within this a block is asked through another function, which has its inputs by their names."""
    whole, own = block.forward, vars(block).get("forward")
    takes = inspect.signature(type(block).forward)

    def forward(*given: Any, **named: Any) -> Any:
        told = dict(takes.bind(block, *given, **named).arguments)
        told.pop("self")
        found = asked(block, whole, told | told.pop("kwargs", {}))
        if then is not None:
            then(found, block)
        return found

    block.forward = forward
    try:
        yield
    finally:
        if own is None:
            del block.forward
        else:
            block.forward = own


def _blocks(module: Any) -> list[Any]:
    """The blocks through which the image's tokens go, in their order."""
    from diffusers.hooks._common import _ALL_TRANSFORMER_BLOCK_IDENTIFIERS as NAMES

    stacks = [child for name, child in module.named_children() if name in NAMES]
    return [block for stack in stacks if isinstance(stack, torch.nn.ModuleList) for block in stack]


def _modulated(block: Any, tokens: Tensor, time: Tensor) -> Tensor:
    """What a block's attention would take in."""
    takes = inspect.signature(block.norm1.forward).parameters
    found = block.norm1(tokens, emb=time) if "emb" in takes else block.norm1(tokens, time)
    return cast(Tensor, found[0])


def _places(block: Any) -> tuple[int, int] | None:
    """Where in a block's output the image's tokens are and the text's; None where it gives the image's alone."""
    from diffusers.hooks._helpers import TransformerBlockRegistry

    try:
        told = TransformerBlockRegistry.get(type(block))
    except ValueError:
        return None
    text = told.return_encoder_hidden_states_index
    return None if text is None else (int(told.return_hidden_states_index or 0), int(text))


def _tokens(block: Any, output: Any) -> Tensor:
    places = _places(block)
    return cast(Tensor, output if places is None else output[places[0]])


def _as_output(block: Any, given: dict[str, Any], tokens: Tensor) -> Any:
    """What a block gives that leaves the text as it is."""
    places = _places(block)
    if places is None:
        return tokens
    text = given["encoder_hidden_states"]
    return (tokens, text) if places < places[::-1] else (text, tokens)


def _check(module: Any) -> None:
    """Raise NodeError for a network whose first block does not shift and scale by the time what it takes in."""
    blocks = _blocks(module)
    takes = [inspect.signature(type(block).forward).parameters for block in blocks]
    led = all("hidden_states" in one and (number or "temb" in one) for number, one in enumerate(takes))
    if len(blocks) < 2 or not led or not hasattr(blocks[0], "norm1") or not hasattr(blocks[0].norm1, "linear"):
        raise NodeError(
            "this network has no blocks that TeaCache could leave out; use Easy cache, which works with every network"
        )


@node("TeaCache")
def tea_cache(
    denoiser: Denoiser,
    threshold: Annotated[float, Slider(0, 2, 0.01)] = 0.25,
    coefficients: Annotated[str, FIVE_NUMBERS] = "",
) -> Denoiser:
    """Leaves out a transformer's blocks in steps in which what its first block takes in moves little.

    How far that moves from step to step, as a share of it, foretells how far the output would move, by a polynomial
    that was fitted to a model; empty ``coefficients``, the highest power first, are those published of FLUX.1 and of
    Lumina 2. This is added up, and as long as it stays below ``threshold`` what the blocks added last time is added
    again. For FLUX.1 0.25 leaves out about a third of the steps, 0.6 half of them. The first and the last step are
    computed. The sampler says which steps it skipped; compare the images with those without it to see what it costs. A
    run that goes on from a kept step is that of a whole run, to the last bit.

    Fails for a network without such blocks, and without coefficients for another model than these two.
    Paper: Liu et al. 2024, Timestep Embedding Tells: It's Time to Cache for Video Diffusion Model (arXiv:2411.19108).
    """
    module = network_of(denoiser)
    _check(module)
    known = PUBLISHED.get(type(module).__name__)
    words = coefficients.replace(",", " ").split()
    if not words and known is None:
        raise NodeError(
            "no coefficients of this model were published that are known here; give those that were fitted to it at "
            "coefficients"
        )
    return CachedDenoiser(denoiser, TimestepAware(threshold, tuple(map(float, words)) if words else known or ()))
