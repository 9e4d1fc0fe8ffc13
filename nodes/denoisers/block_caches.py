"""Blocks of a transformer that are not computed at each step: diffusers' own hooks, for one call at a time. No nodes.

Their state lies outside of the network, which others share, and is as it was after the call.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch

from nodeflow.node import NodeError
from nodes.denoisers.step_memory import CallMemory

WITHIN_A_CALL = frozenset(["head_block_output", "head_block_input"])
"""What hooks hand to each other within a call, and need not be kept for the next one."""
CONTEXT = "step"


@contextlib.contextmanager
def cached(module: Any, config: Any, memory: CallMemory, index: int) -> Iterator[None]:
    """Within this a call of the network goes on from what the same call in the steps before left behind.

    ``config`` is one of diffusers' for its caches; ``index`` is the step.
    """
    from diffusers.hooks.hooks import CacheContext

    module.enable_cache(config)
    try:
        managers = _managers(module)
        before = (memory.kept or {}).get("states", ())
        for manager in managers:
            manager.set_context(CacheContext(name=CONTEXT))
        for manager, kept in zip(managers, before, strict=False):
            vars(manager.get_state()).update(_copied(kept))
        yield
        states = [vars(manager.get_state()) for manager in managers]
        skipped = any(_was_skipped(state) for state in states)
        kept_now = tuple(
            {name: _copied(one) for name, one in state.items() if name not in WITHIN_A_CALL} for state in states
        )
        memory.keep({"states": kept_now}, index if skipped else None)
    finally:
        module.disable_cache()


def _managers(module: torch.nn.Module) -> list[Any]:
    """Those that hold the state of a network's hooks, each once."""
    found: dict[int, Any] = {}
    for part in module.modules():
        for hook in getattr(getattr(part, "_diffusers_hook", None), "hooks", {}).values():
            manager = getattr(hook, "state_manager", None)
            if manager is not None:
                found[id(manager)] = manager
    return list(found.values())


def _was_skipped(state: dict[str, Any]) -> bool:
    if "should_compute" in state:
        return not state["should_compute"]
    return bool(state.get("current_step") != state.get("last_update_step"))


def _copied(value: Any) -> Any:
    """Containers anew, the tensors in them as they are: nothing changes those in place."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_copied, value)) if type(value) in (list, tuple) else value
    return value


def check_blocks(module: Any, whole: bool) -> None:
    """Raise NodeError for a network whose blocks diffusers' caches do not know.

    ``whole``: all blocks behind the first are left out at once, which has to give what the first one takes.
    """
    from diffusers.hooks._common import _ALL_TRANSFORMER_BLOCK_IDENTIFIERS as NAMES

    stacks = [
        child for name, child in module.named_children() if name in NAMES and isinstance(child, torch.nn.ModuleList)
    ]
    blocks = [block for stack in stacks for block in stack]
    if not hasattr(module, "enable_cache") or len(blocks) < 2 or (whole and not all(map(_is_known, blocks))):
        raise NodeError(
            "this network has no blocks that could be left out so; use Easy cache, which works with every network"
        )


def _is_known(block: torch.nn.Module) -> bool:
    """Whether it is told which of a block's inputs and outputs are the image and the text."""
    from diffusers.hooks._helpers import TransformerBlockRegistry

    try:
        told = TransformerBlockRegistry.get(type(block))
    except ValueError:
        return False
    names: Callable[..., Any] = type(block).forward
    takes = inspect.signature(names).parameters
    wanted = [told.hidden_states_argument_name]
    if told.return_encoder_hidden_states_index is not None:
        wanted.append(told.encoder_hidden_states_argument_name)
    return all(name in takes for name in wanted)
