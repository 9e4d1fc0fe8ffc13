"""Cancel inside a step: while a node computes, each block of the networks it uses looks whether to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from nodeflow.engine.cache.value_size import networks
from nodeflow.engine.execution.run_control import RunControl


class Cancelled(BaseException):
    """Raised inside a network's forward pass once the run is cancelled. No node catches it as an error of its own."""


def interruptible(values: Any, control: RunControl) -> AbstractContextManager[None]:
    """Within this, a forward pass of any network in ``values`` raises Cancelled at its next block after a cancel.

    Blocks are the items of module lists (a U-Net's levels with their layers, a transformer's layers): a network of any
    make has them, and there are few enough that looking costs nothing. Other threads that use a network go on: they
    look into values, which no cancel is meant for.
    """
    found = [*networks(values)]
    return _stopping(found, control) if found else nullcontext()


@contextmanager
def _stopping(found: list[torch.nn.Module], control: RunControl) -> Iterator[None]:
    mine = threading.get_ident()

    def look(*_: object) -> None:
        if control.cancelled and threading.get_ident() == mine:
            raise Cancelled

    hooks = [block.register_forward_pre_hook(look) for network in found for block in blocks(network)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def blocks(network: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The blocks of a network, at each of which it looks whether to stop."""
    for module in network.modules():
        if isinstance(module, torch.nn.ModuleList):
            yield from module.children()
