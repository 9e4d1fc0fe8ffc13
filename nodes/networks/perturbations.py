"""Making a network worse for one call, so that its own prediction can be led away from that. No nodes here.

Each way is told by one paper; all of them act on chosen transformer blocks, and afterwards the network is as it was.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad, scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from nodeflow.node import NodeError
from nodes.networks.attention_processors import apart, kind_of
from nodes.networks.attention_recorder import grid_of

STACKS = ("transformer_blocks", "single_transformer_blocks", "blocks", "layers", "visual_transformer_blocks")
"""Names of diffusers' lists of transformer blocks."""
HOOK = "nodeflow_skip"


class Perturbation(Protocol):
    """A way to make a network worse."""

    @property
    def layers(self) -> str:
        """The blocks that it acts on, as `blocks_of` reads them."""
        ...

    def applied(self, module: torch.nn.Module, x: Tensor) -> contextlib.AbstractContextManager[None]:
        """Within this the network computes worse for x (B, C, h, w). Raises NodeError where it has no such blocks."""
        ...


@dataclass(frozen=True)
class SkippedBlocks:
    """Blocks that give what they get."""

    layers: str

    @contextlib.contextmanager
    def applied(self, module: torch.nn.Module, x: Tensor) -> Iterator[None]:
        from diffusers.hooks import HookRegistry

        with contextlib.ExitStack() as after:
            for name, block in blocks_of(module, self.layers).items():
                registry = HookRegistry.check_if_exists_or_initialize(block)
                registry.register_hook(_skip_hook(name, block), HOOK)
                after.callback(registry.remove_hook, HOOK, recurse=False)
            yield


def _skip_hook(name: str, block: torch.nn.Module) -> Any:
    """A hook of diffusers' that gives what the block gets, in the order in which the block gives it.

    diffusers' own one always gives the image first, which most joint-attention blocks give last. Raises NodeError.
    """
    from diffusers.hooks import ModelHook
    from diffusers.hooks._helpers import TransformerBlockRegistry

    try:
        told = TransformerBlockRegistry.get(type(block))
    except ValueError:
        raise NodeError(f"the block {name} of this network cannot be left out; choose others") from None

    class SkipHook(ModelHook):  # type: ignore[misc]
        def new_forward(self, module: object, *args: Any, **named: Any) -> Any:
            image = told._get_parameter_from_args_kwargs(told.hidden_states_argument_name, args, named)
            if told.return_encoder_hidden_states_index is None:
                return image
            text = told._get_parameter_from_args_kwargs(told.encoder_hidden_states_argument_name, args, named)
            return (text, image) if told.return_encoder_hidden_states_index == 0 else (image, text)

    return SkipHook()


@dataclass(frozen=True)
class IdentityAttention:
    """Self-attention in which a place of the image sees no other one, Ahn et al. 2024 (arXiv:2403.17377), section 4."""

    layers: str

    @contextlib.contextmanager
    def applied(self, module: torch.nn.Module, x: Tensor) -> Iterator[None]:
        replaced: list[bool] = []
        with contextlib.ExitStack() as after:
            for layer in attention_in(blocks_of(module, self.layers)).values():
                for hook in _blinded(layer, replaced):
                    after.callback(hook.remove)
            yield
        if not replaced:
            raise NodeError(f"the blocks {self.layers} compute no attention that could be replaced; choose others")


