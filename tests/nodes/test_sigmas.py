"""Noise levels as values: the numbers that people know, and what is done with them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from benchmarks.parity import KINDS, relative
from nodeflow.node import NodeError
from nodeflow.wires import Curve, Sigmas, TrainedSchedule
from nodes.schedulers.align_your_steps import align_your_steps_sigmas
from nodes.schedulers.edit_sigmas import (
    extend_sigmas,
    flip_sigmas,
    join_sigmas,
    manual_sigmas,
    part_of_sigmas,
    scale_sigmas,
    set_first_sigma,
    split_sigmas,
    split_sigmas_by_denoise,
)
from nodes.schedulers.flow_shift import flow_shift, flow_shift_by_size
from nodes.schedulers.formula_sigmas import (
    exponential_sigmas,
    flux2_sigmas,
    karras_sigmas,
    laplace_sigmas,
    logit_normal_sigmas,
    vp_sigmas,
)
from nodes.schedulers.gits import gits_sigmas
from nodes.schedulers.model_sigmas import beta_sigmas, model_sigmas, sd_turbo_sigmas
from nodes.schedulers.sampler_schedules import k_sampler
from nodes.schedulers.sigmas.noise_table import noise_table
from nodes.schedulers.sigmas.published import align_your_steps_levels
from nodes.schedulers.sigmas.spacings import SPACINGS, spaced

FLOW = KINDS["SD3"]
assert FLOW is not None
COMFYUI = {
    ("SD1", "normal"): [14.614640235900879, 2.918307065963745, 0.9323579668998718, 0.029167160391807556, 0.0],
    ("SD1", "simple"): [14.614641189575195, 4.081729412078857, 1.6128861904144287, 0.6932048797607422, 0.0],
    ("SD1", "sgm_uniform"): [14.614640235900879, 4.086081027984619, 1.6155803203582764, 0.6951495409011841, 0.0],
    ("SD1", "karras"): [14.614643096923828, 3.168604850769043, 0.4469185769557953, 0.0291671771556139, 0.0],
    ("SD1", "exponential"): [14.614640235900879, 1.8400236368179321, 0.23166418075561523, 0.029167160391807556, 0.0],
    ("SD1", "ddim_uniform"): [4.116696357727051, 1.6236920356750488, 0.6983981132507324, 0.04131441190838814, 0.0],
    ("SD1", "beta"): [14.614641189575195, 5.686591625213623, 1.6182788610458374, 0.5153906345367432, 0.0],
    ("SD1", "linear_quadratic"): [14.614641189575195, 14.431958198547363, 14.249275207519531, 10.59561538696289, 0.0],
    ("SD1", "kl_optimal"): [14.614632606506348, 1.5970659255981445, 0.572914183139801, 0.029167158529162407, 0.0],
    ("SD3", "normal"): [1.0, 0.8576923608779907, 0.602150559425354, 0.008928571827709675, 0.0],
    ("SD3", "simple"): [1.0, 0.8999999761581421, 0.75, 0.5, 0.0],
    ("SD3", "beta"): [1.0, 0.9335348010063171, 0.7507492899894714, 0.39217135310173035, 0.0],
    ("Flux", "simple"): [1.0, 0.9045307636260986, 0.7595109343528748, 0.5128440856933594, 0.0],
    ("Flux", "ddim_uniform"): [0.9046228528022766, 0.7596569657325745, 0.5131105184555054, 0.0006313660414889455, 0.0],
}
"""What ComfyUI 0.26.0 gives for 4 steps."""
TAIL = [1.48058069, 1.24581325, 1.04814208, 0.87842816, 0.72971869, 0.59643358, 0.47358471, 0.3555454, 0.23216423,
        0.02916716, 0.0]  # fmt: skip
"""And for normal, 10 steps at denoise 0.5."""


def test_spacings_give_the_numbers_that_people_know() -> None:
    for (kind, spacing), wanted in COMFYUI.items():
        assert relative(SPACINGS[spacing](noise_table(KINDS[kind]), 4), wanted) < 1e-6, spacing
    assert relative(model_sigmas(None, "normal", 10, 0.5).values, TAIL) < 1e-6
    steps = {spacing: len(SPACINGS[spacing](noise_table(None), 7)) - 1 for spacing in SPACINGS}
    assert steps == {**dict.fromkeys(SPACINGS, 7), "ddim_uniform": 8}


PUBLISHED = ("AYS SD1", "AYS SDXL", "AYS SVD", "GITS")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spacing", [name for name in SPACINGS if name not in PUBLISHED])
def test_every_spacing_of_every_model_falls_to_nothing(kind: str, spacing: str) -> None:
    trained = KINDS[kind]
    table = noise_table(trained)
    for steps in (1, 2, 7, 30):
        values = model_sigmas(trained, spacing, steps).values  # type: ignore[arg-type]
        assert values.dtype == torch.float32
        assert (values.diff() < 0).all()
        assert float(values[-1]) == 0
        assert float(values[0]) <= float(table.sigmas[-1]) * (1 + 1e-6)


def test_penultimate_levels_are_discarded_where_the_sampler_asks() -> None:
    dropped = model_sigmas(None, "normal", 8, penultimate="discarded").values
    kept = model_sigmas(None, "normal", 9).values
    assert torch.equal(dropped, torch.cat([kept[:-2], kept[-1:]]))
    assert k_sampler(None, "uni_pc", "normal", 8).sigmas == tuple(dropped.tolist())  # type: ignore[attr-defined]
    assert len(model_sigmas(None, "simple", 8, 0.5, "discarded").values) == 9


@pytest.mark.parametrize("spacing", [name for name in SPACINGS if name != "simple"])
@pytest.mark.parametrize("denoise", [0.01, 0.07, 0.33, 0.5, 0.75, 0.99])
def test_a_share_of_the_way_is_the_end_of_a_longer_one(spacing: str, denoise: float) -> None:
    for steps in (1, 2, 7, 13, 50):
        found = spaced(SPACINGS[spacing], noise_table(None), steps, denoise)
        assert len(found) == steps + 1
        assert bool((found.diff() < 0).all())
        whole = SPACINGS[spacing](noise_table(None), int(steps / denoise))
        assert torch.equal(found, whole[-(steps + 1) :])


def test_nearly_all_of_the_way_counts_as_all() -> None:
    whole = SPACINGS["ddim_uniform"](noise_table(None), 7)
    assert len(whole) == 9  # every 142nd of 1000 levels
    assert torch.equal(spaced(SPACINGS["ddim_uniform"], noise_table(None), 7, 0.99995), whole)


def test_tables_are_the_models() -> None:
    assert float(noise_table(None).sigmas[0]) == pytest.approx(0.029167158529162407, rel=1e-7)
    assert float(noise_table(None).sigmas[-1]) == pytest.approx(14.614641189575195, rel=1e-7)
    silent = noise_table(TrainedSchedule({"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012,
                                          "rescale_betas_zero_snr": True}))  # fmt: skip
    assert float(silent.sigmas[-1]) == pytest.approx(math.sqrt(1 / 4.8973451890853435e-08 - 1), rel=1e-6)
    for betas in ("linear", "squaredcos_cap_v2"):
        assert (noise_table(TrainedSchedule({"beta_schedule": betas})).sigmas.diff() > 0).all()
    linear = noise_table(TrainedSchedule({"rescale_betas_zero_snr": True}))
    assert linear.sigmas[-1] < linear.sigmas[-2] and linear.asked(float(linear.sigmas[-1])) == 999
    listed = TrainedSchedule({"trained_betas": [0.1, 0.2, 0.3]})
    assert noise_table(listed).sigmas.tolist() == pytest.approx(
        [(0.1 / 0.9) ** 0.5, (0.28 / 0.72) ** 0.5, (0.496 / 0.504) ** 0.5]
    )
    with pytest.raises(NodeError, match="betas of the kind sigmoid"):
        model_sigmas(TrainedSchedule({"beta_schedule": "sigmoid"}))
    table = noise_table(None)
    for index in (0, 1, 500, 998, 999):
        assert table.asked(float(table.sigmas[index])) == index
    assert table.asked(1e9) == 999
    assert table.asked(0.0) == 0


def test_shifts_are_a_number_or_come_with_the_size() -> None:
    assert noise_table(flow_shift(FLOW, 6.0)).sigmas[499] == pytest.approx(6 * 0.5 / (1 + 5 * 0.5))
    by_size = flow_shift_by_size(FLOW, 1024, 1024)
    mu = math.exp(1.15)
    assert float(noise_table(by_size).sigmas[4999]) == pytest.approx(mu / (mu + 1), rel=1e-6)
    small = noise_table(flow_shift_by_size(FLOW, 256, 256)).sigmas[4999]
    assert float(small) == pytest.approx(math.exp(0.5) / (math.exp(0.5) + 1), rel=1e-6)
    assert torch.equal(noise_table(flow_shift(by_size, 3.0)).sigmas, noise_table(FLOW).sigmas)
    for make in (lambda: flow_shift(TrainedSchedule({}), 3.0), lambda: flow_shift_by_size(TrainedSchedule({}))):
        with pytest.raises(NodeError, match="trained as a diffusion"):
            make()


def test_formulas_go_from_the_largest_to_the_smallest_and_to_nothing() -> None:
    assert karras_sigmas(4, 14.614641189575195, 0.029167158529162407).values.tolist() == pytest.approx(
        COMFYUI["SD1", "karras"], rel=1e-6
    )
    for values in (
        karras_sigmas(9).values,
        exponential_sigmas(9).values,
        exponential_sigmas(9, rho=2.0).values,
        vp_sigmas(9).values,
        laplace_sigmas(9).values,
    ):
        assert (values.diff() < 0).all()
        assert float(values[-1]) == 0
    bent, even = exponential_sigmas(9, rho=2.0).values, exponential_sigmas(9).values
    assert (bent[1:-2] < even[1:-2]).all()
    middle = laplace_sigmas(201, beta=0.1).values[:-1].log()
    assert float(middle.median()) == pytest.approx(0, abs=0.01)
    for make in (karras_sigmas, exponential_sigmas, laplace_sigmas):
        with pytest.raises(NodeError, match="make sigma_max the larger one"):
            make(9, 1.0, 2.0)
    with pytest.raises(NodeError, match="both betas are 0"):
        vp_sigmas(9, 0.0, 0.0)


def test_flux2_shifts_by_size_and_steps() -> None:
    found = flux2_sigmas(FLOW, 20, 1024, 1024).values
    assert len(found) == 21
    assert float(found[0]) == 1
    few, many = 8.73809524e-05 * 4096 + 1.89833333, 0.00016927 * 4096 + 0.45666666
    shift = math.exp((many - few) / 190 * 20 + many - 200 * (many - few) / 190)
    assert float(found[10]) == pytest.approx(shift / (shift + 1), rel=1e-5)
    assert float(flux2_sigmas(FLOW, 20, 2048, 2048).values[10]) > float(found[10])
    with pytest.raises(NodeError, match="levels of flow matching"):
        flux2_sigmas(TrainedSchedule({}))


def test_align_your_steps_are_the_published_levels() -> None:
    assert align_your_steps_levels("SD1", 10)[1:4] == pytest.approx([6.475, 3.861, 2.697], rel=2e-3)
    assert align_your_steps_levels("SDXL", 10)[1:4] == pytest.approx([6.315, 3.771, 2.181], rel=2e-3)
    video = align_your_steps_levels("SVD", 10)
    assert video == [700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002]
    ten, twenty = align_your_steps_sigmas("SD1", 10).values, align_your_steps_sigmas("SD1", 20).values
    assert torch.allclose(twenty[:-1:2], ten[:-1])
    assert float(twenty[1]) == pytest.approx(math.sqrt(float(ten[0] * ten[1])), rel=1e-6)
    assert torch.equal(align_your_steps_sigmas("SD1", 10, 0.5).values, ten[5:])
    assert align_your_steps_sigmas("SD1", 10, 0.0).values.tolist() == [0.0]
    with pytest.raises(NodeError, match="levels are of diffusions"):
        align_your_steps_sigmas("SD1", trained=FLOW)


def test_published_levels_are_spacings_of_a_sampler_too() -> None:
    for name in PUBLISHED[:3]:
        own = align_your_steps_sigmas(name.removeprefix("AYS "), 12).values  # type: ignore[arg-type]
        assert torch.equal(model_sigmas(None, name, 12).values, own)  # type: ignore[arg-type]
    assert torch.equal(model_sigmas(None, "GITS", 30).values, gits_sigmas(1.2, 30).values)
    assert k_sampler(None, "euler", "AYS SDXL", 10).sigmas[3:5] == pytest.approx([2.181, 1.342], rel=2e-3)  # type: ignore[attr-defined]
    assert torch.equal(model_sigmas(None, "GITS", 5, 0.5).values, gits_sigmas(1.2, 10).values[5:])
    for name in PUBLISHED:
        assert [len(model_sigmas(None, name, steps).values) for steps in (1, 2, 50)] == [2, 3, 51]  # type: ignore[arg-type]
        with pytest.raises(NodeError, match="these levels are of diffusions"):
            k_sampler(FLOW, "euler", name)  # type: ignore[arg-type]


def test_gits_are_the_published_levels() -> None:
    assert gits_sigmas(1.0, 4).values.tolist() == pytest.approx(
        [14.61464119, 6.77309084, 2.36326075, 0.803307, 0.0], rel=1e-7
    )
    assert torch.equal(gits_sigmas(1.02, 4).values, gits_sigmas(1.0, 4).values)  # the nearest that is known
    for steps in range(2, 21):
        for coefficient in (0.8, 1.15, 1.5):
            values = gits_sigmas(coefficient, steps).values
            assert len(values) == steps + 1
            assert (values.diff() < 0).all()
    twenty, forty = gits_sigmas(1.5, 20).values, gits_sigmas(1.5, 40).values
    assert torch.allclose(forty[:-1:2], twenty[:-1], rtol=1e-6)
    assert torch.equal(gits_sigmas(1.5, 20, 0.5).values, twenty[10:])
    assert gits_sigmas(1.5, 20, 0.0).values.tolist() == [0.0]
    with pytest.raises(NodeError, match="levels are of diffusions"):
        gits_sigmas(trained=FLOW)


def test_turbo_takes_the_distilled_timesteps() -> None:
    table = noise_table(None)
    assert torch.allclose(sd_turbo_sigmas(None, 2).values, torch.cat([table.sigmas[[999, 899]], torch.zeros(1)]))
    assert torch.allclose(sd_turbo_sigmas(None, 1, 0.5).values[0], table.sigmas[499])
    with pytest.raises(NodeError, match=r"at denoise 0\.3 fewer than 4 of the ten timesteps are left"):
        sd_turbo_sigmas(None, 4, 0.3)
    with pytest.raises(NodeError, match="straight paths"):
        sd_turbo_sigmas(FLOW)


def test_beta_has_two_parameters() -> None:
    assert torch.equal(beta_sigmas(None, 12).values, model_sigmas(None, "beta", 12).values)
    even = beta_sigmas(None, 10, 1.0, 1.0).values
    assert torch.allclose(
        even[:-1], noise_table(None).sigmas[[999, 899, 799, 699, 599, 500, 400, 300, 200, 100]], rtol=2e-2
    )
    assert len(beta_sigmas(None, 900).values) < 900
    with pytest.raises(NodeError, match="a table of 1000 levels, not 1200"):
        beta_sigmas(None, 1200)


def test_levels_are_cut_turned_scaled_extended_and_joined() -> None:
    five = manual_sigmas("16; 8, 4\n2 0")
    assert five.values.tolist() == [16, 8, 4, 2, 0]
    high, low = split_sigmas(five, 2)
    assert (high.values.tolist(), low.values.tolist()) == ([16, 8, 4], [4, 2, 0])
    assert torch.equal(join_sigmas(high, low).values, five.values)
    assert split_sigmas_by_denoise(five, 0.25).low.values.tolist() == [2, 0]
    assert split_sigmas_by_denoise(five, 0.0).low.values.tolist() == [0]
    assert part_of_sigmas(five, 1, 3).values.tolist() == [8, 4, 0]
    assert part_of_sigmas(five, 1, 3, True).values.tolist() == [8, 4, 2]
    assert part_of_sigmas(five, 9).values.tolist() == [0]
    assert flip_sigmas(five).values.tolist() == pytest.approx([1e-4, 2, 4, 8, 16])
    assert set_first_sigma(five, 20.0).values.tolist() == [20, 8, 4, 2, 0]
    assert scale_sigmas(five, 0.5).values.tolist() == [8, 4, 2, 1, 0]
    assert scale_sigmas(five, 0.75, 1, 2).values.tolist() == [16, 6, 4, 2, 0]
    assert extend_sigmas(five, 2, -1, 8).values.tolist() == [16, 12, 8, 6, 4, 2, 0]
    assert extend_sigmas(five, 2, 8, 8).values.tolist() == [16, 8, 6, 4, 2, 0]
    cosine, sine = (extend_sigmas(five, 2, -1, 16, way).values[1] for way in ("cosine", "sine"))  # type: ignore[arg-type]
    assert cosine < 12 < sine
    assert manual_sigmas(curve=Curve(torch.arange(3.0), torch.tensor([3.0, 1.0, 0.0]))).values.tolist() == [3, 1, 0]
    assert five.values.tolist() == [16, 8, 4, 2, 0]
    for make, told in (
        (lambda: join_sigmas(low, high), "fall from step to step"),
        (lambda: scale_sigmas(five, 3.0, 1, 2), "fall from step to step"),
        (lambda: set_first_sigma(five, 8.0), "above the second, which is 8"),
        (lambda: split_sigmas(five, 5), "there are 4 steps"),
    ):
        with pytest.raises(NodeError, match=told):
            make()


def test_what_a_value_was_made_for_stays_with_it() -> None:
    for made in (flip_sigmas(Sigmas(torch.ones(1), FLOW)), split_sigmas(model_sigmas(FLOW), 3).low, flux2_sigmas(FLOW)):
        assert made.trained is FLOW


def test_logit_normal_levels_lie_at_the_quantiles_of_their_distribution() -> None:
    """Against the normal distribution of Python's own statistics; at 512 x 512 the mean is mu."""
    from statistics import NormalDist

    found = logit_normal_sigmas(FLOW, 8, 512, 512, mu=0.5, deviation=1.75).values
    quantiles = [NormalDist(0.5, 1.75).inv_cdf(1 - step / 8) for step in range(1, 8)]
    assert found[1:-1].tolist() == pytest.approx([1 / (1 + math.exp(-one)) for one in quantiles], rel=1e-5)
    assert found[0] == pytest.approx(1 - 1 / (1 + math.exp(9)), abs=1e-6) and found[-1] == 0
    larger = logit_normal_sigmas(FLOW, 8, 1024, 1024, mu=0.5).values
    assert torch.logit(larger[4]) - torch.logit(found[4]) == pytest.approx(math.log(2), rel=1e-4)
    with pytest.raises(NodeError, match="flow matching"):
        logit_normal_sigmas(TrainedSchedule({"_class_name": "DDIMScheduler"}))


@pytest.mark.parametrize(
    "make",
    [
        lambda: vp_sigmas(20, 5000, 5000),
        lambda: flux2_sigmas(FLOW, 50, 16384, 16384),  # type: ignore[arg-type]
        lambda: exponential_sigmas(20, 14, 0.03, 100),
    ],
)
def test_settings_too_extreme_for_falling_levels_are_said_on_the_node(make: Callable[[], Sigmas]) -> None:
    with pytest.raises(NodeError, match="these settings are too extreme: sigma"):
        make()


def test_a_shift_beyond_single_precision_is_finite() -> None:
    flux = KINDS["Flux"]
    assert flux is not None
    trained = flow_shift_by_size(flux, 16384, 16384)
    for spacing in SPACINGS:
        if spacing not in ("AYS SD1", "AYS SDXL", "AYS SVD", "GITS"):
            assert model_sigmas(trained, spacing, 8).values.isfinite().all()  # type: ignore[arg-type]
