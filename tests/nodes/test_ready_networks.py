"""How networks lie in memory once they are loaded."""

import pytest
import torch

from nodes.loaders.read.parts import ready

torch.manual_seed(0)


@pytest.mark.skipif(torch.accelerator.is_available(), reason="the rule is for processors")
@pytest.mark.parametrize(("dtype", "last"), [(torch.bfloat16, True), (torch.float32, False)])
def test_convolutions_in_bfloat16_have_channels_last_and_give_the_same(dtype: torch.dtype, last: bool) -> None:
    plain = torch.nn.Sequential(torch.nn.Conv2d(4, 8, 3, padding=1), torch.nn.Conv2d(8, 4, 1)).to(dtype)
    x = torch.randn(1, 4, 8, 8, dtype=dtype)
    with torch.no_grad():
        before = plain(x)
        network = ready(plain)
        assert network[0].weight.is_contiguous(memory_format=torch.channels_last) is last
        torch.testing.assert_close(network(x), before)
