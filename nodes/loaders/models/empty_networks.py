"""Networks that wait for the weights of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def empty_networks() -> Iterator[None]:
    """Give the networks that are made meanwhile no storage for their weights, and draw none of these by chance.

    transformers draws them even where there is no storage, half a millisecond a weight, which takes longer than making
    the network. What it computes otherwise, positions among them, it computes when it makes the network.
    """
    from accelerate import init_empty_weights
    from diffusers.models.modeling_utils import no_init_weights
    from transformers import PreTrainedModel

    draw = PreTrainedModel.initialize_weights
    PreTrainedModel.initialize_weights = lambda model: None
    try:
        with init_empty_weights(), no_init_weights():
            yield
    finally:
        PreTrainedModel.initialize_weights = draw
