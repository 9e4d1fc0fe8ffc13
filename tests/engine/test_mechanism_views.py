"""Views of a trajectory that tell how it came about: by bands of frequency, and guidance as arrows."""

import pytest
import torch

from nodeflow.engine.inspect import frequency_views, guidance_views
from nodeflow.engine.inspect.frequency_views import agreement, bands, frequencies
from nodeflow.engine.inspect.guidance_views import guidance_arrows
from nodeflow.engine.inspect.trajectory_views import frame
from nodeflow.node import NodeError
from nodeflow.views import ViewRequest
from nodeflow.wires import Trajectory


class Alone:
    """A value that nothing stands beside."""

    def colours(self, channels: int) -> None:
        """No VAE says what its colours are."""


def waves(side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A slow and a fast wave (1, 1, side, side)."""
    x = torch.arange(side) * 2 * torch.pi / side
    return x.sin().expand(1, 1, side, side), (x * (side // 2 - 1)).sin().expand(1, 1, side, side)


def path(original: list[torch.Tensor], **more: object) -> Trajectory:
    count = len(original)
    levels = torch.tensor([[0.6, 0.8]] * count)
    x = (*[torch.zeros_like(original[0])] * count, original[-1])
    return Trajectory(torch.arange(count), torch.ones(count + 1), x, tuple(original), levels=levels, **more)  # type: ignore[arg-type]


def test_bands_part_slow_waves_from_fast_ones() -> None:
    slow, fast = waves(16)
    of = bands(16, 16)
    assert of[0, 0] == -1 and of[0, 1] == 0 and of[0, 8] == 2
    coarse, _, fine = agreement(slow[0], (slow + fast)[0], of)
    assert coarse == pytest.approx(1) and fine == pytest.approx(0, abs=1e-6)


def test_what_comes_first_agrees_first() -> None:
    slow, fast = waves(16)
    chart = frequencies(path([slow, slow + 0.5 * fast, slow + fast]), ViewRequest(Alone()))  # type: ignore[arg-type]
    coarse, _, fine = (series.y for series in chart.series)
    assert coarse == pytest.approx((1, 1, 1)) and fine == pytest.approx((0, 0.5, 1), abs=1e-6)
    (view,) = frequency_views.FORMS["Trajectory"]
    assert view.fits(path([slow])) and not view.fits(path([slow[..., :4, :4]]))


def test_guidance_goes_along_the_difference_that_the_text_makes() -> None:
    torch.manual_seed(0)
    without, with_text = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    guided = without + 3 * (with_text - without)
    run = path([guided], conditional=(with_text,), unconditional=(without,), prediction="sample")
    (view,) = guidance_views.FORMS["Trajectory"]
    assert view.fits(run)
    text, led, result = guidance_arrows(run, ViewRequest(Alone())).series  # type: ignore[arg-type]
    assert (text.x[1], text.y[1]) == pytest.approx((1, 0), abs=1e-6)
    assert (led.x[1], led.y[1]) == pytest.approx((3, 0), abs=1e-5)
    assert result.x[1] == pytest.approx(3, abs=1e-5)
    bent = path(
        [guided + torch.randn(1, 4, 8, 8)], conditional=(with_text,), unconditional=(without,), prediction="sample"
    )
    assert guidance_arrows(bent, ViewRequest(Alone())).series[1].y[1] > 0.1  # type: ignore[arg-type]
    with pytest.raises(NodeError, match="no direction"):
        guidance_arrows(path([guided]), ViewRequest(Alone()))  # type: ignore[arg-type]


def test_a_small_difference_is_shown_as_large_as_colours_can_show() -> None:
    plain = torch.zeros(1, 3, 4, 4)
    moved = plain.clone()
    moved[0, 0, 1, 2] = 1e-3
    run = path([plain], conditional=(moved,), unconditional=(plain,), prediction="epsilon")
    shown = frame(run, ViewRequest(Alone(), {"quantity": "difference", "step": 0}, 64))  # type: ignore[arg-type]
    pixels = torch.frombuffer(bytearray(shown.pixels), dtype=torch.uint8).reshape(4, 4, 3)
    assert int(pixels[1, 2, 0]) - int(pixels[0, 0, 0]) > 100
    assert shown.caption == "values shown 1e+03 times larger"
