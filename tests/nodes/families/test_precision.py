"""The rules by which a precision is chosen: data of each family, what the device can, and what a person says."""

import pytest
import torch

from nodeflow.node import NodeError
from nodes.loaders.models.known import families
from nodes.loaders.models.precision import precision


@pytest.mark.parametrize(
    ("chosen", "supplied", "rightly", "bfloat16", "wanted"),
    [
        ("auto", "float32", ("bfloat16", "float32"), True, torch.float32),
        ("auto", "float16", ("bfloat16", "float32"), True, torch.bfloat16),
        ("auto", "float16", ("bfloat16", "float32"), False, torch.float32),
        ("auto", "float16", ("float16", "bfloat16", "float32"), True, torch.float16),
        ("auto", "float16", ("float32",), True, torch.float32),
        ("auto", "bfloat16", ("float16", "bfloat16", "float32"), True, torch.bfloat16),
        ("auto", "bfloat16", ("float16", "float32"), True, torch.float32),
        ("float16", "float32", ("bfloat16", "float32"), True, torch.float16),
        ("bfloat16", "float32", ("float32",), False, torch.bfloat16),
    ],
)
def test_a_precision_is_chosen(
    chosen: str, supplied: str, rightly: tuple[str, ...], bfloat16: bool, wanted: torch.dtype
) -> None:
    assert precision(chosen, supplied, rightly, bfloat16) == wanted


def test_what_is_no_precision_is_a_sentence() -> None:
    with pytest.raises(NodeError, match="float8 is no precision to compute in"):
        precision("float8", "float32", ("float32",), True)


HALF = {
    *("Kolors", "Stable Diffusion 1", "Stable Diffusion 2", "Stable Diffusion XL"),
    *("PixArt-alpha", "PixArt-Sigma", "Hunyuan-DiT", "Stable unCLIP"),
}
"""U-Nets, and the transformers whose makers ran and published them in float16."""


@pytest.mark.parametrize("name", families())
def test_float16_is_trusted_where_a_family_was_made_for_it(name: str) -> None:
    """Transformers that were trained in bfloat16 have values beyond 65504."""
    rightly = families()[name].network.architecture.precisions
    assert ("float16" in rightly) == (name in HALF)
    assert "float32" in rightly
    for part in families()[name].text.parts:
        assert "float32" in part.encoder.architecture.precisions
