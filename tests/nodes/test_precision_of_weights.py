"""Weights brought from one precision to another."""

import pytest
import torch

from nodes.loaders.quantised.layers import IN_CACHE, in_precision

EVERY = torch.arange(65536, dtype=torch.int32).to(torch.int16)
"""All patterns of 16 bits."""


@pytest.mark.parametrize(("given", "wanted"), [(torch.float16, torch.bfloat16), (torch.bfloat16, torch.float16)])
def test_every_number_comes_out_as_torch_converts_it(given: torch.dtype, wanted: torch.dtype) -> None:
    numbers = EVERY.view(given).repeat(IN_CACHE // len(EVERY) + 1)[: IN_CACHE + 7]
    found, expected = in_precision(numbers, wanted), numbers.to(wanted)
    assert torch.equal(found.isnan(), expected.isnan())
    assert torch.equal(found.nan_to_num(nan=0.0), expected.nan_to_num(nan=0.0))
    turned = numbers[:4096].view(64, 64).T
    assert torch.equal(in_precision(turned, wanted).isnan(), turned.isnan())
    assert in_precision(turned, wanted).shape == turned.shape
