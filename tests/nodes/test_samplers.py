"""The field's samplers: their numbers, their order of convergence, and that each goes on from any of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from mixtures import FLOW, TWO_SIDED
from mixtures import end as end
from torch import Tensor

from benchmarks.parity import ended, sampled, toy
from benchmarks.samplers import errors, levels, slope, start, walked
from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.node import NodeError, Steps
from nodeflow.wires import Guider, Latent, Noise, NoiseMask, Schedule, Sigmas
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.samplers.solvers.catalogue import NAMES, SAMPLERS
from nodes.samplers.solvers.space import below_pure_noise
from nodes.schedulers.edit_sigmas import flip_sigmas, manual_sigmas, split_sigmas
from nodes.schedulers.model_sigmas import model_sigmas
from nodes.schedulers.sampler_schedules import k_sampler, sigmas_schedule
from tests.telling import telling_pairs

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # torchsde's, of levels that differ in the last bit


COMFYUI: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "ddim": ((-0.1115442, 0.0634393, 0.1183198), (-0.1097670, 0.0590271, 0.1174660)),
    "ddpm": ((-0.0187400, 0.0872592, 0.0121856), (-0.0471785, 0.1601342, 0.1194808)),
    "deis": ((-0.0991997, 0.0557474, 0.1055264), (-0.0814059, 0.0425277, 0.0876735)),
    "dpm_2": ((-0.1333791, 0.0735222, 0.1423940), (-0.1999046, 0.1052562, 0.2148578)),
    "dpm_2_ancestral": ((0.0141187, 0.0493485, -0.0595638), (0.0407072, 0.1895038, -0.1406823)),
    "dpm_adaptive": ((-0.1570642, 0.0853495, 0.1680953), (-0.0710270, 0.0365923, 0.0767270)),
    "dpm_fast": ((-0.0782862, 0.0411339, 0.0844103), (-0.0572697, 0.0295287, 0.0618380)),
    "dpmpp_2m": ((-0.0831608, 0.0459306, 0.0888302), (-0.0134952, 0.0024896, 0.0167164)),
    "dpmpp_2m_sde": ((-0.0922950, 0.0532579, 0.0186908), (-0.0432496, -0.1096381, -0.1530436)),
    "dpmpp_2m_sde_heun": ((-0.1086587, 0.0371610, 0.0182416), (-0.0283013, -0.1969520, -0.2915896)),
    "dpmpp_2s_ancestral": ((-0.0003088, 0.0492364, -0.0071353), (0.0136055, 0.0723461, 0.0250802)),
    "dpmpp_3m_sde": ((-0.0415197, -0.1735952, 0.0579488), (0.4721858, -0.4481325, -0.4966275)),
    "dpmpp_sde": ((-0.0327409, 0.0735147, -0.0030294), (-0.0190166, 0.0160001, 0.0244422)),
    "er_sde": ((-0.1105062, 0.1077327, 0.1320033), (-0.0476472, 0.1378282, 0.1320166)),
    "euler": ((-0.1115442, 0.0634393, 0.1183198), (-0.1097670, 0.0590271, 0.1174660)),
    "euler_ancestral": ((-0.0187397, 0.0872576, 0.0121849), (0.0207722, 0.1437504, 0.0596095)),
    "exp_heun_2_x0": ((-0.0864359, 0.0480783, 0.0921038), (-0.0691397, 0.0367668, 0.0741621)),
    "exp_heun_2_x0_sde": ((-0.0306053, -0.0108127, -0.0035284), (-0.0624379, -0.0465393, 0.0084570)),
    "gradient_estimation": ((-0.0779352, 0.0426313, 0.0833523), (-0.0874448, 0.0455709, 0.0942164)),
    "heun": ((-0.0500923, 0.0270417, 0.0537183), (0.4665463, -0.3529227, -0.4739273)),
    "heunpp2": ((-0.1107020, 0.0629017, 0.1174551), (-0.0982332, 0.0523140, 0.1053271)),
    "ipndm": ((-0.0791575, 0.0435066, 0.0845545), (-0.0888788, 0.0467102, 0.0955936)),
    "ipndm_v": ((-0.0874720, 0.0485161, 0.0932823), (-0.0999872, 0.0516326, 0.1079179)),
    "lcm": ((0.0062566, 0.0705019, -0.0220909), (0.0807043, 0.1284991, 0.0191936)),
    "lms": ((-0.0999926, 0.0562811, 0.1063216), (-0.0777520, 0.0405254, 0.0837771)),
    "res_multistep": ((-0.0767687, 0.0419787, 0.0821911), (0.0355113, -0.0258386, -0.0347649)),
    "res_multistep_ancestral": ((0.0473936, 0.0923073, -0.0453113), (0.4539174, 0.2927399, -0.0983463)),
    "sa_solver": ((0.0051507, -0.0252625, 0.0505510), (-0.1051490, 0.0892117, 0.0663374)),
    "sa_solver_pece": ((-0.0111455, -0.0079376, 0.0503139), (-0.0536569, 0.0427075, 0.0386508)),
    "seeds_2": ((-0.0365163, -0.0043595, 0.0018483), (-0.0472458, -0.0273384, 0.0111016)),
    "seeds_3": ((-0.0671668, -0.0638822, -0.0052054), (0.0255452, -0.0688246, -0.0306759)),
    "uni_pc": ((-0.1343497, 0.0728929, 0.1438622), (-0.2002414, 0.1051616, 0.2153317)),
    "uni_pc_bh2": ((-0.1420639, 0.0780038, 0.1517690), (-0.2015554, 0.1060488, 0.2166607)),
}
"""The first three numbers that ComfyUI 0.26.0 gives on a CPU: karras on Stable Diffusion's levels, normal on a flow
with shift 3; 8 steps, seed 7, 1 x 4 x 8 x 8, with the toy denoiser of `benchmarks.parity`."""


@pytest.mark.parametrize("name", COMFYUI)
def test_it_gives_the_numbers_that_people_know(name: str) -> None:
    diffusion, flow = COMFYUI[name]
    limit = 2e-5 if SAMPLERS[name].random else 2e-6
    for schedule, wanted in (
        (k_sampler(None, name, "karras", 8), diffusion),
        (k_sampler(FLOW, name, "normal", 8), flow),
    ):
        found = sampled(name, schedule, schedule.flow).flatten()[:3]
        assert torch.allclose(found, torch.tensor(wanted), rtol=0, atol=limit), found


SURE = [name for name in NAMES if not SAMPLERS[name].random and not SAMPLERS[name].adaptive and "cfg_pp" not in name]


@pytest.mark.parametrize("name", SURE)
def test_its_error_falls_by_its_order(name: str, end: Tensor) -> None:
    found = errors(name, end)
    assert found[-1] < min(found[:-1])
    assert slope(found) > SAMPLERS[name].order - 0.35


@pytest.mark.parametrize("name", [name for name in NAMES if "eta" in SAMPLERS[name].options and "cfg_pp" not in name])
def test_without_its_noise_it_falls_by_its_order_too(name: str, end: Tensor) -> None:
    found = [
        float((walked(SAMPLERS[name], levels(steps), start(), eta=0.0)[0] - end).square().mean().sqrt())
        for steps in (20, 40, 80)
    ]
    assert slope(found) > SAMPLERS[name].order - 0.35


def test_an_adaptive_one_meets_its_tolerance_and_asks_more_for_a_smaller_one(end: Tensor) -> None:
    asked, error = [], []
    for rtol in (0.05, 0.005, 0.0005):
        x, calls = walked(SAMPLERS["dpm_adaptive"], [10.0, 0.1], start(), rtol=rtol, atol=rtol / 10)
        asked.append(calls)
        error.append(float((x - end).abs().max()))
    assert asked == sorted(asked)
    assert asked[0] < asked[-1]
    assert error == sorted(error, reverse=True)
    assert error[-1] < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_noise_of_nothing_changes_nothing(name: str) -> None:
    """With a denoiser that knows the image, every sampler that ends at 0 ends there."""
    picture = torch.linspace(-1, 1, 256, dtype=torch.float64).reshape(1, 4, 8, 8)
    x, _ = walked(SAMPLERS[name], [*levels(24), 0.0], start(), lambda x, sigma: picture.to(x.dtype))
    left = 0.3 if name in ("dpm_fast", "dpm_adaptive") else 0.01  # these end at the last level above 0
    assert float((x - picture).abs().max()) < 3 * left


@pytest.mark.parametrize("name", [n for n in NAMES if "uni_pc" not in n and not SAMPLERS[n].above_nothing])
def test_a_step_from_next_to_no_noise_is_finite(name: str) -> None:
    guider = TWO_SIDED if "cfg_pp" in name else toy(False)
    found = ended(sample(guider, sigmas_schedule(manual_sigmas("0.0001, 0"), name), Noise((3,)))).latent.samples  # type: ignore[arg-type]
    assert found.isfinite().all()


@pytest.mark.parametrize("name", ["uni_pc", "uni_pc_bh2"])
def test_unipc_says_which_noise_it_does_not_see(name: str) -> None:
    with pytest.raises(NodeError, match="does not see noise below a sigma"):
        ended(sample(toy(False), sigmas_schedule(manual_sigmas("5, 0.0001, 0"), name), Noise((3,))))  # type: ignore[arg-type]
    for alike in ("5, 0.00035, 0.00034, 0", "5, 0.001, 0"):
        with pytest.raises(NodeError, match="are one, and 0 counts as"):
            ended(sample(toy(False), sigmas_schedule(manual_sigmas(alike), name), Noise((3,))))  # type: ignore[arg-type]
    low = sigmas_schedule(manual_sigmas("5, 0.0006, 0"), name)  # type: ignore[arg-type]
    assert ended(sample(toy(False), low, Noise((3,)))).latent.samples.isfinite().all()


OF_OTHER_LEVELS = [name for name in NAMES if SAMPLERS[name].levels or SAMPLERS[name].adaptive]


@pytest.mark.parametrize("name", OF_OTHER_LEVELS)
@pytest.mark.parametrize("strength", [0.25, 0.5, 0.75])
def test_what_walks_along_levels_of_its_own_begins_where_the_schedule_does(name: str, strength: float) -> None:
    """Image to image by strength gives what the same levels alone give."""
    latent, noise = Latent(torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8)), Noise((3,))
    whole = model_sigmas(None, "karras", 48)
    found = ended(sample(toy(False), sigmas_schedule(whole, name), noise, latent, strength))
    skipped = 48 - int(48 * strength)
    assert float(found.trajectory.sigmas[0]) == float(whole.values[skipped])
    if SAMPLERS[name].levels is not below_pure_noise:  # a Brownian motion is over the whole schedule
        alone = ended(sample(toy(False), sigmas_schedule(Sigmas(whole.values[skipped:]), name), noise, latent))
        assert torch.equal(found.latent.samples, alone.latent.samples)


@pytest.mark.parametrize("name", [name for name in NAMES if SAMPLERS[name].above_nothing])
def test_a_share_of_the_way_too_short_is_said(name: str) -> None:
    schedule = k_sampler(None, name, "karras", 24)
    with pytest.raises(NodeError, match="give it two steps or more"):
        ended(sample(toy(False), schedule, Noise((3,)), Latent(torch.zeros(1, 4, 8, 8)), 0.05))


@pytest.mark.parametrize("name", ["dpm_fast", "restart", "dpm_adaptive"])
def test_a_mask_knows_the_levels_of_a_share_of_the_way(name: str) -> None:
    """Outside of the mask the latent comes out as it was."""
    latent = Latent(torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8), NoiseMask(torch.zeros(1, 1, 8, 8)))
    found = ended(sample(toy(False), k_sampler(None, name, "karras", 30), Noise((3,)), latent, 0.6))
    assert torch.allclose(found.denoised.samples, latent.samples, atol=1e-5)


class Runner:
    """Runs along a schedule, with steps kept."""

    def __init__(self, guider: Guider, schedule: Schedule, latent: Latent | None = None, strength: float = 1.0) -> None:
        self.guider, self.schedule, self.latent, self.strength = guider, schedule, latent, strength

    def run(
        self, store: StepStore | None, stop: int = 5000, noise: Noise = Noise((3, 9))
    ) -> tuple[int, Sampled | None]:
        """How many steps were computed, and the result; it is let go after ``stop`` of them."""
        with _steps(store) as steps:
            running = sample(self.guider, self.schedule, noise, self.latent, self.strength, steps=steps)
            seen = 0
            while seen < stop:
                try:
                    next(running)
                except StopIteration as end:
                    return seen, end.value
                seen += 1
            running.close()
        return seen, None


@contextmanager
def _steps(store: StepStore | None) -> Iterator[Steps]:
    if store is None:
        yield Steps()
    else:
        with store.begin("nodes.sample@3") as steps:
            yield steps


def _same(one: Sampled, other: Sampled) -> bool:
    pairs = zip(one.trajectory.x, other.trajectory.x, strict=True)
    return torch.equal(one.latent.samples, other.latent.samples) and all(torch.equal(*pair) for pair in pairs)


TWO_SIDES = "cfg_pp"
"""In the names of samplers whose guider, of two sides, is one of a diffusion alone."""


@pytest.mark.parametrize(
    ("name", "flow"),
    telling_pairs(
        ((name, flow) for name in NAMES for flow in (False, True) if not (flow and TWO_SIDES in name)),
        lambda name, flow: not name.endswith("_gpu") or not flow,
    ),
)
def test_it_goes_on_from_any_step_bit_by_bit(name: str, flow: bool, tmp_path: Path) -> None:
    steps = 22 if name == "restart" else 7
    guider = TWO_SIDED if TWO_SIDES in name else toy(flow)
    runner = Runner(guider, k_sampler(FLOW if flow else None, name, "karras", steps))
    count, wanted = runner.run(None)
    assert wanted is not None
    for done in {count // 2} if flow else {1, count // 2, count - 1} - {0}:
        memory = StepStore({"cpu": 2**30})
        disk = StepStore({"cpu": 2**30}, DiskStore(tmp_path / f"{done}", 2**28, least_seconds=0), pace=0)
        for store in (memory, disk):
            assert runner.run(store, stop=done)[0] == done
        again = StepStore({"cpu": 2**30}, DiskStore(tmp_path / f"{done}", 2**28, least_seconds=0), pace=0)
        for store in (memory, again):
            more, result = runner.run(store)
            assert more == count - done
            assert result is not None
            assert _same(result, wanted)


@pytest.mark.parametrize(
    ("name", "masked"),
    telling_pairs(
        ((name, masked) for name in OF_OTHER_LEVELS for masked in (False, True)),
        lambda name, masked: not name.endswith("_gpu") and (not masked or not SAMPLERS[name].random),
    ),
)
def test_a_share_of_the_way_goes_on_from_any_step_too(name: str, masked: bool) -> None:
    mask = NoiseMask((torch.arange(8.0) > 3).float().expand(1, 1, 8, 8).contiguous()) if masked else None
    latent = Latent(torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8), mask)
    runner = Runner(toy(False), k_sampler(None, name, "karras", 15), latent, 0.8)
    count, wanted = runner.run(None)
    assert wanted is not None and count > 3
    for done in (1, count // 2, count - 1):
        store = StepStore({"cpu": 2**30})
        runner.run(store, stop=done)
        more, result = runner.run(store)
        assert result is not None and more == count - done and _same(result, wanted)


@pytest.mark.parametrize("name", ["euler_ancestral", "dpmpp_2m_sde", "seeds_2", "restart", "uni_pc"])
def test_a_batch_equals_its_singles(name: str) -> None:
    schedule = k_sampler(None, name, "karras", 21)
    both = ended(sample(toy(False), schedule, Noise((3, 9)))).latent.samples
    for row, seed in enumerate((3, 9)):
        assert torch.equal(both[row : row + 1], ended(sample(toy(False), schedule, Noise((seed,)))).latent.samples)


def test_two_samplers_go_on_after_each_other_with_the_noise_that_is_left() -> None:
    for trained in (None, FLOW):
        whole = k_sampler(trained, "euler", "normal", 8)
        guider = toy(trained is not None)
        wanted = ended(sample(guider, whole, Noise((3,)))).latent.samples
        first = ended(
            sample(guider, k_sampler(trained, "euler", "normal", 8, end_step=5, leftover_noise=True), Noise((3,)))
        )
        rest = k_sampler(trained, "euler", "normal", 8, start_step=5)
        found = ended(sample(guider, rest, Noise((3,), silent=True), first.latent)).latent.samples
        assert torch.allclose(found, wanted, atol=1e-5)
    high, low = split_sigmas(model_sigmas(None, "normal", 8), 5)
    assert high.values[-1] == low.values[0] == whole_level(5)
    early = k_sampler(None, "euler", "normal", 8, end_step=5).begin("sample", torch.device("cpu"))
    assert float(early.sigmas[-1]) == 0


def whole_level(step: int) -> float:
    return float(model_sigmas(None, "normal", 8).values[step])


def test_where_nothing_is_left_to_do_the_latent_stays() -> None:
    latent = Latent(torch.randn(1, 4, 8, 8))
    for schedule in (k_sampler(None, steps=8, denoise=0), k_sampler(None, steps=8, start_step=8)):
        assert schedule.steps == 0
        assert torch.equal(ended(sample(toy(False), schedule, Noise((3,)), latent)).latent.samples, latent.samples)


@pytest.mark.parametrize("name", [name for name in NAMES if SAMPLERS[name].backward])
def test_it_walks_back_to_the_noise_that_a_picture_came_from(name: str, end: Tensor) -> None:
    away = [
        float((walked(SAMPLERS[name], levels(steps)[::-1], end)[0] - start()).square().mean().sqrt())
        for steps in (100, 400)
    ]
    assert away[1] < away[0] < 2
    assert away[1] < 0.5
    upwards = flip_sigmas(model_sigmas(None, "karras", 10))
    noised = ended(sample(toy(False), sigmas_schedule(upwards, name), Noise((0,), silent=True), Latent(end.float())))
    assert noised.latent.samples.isfinite().all()
    with pytest.raises(NodeError, match="fall from step to step"):
        sigmas_schedule(upwards, "dpmpp_2m")