def _blinded(layer: torch.nn.Module, replaced: list[bool]) -> list[RemovableHandle]:
    """Hooks under which a layer's places see themselves alone, and the text; ``replaced`` grows with each attention."""
    modes: list[BlindAttention] = []

    def begin(_: object, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        text = named.get("encoder_hidden_states", given[1] if len(given) > 1 else None)
        modes.append(BlindAttention(layer, 0 if text is None else text.shape[1], replaced))
        modes[-1].__enter__()

    def end(*_: object) -> None:
        if modes:
            modes.pop().__exit__(None, None, None)

    return [
        layer.register_forward_pre_hook(begin, with_kwargs=True),
        layer.register_forward_hook(end, always_call=True),
    ]


class BlindAttention(TorchFunctionMode):
    """Within it a place of the image attends to itself, and to the text where a layer has both in one softmax."""

    def __init__(self, layer: torch.nn.Module, text: int, replaced: list[bool]) -> None:
        super().__init__()
        self._layer, self._text, self._replaced = layer, text, replaced

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        if function is not scaled_dot_product_attention:
            return function(*args, **named)
        given = {**dict(zip(("query", "key", "value", "attn_mask"), args, strict=False)), **named}
        self._replaced.append(True)
        if not self._text:
            return given["value"]
        places = self._places(given["query"].shape[2], given["key"].shape[2])
        seen = torch.ones(
            given["query"].shape[2], given["key"].shape[2], dtype=torch.bool, device=given["query"].device
        )
        seen[places, places] = torch.eye(len(range(*places.indices(len(seen)))), dtype=torch.bool, device=seen.device)
        return function(**{**given, "attn_mask": _both(given.get("attn_mask"), seen)})

    def _places(self, queries: int, keys: int) -> slice:
        kind = kind_of(self._layer)
        parts = kind(self._text, queries, keys) if kind and queries == keys else None
        if parts is None or parts.picture is None:
            raise NodeError("it is not known where text and image stand in these layers; choose others")
        return parts.picture


def _both(mask: Tensor | None, seen: Tensor) -> Tensor:
    """What a mask and another (n, m) let through together."""
    if mask is None:
        return seen
    return mask & seen if mask.dtype == torch.bool else mask.masked_fill(~seen, -torch.inf)


@dataclass(frozen=True)
class BlurredQueries:
    """Self-attention whose queries are blurred over the image, Hong 2024 (arXiv:2408.00760), section 4.

    ``sigma`` is the blur's deviation in cells of the layer; infinite is the mean of all.
    """

    layers: str
    sigma: float

    @contextlib.contextmanager
    def applied(self, module: torch.nn.Module, x: Tensor) -> Iterator[None]:
        with contextlib.ExitStack() as after:
            for name, layer in attention_in(blocks_of(module, self.layers)).items():
                query = getattr(layer, "to_q", None)
                one_row = kind_of(layer) is not apart and getattr(layer, "add_q_proj", None) is None
                if one_row or not isinstance(query, torch.nn.Module):
                    raise NodeError(f"{name} has no queries of the image alone that could be blurred; choose others")
                after.callback(query.register_forward_hook(self._blurring(name, x)).remove)
            yield

    def _blurring(self, name: str, x: Tensor) -> Any:
        def hook(layer: object, given: object, output: Tensor) -> Tensor:  # (B, n, D)
            grid = grid_of(output.shape[1], x.shape)
            if grid is None:
                raise NodeError(f"the queries of {name} are no image that could be blurred; choose others")
            picture = output.unflatten(1, grid).movedim(-1, 1)
            return blurred(picture, self.sigma).flatten(2).mT

        return hook


def blurred(x: Tensor, sigma: float) -> Tensor:
    """x (B, C, h, w) under a Gaussian of this deviation, of six of them in width and at most as wide as x."""
    if not math.isfinite(sigma):
        return x.mean((-2, -1), keepdim=True).expand_as(x)
    for axis in (-1, -2):
        x = _blurred_along(x.movedim(axis, -1), sigma).movedim(-1, axis)
    return x


def _blurred_along(x: Tensor, sigma: float) -> Tensor:
    side = x.shape[-1]
    width = math.ceil(6 * sigma) + 1 - math.ceil(6 * sigma) % 2
    half = min(width, side - (side % 2 - 1)) // 2
    places = torch.arange(-half, half + 1, device=x.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (places / sigma).square())
    kernel = (kernel / kernel.sum()).to(x.dtype)
    rows = x.reshape(-1, 1, side)
    return conv1d(pad(rows, (half, half), "reflect"), kernel[None, None]).reshape(x.shape)


def blocks_of(module: torch.nn.Module, layers: str) -> Mapping[str, torch.nn.Module]:
    """The transformer blocks that a text names, by their own names.

    Numbers count a transformer's blocks from 0 on; anything else is the beginning of a name, such as ``mid_block``.
    Raises NodeError for what names none, and for a text that names nothing.
    """
    stacks = [
        (name, stack)
        for name, stack in module.named_modules()
        if isinstance(stack, torch.nn.ModuleList) and name.rpartition(".")[2] in STACKS
    ]
    known = {f"{name}.{index}": block for name, stack in stacks for index, block in enumerate(stack)}
    numbered = [name for name in known if name.count(".") == 1]
    found: dict[str, torch.nn.Module] = {}
    for word in layers.replace(",", " ").split():
        if word.isdigit():
            names = numbered[int(word) : int(word) + 1]
        else:
            names = [name for name in known if name == word or name.startswith(word + ".")]
        if not names:
            raise NodeError(f"this network has no block {word}; {_told(list(known), numbered)}")
        found.update((name, known[name]) for name in names)
    if not found:
        raise NodeError(f"layers names no block; {_told(list(known), numbered)}")
    return found


def _told(known: list[str], numbered: list[str]) -> str:
    if numbered:
        return f"name some of 0 to {len(numbered) - 1}"
    places = dict.fromkeys(name.split(".transformer_blocks")[0] for name in known)
    return f"name some of {', '.join(places)}" if places else "it has no transformer blocks at all"


def attention_in(blocks: Mapping[str, torch.nn.Module]) -> Mapping[str, torch.nn.Module]:
    """The layers of blocks in which an image attends to itself, by name. Raises NodeError without any."""
    from diffusers.models.attention import AttentionModuleMixin
    from diffusers.models.attention_processor import Attention

    found = {
        f"{name}.{inner}": layer
        for name, block in blocks.items()
        for inner, layer in block.named_modules()
        if isinstance(layer, (Attention, AttentionModuleMixin)) and not getattr(layer, "is_cross_attention", False)
    }
    if not found:
        raise NodeError(f"the blocks {', '.join(blocks)} have no self-attention; choose others")
    return found
