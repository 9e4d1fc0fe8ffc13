"""Tests of the inspector's words on values, compared with the true tensors of a run of the starter workflow."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import numpy as np
import pytest
import torch
from studio import OWN, Studio, pixels
from studio import studio as studio

from nodeflow.engine.inspect.prediction_spaces import SPACES, NoiseLevel, seen_as
from nodeflow.engine.inspect.rendering import tiles
from nodeflow.engine.inspect.tensor_facts import BINS, facts
from nodeflow.engine.inspect.trajectory_quantities import frame_of
from nodeflow.engine.protocol.messages import ViewQuery
from nodeflow.engine.protocol.value_handle import Overview, ValueHandle
from nodeflow.views import Chart, Matrix, Picture, Table, Text
from nodeflow.wires import Latent
from nodeflow.wires.schedules import Prediction


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_facts_are_exact(dtype: torch.dtype) -> None:
    numbers = torch.randn(3, 50, 41, generator=torch.Generator().manual_seed(0)) * 50
    tensor = numbers > 0 if dtype == torch.bool else numbers.to(dtype)
    found, true = facts("t", tensor), tensor.double().flatten().tolist()
    mean = math.fsum(true) / len(true)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in true) / len(true))
    assert (found.minimum, found.maximum) == (min(true), max(true))
    assert found.mean == pytest.approx(mean, rel=1e-12, abs=1e-15)
    assert found.deviation == pytest.approx(deviation, rel=1e-12)
    assert (found.shape, found.bytes) == ((3, 50, 41), tensor.numel() * tensor.element_size())
    assert (found.nan, found.infinite) == (0, 0)
    counts, _ = np.histogram(true, BINS, (min(true), max(true)))
    assert sum(found.histogram.counts) == tensor.numel()
    assert np.abs(np.cumsum(found.histogram.counts) - np.cumsum(counts)).max() <= 1  # a value on a bound


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    tensor = torch.tensor([1.0, math.nan, 3.0, math.inf, -math.inf, math.nan])
    found = facts("t", tensor)
    assert (found.nan, found.infinite, found.minimum, found.maximum) == (2, 2, 1.0, 3.0)
    assert (found.mean, found.deviation, sum(found.histogram.counts)) == (2.0, 1.0, 2)
    nothing = facts("t", torch.full((2, 2), math.nan))
    assert (nothing.nan, nothing.mean, nothing.maximum) == (4, 0.0, 0.0)
    assert facts("t", torch.empty(0)).bytes == 0


def test_many_values_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = torch.randn(1000, generator=torch.Generator().manual_seed(1))
    whole = facts("t", tensor)
    monkeypatch.setattr("nodeflow.engine.inspect.tensor_facts.CHUNK", 64)
    parts = facts("t", tensor)
    assert parts.mean == pytest.approx(whole.mean, rel=1e-13)
    assert parts.deviation == pytest.approx(whole.deviation, rel=1e-13)
    assert parts.histogram == whole.histogram


def test_an_overview_tells_facts_and_forms_and_names_the_value(studio: Studio) -> None:
    overview = studio.look("sampler", "latent")
    assert isinstance(overview, Overview)
    latent = studio.value("sampler", "latent")
    assert isinstance(latent, Latent)
    assert overview.facts == (facts("samples", latent.samples),)
    assert [form.name for form in overview.forms][:3] == ["colours", "channels", "decoded"]
    again = studio.inspector.look(ViewQuery(1, handle=overview.handle, form="channels")).view
    assert again == studio.look("sampler", "latent", "channels")


def test_channels_of_a_latent_pixel_by_pixel(studio: Studio) -> None:
    latent = studio.value("sampler", "latent")
    assert isinstance(latent, Latent)
    samples = latent.samples[1]
    shown = pixels(studio.look("sampler", "latent", "channels", picture=1))
    assert shown.shape == (32, 32, 3)
    for channel in range(4):
        row, column = divmod(channel, 2)
        tile = shown[row * 16 : row * 16 + 16, column * 16 : column * 16 + 16]
        plane = samples[channel]
        grey = ((plane - plane.min()) / (plane.max() - plane.min()) * 255).round().to(torch.uint8)
        assert torch.equal(tile, grey[..., None].expand(-1, -1, 3))
    same = pixels(studio.look("sampler", "latent", "channels", picture=1, scale="the same for all"))
    grey = ((samples[2] - samples.min()) / (samples.max() - samples.min()) * 255).round().to(torch.uint8)
    assert torch.equal(same[16:, :16, 0], grey)


def test_what_is_not_finite_is_black_and_a_flat_plane_too() -> None:
    plane = torch.tensor([[[0.0, 1.0], [math.nan, math.inf]], [[3.0, 3.0], [3.0, 3.0]]])
    shown = pixels(tiles(plane, 64))[..., 0]
    assert shown.tolist() == [[0, 255, 0, 0], [0, 0, 0, 0]]


def test_a_decoded_latent_is_the_picture_that_the_vae_gives(studio: Studio) -> None:
    decoded = studio.look("sampler", "latent", "decoded")
    image = studio.look("decode", "image", "picture")
    true = (studio.value("decode", "image").pixels[0] * 255).round().to(torch.uint8).permute(1, 2, 0)
    assert torch.equal(pixels(decoded), true)
    assert decoded == image


def test_a_place_has_the_true_values(studio: Studio) -> None:
    table = studio.look("sampler", "latent", "place", x=3, y=5, picture=1)
    assert isinstance(table, Table)
    true = studio.value("sampler", "latent").samples[1, :, 5, 3].tolist()
    assert [float(row[1]) for row in table.rows] == pytest.approx(true, rel=1e-5)


def test_a_conditioning_as_norms_and_similarities_with_its_words(studio: Studio) -> None:
    tokens = studio.value("prompt", "conditioning").tokens[0]
    chart = studio.look("prompt", "conditioning", "norms")
    assert isinstance(chart, Chart)
    assert chart.bars
    assert "star" in [word.strip() for word in chart.labels]
    count = len(chart.labels)
    assert chart.series[0].y == pytest.approx(tokens[:count].norm(dim=-1).tolist(), rel=1e-6)
    matrix = studio.look("prompt", "conditioning", "similarity", tokens="all")
    assert isinstance(matrix, Matrix)
    unit = torch.nn.functional.normalize(tokens.double(), dim=-1)
    assert matrix.values == pytest.approx((unit @ unit.T).flatten().tolist(), abs=1e-9)
    assert len(matrix.rows) == len(tokens) >= count


def test_a_schedule_as_curves(studio: Studio) -> None:
    path = studio.value("sampler", "trajectory")
    times = studio.look("scheduler", "schedule", "timesteps")
    assert isinstance(times, Chart)
    assert list(times.series[0].y) == path.timesteps.tolist()
    sigmas = studio.look("scheduler", "schedule", "sigmas")
    assert isinstance(sigmas, Chart)
    true = {float(i): s for i, s in enumerate(path.sigmas.tolist()) if s < 1e6}
    assert dict(zip(sigmas.series[0].x, sigmas.series[0].y, strict=True)) == pytest.approx(true)
    signal = studio.look("scheduler", "schedule", "signal")
    assert isinstance(signal, Chart)
    for step, decibels in zip(signal.series[0].x, signal.series[0].y, strict=True):
        assert 10 ** (-decibels / 20) == pytest.approx(true[step], rel=1e-6)


QUANTITIES: dict[str, Callable[[object], object]] = {
    "x": lambda path: path.x[6],
    "predicted x_0": lambda path: path.original[6],
    "guided prediction": lambda path: (path.x[6] - path.levels[6, 0] * path.original[6]) / path.levels[6, 1],
    "conditional": lambda path: path.conditional[6],
    "unconditional": lambda path: path.unconditional[6],
    "difference": lambda path: path.conditional[6] - path.unconditional[6],
}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_step_of_a_trajectory_pixel_by_pixel(studio: Studio, quantity: str) -> None:
    true = QUANTITIES[quantity](studio.value("sampler", "trajectory"))[1]
    asked = {"quantity": quantity, "way": "channels", "step": 6, "picture": 1}
    space = {} if quantity == "guided prediction" else {"space": OWN}
    shown = studio.look("sampler", "trajectory", "frames", **asked, **space)
    assert isinstance(shown, Picture)
    assert msgspec.structs.replace(shown, facts=()) == tiles(true, 1024)
    told, path = dict(shown.facts), studio.value("sampler", "trajectory")
    assert (told["t"], told["sigma"]) == (float(path.timesteps[6]), float(path.sigmas[6]))
    exact = true.double()
    assert told["mean"] == pytest.approx(float(exact.mean()), abs=1e-12)
    assert told["deviation"] == pytest.approx(float(exact.std(correction=0)), rel=1e-12)
    assert (told["minimum"], told["maximum"]) == (float(true.min()), float(true.max()))


def test_guidance_adds_up_in_the_space_of_noise(studio: Studio) -> None:
    """The classifier-free formula holds between what is shown, with the scale of the workflow (2.5)."""
    path = studio.value("sampler", "trajectory")
    for step in (0, 6, 19):
        conditional, unconditional, guided = (
            frame_of(path, name, step) for name in ("conditional", "unconditional", "guided prediction")
        )
        assert torch.allclose(guided, unconditional + 2.5 * (conditional - unconditional), atol=2e-3)


LEVELS = [NoiseLevel(0.8, 0.6), NoiseLevel(1.0, 7.5), NoiseLevel(0.3, 0.7)]


@pytest.mark.parametrize("at", LEVELS)
@pytest.mark.parametrize("prediction", ["epsilon", "v", "sample", "flow"])
def test_every_space_says_the_same_of_x(prediction: Prediction, at: NoiseLevel) -> None:
    x_0, noise = torch.randn(2, 1, 4, 3, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = at.alpha * x_0 + at.sigma * noise
    a, b = at.alpha / math.hypot(at.alpha, at.sigma), at.sigma / math.hypot(at.alpha, at.sigma)
    true = {"epsilon": noise, "sample": x_0, "v": a * noise - b * x_0, "flow": noise - x_0}
    for name, space in SPACES.items():
        found = seen_as(true[prediction], x, prediction, name, at)
        assert torch.allclose(found, true[space or prediction], atol=1e-9), name


def test_noise_alone_tells_no_image() -> None:
    x = torch.ones(1, 1, 2, 2)
    assert seen_as(x, x, "epsilon", "x_0", NoiseLevel(0.0, 1.0)) is None
    assert seen_as(x, x, None, "x_0", NoiseLevel(0.0, 1.0)) is x


def test_curves_and_a_place_over_the_steps(studio: Studio) -> None:
    path = studio.value("sampler", "trajectory")
    chart = studio.look("sampler", "trajectory", "curves", curve="change from step to step", picture=1)
    assert isinstance(chart, Chart)
    x = {series.name: series for series in chart.series}["x"]
    true = [float((b[1].double() - a[1].double()).norm()) for a, b in zip(path.x, path.x[1:], strict=False)]
    assert x.y == pytest.approx(true, rel=1e-9)
    assert x.x == tuple(map(float, range(1, 21)))
    probe = studio.look("sampler", "trajectory", "place", quantity="x", x=2, y=9)
    assert isinstance(probe, Chart)
    for channel, series in enumerate(probe.series):
        assert list(series.y) == [frame[0, channel, 9, 2].item() for frame in path.x]


def test_models_plain_values_and_anything_else_can_be_seen(studio: Studio) -> None:
    table = studio.look("model", "unet", "parameters")
    assert isinstance(table, Table)
    module = studio.value("model", "unet").module
    assert int(table.rows[0][1].replace(",", "")) == sum(p.numel() for p in module.parameters())
    first, second = (studio.look("model", "unet", "hash") for _ in range(2))
    assert isinstance(first, Text)
    assert first == second
    other = studio.look("model", "vae", "hash")
    assert isinstance(other, Text)
    assert other.text.splitlines()[-1] != first.text.splitlines()[-1]
    guider = studio.look("guidance", "guider", "parts")
    assert isinstance(guider, Table)
    assert ("rule.scale", "float", "2.5") in guider.rows
    files = studio.look("save", "files", "files")
    assert isinstance(files, Table)
    assert len(files.rows) == 2
    assert "bytes" in files.rows[0][1]


def test_what_cannot_be_seen_is_a_sentence(studio: Studio) -> None:
    def error(**fields: object) -> str:
        return studio.inspector.look(ViewQuery(1, **fields)).error

    assert error(node="nowhere", output="x") == "nowhere has not run yet"
    assert "no output 'x'" in error(node="sampler", output="x")
    assert "cannot be seen as 'smell'" in error(node="sampler", output="latent", form="smell")
    assert "not in memory" in error(handle=ValueHandle("00ff", 0, "Latent"))
    assert error(handle=ValueHandle("rubbish", 0, "Latent"))
