"""Sampling goes on from the steps of an earlier run, and gives what a full run gives, bit by bit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.execution.step_cache import StepStore
from nodeflow.node import NodeError, Steps
from nodeflow.wires import Guider, Latent, LatentFormat, Noise, Schedule, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import UNetDenoiser, unet_denoiser
from nodes.guidance.classifier_free import change_guidance, classifier_free_guidance, guidance_interval, no_guidance
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import KARRAS_KINDS, KINDS, STABLE_DIFFUSION
from tests.telling import telling

PLENTY = {"cpu": 2**30}
NODE = "nodes.sample@1"
STEPS = 6
FLOW = TrainedSchedule({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0})
ZERO_SNR = TrainedSchedule(
    {
        **{name: value for name, value in STABLE_DIFFUSION.items() if name != "steps_offset"},
        "rescale_betas_zero_snr": True,
        "timestep_spacing": "trailing",
    }
)
CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{kind: (kind, "flow" if kind == "Flow-match Euler" else "epsilon", {}) for kind in KINDS},
    **{f"{kind}, v": (kind, "v", {}) for kind in KINDS if kind != "Flow-match Euler"},
    **{f"{kind}, x_0": (kind, "sample", {}) for kind in ("DDIM", "DPM++ 2M", "UniPC")},
    **{f"{kind}, Karras": (kind, "epsilon", {"sigmas": "Karras"}) for kind in KARRAS_KINDS},
    **{f"{kind}, no signal left": (kind, "v", {"trained": ZERO_SNR}) for kind in ("DDIM", "PNDM", "DPM++ 2M SDE")},
    "DDIM, eta": ("DDIM", "epsilon", {"eta": 0.7}),
    "DPM++ 2M, many steps": ("DPM++ 2M", "epsilon", {"steps": 16}),
}


class Climber:
    """A tiny model and what it takes to sample from it."""

    def __init__(self, tiny: LatentDiffusion) -> None:
        self.tiny = tiny
        self.red, self.blue, self.nothing = (clip_text_encode(tiny.text_encoder, t) for t in ("red star", "blue", ""))

    def guider(self, prediction: Any = "epsilon", scale: float = 5.0, text: Any = None) -> Guider:
        denoiser = unet_denoiser(self.tiny.unet, prediction)
        return classifier_free_guidance(denoiser, text or self.red, self.nothing, scale)

    def store(self, disk: DiskStore | None = None, **options: Any) -> StepStore:
        store = StepStore(PLENTY, disk, **options)
        store.identities.learn(b"model", self.tiny)
        return store

    def run(
        self,
        store: StepStore | None,
        guider: Guider,
        schedule: Schedule,
        stop: int = 1000,
        noise: Noise = Noise((3, 9)),
        **more: Any,
    ) -> tuple[list[int], Sampled | None]:
        """The numbers of the steps that were computed, and the result; it is let go after ``stop`` of them."""
        seen: list[int] = []
        with no_steps() if store is None else store.begin(NODE) as steps:
            running = sample(guider, schedule, noise, **more, steps=steps)
            while len(seen) < stop:
                try:
                    seen.append(next(running).index)
                except StopIteration as end:
                    return seen, end.value
            running.close()
        return seen, None


@contextmanager
def no_steps() -> Iterator[Steps]:
    yield Steps()


@pytest.fixture(scope="module")
def climber(light: LatentDiffusion) -> Climber:
    """These tests ask its network some ten thousand times."""
    return Climber(light)


@pytest.fixture
def disk(tmp_path: Path) -> Callable[[], DiskStore]:
    """Opens the same folder again, as after a restart."""
    return lambda: DiskStore(tmp_path / "results", 2**28, least_seconds=0)


def assert_same(one: Sampled | None, other: Sampled | None) -> None:
    assert one is not None
    assert other is not None
    assert torch.equal(one.latent.samples, other.latent.samples)
    for name in ("x", "original", "conditional", "unconditional"):
        found, wanted = getattr(one.trajectory, name), getattr(other.trajectory, name)
        assert len(found) == len(wanted), name
        for index, (left, right) in enumerate(zip(found, wanted, strict=True)):
            assert (left is None) == (right is None), (name, index)
            assert left is None or torch.equal(left, right), (name, index)
    assert torch.equal(one.trajectory.timesteps, other.trajectory.timesteps)
    assert torch.equal(one.trajectory.sigmas, other.trajectory.sigmas)


USUAL = {"DPM++ 2M, v", "DDIM, x_0", "Euler, Karras", "PNDM, no signal left", "DDIM, eta", "DPM++ 2M, many steps"}


@pytest.mark.parametrize("case", telling(CASES, lambda case: case in KINDS or case in USUAL))
def test_resuming_is_bit_identical_from_memory_and_from_disk(
    climber: Climber, disk: Callable[[], DiskStore], case: str
) -> None:
    kind, prediction, options = CASES[case]
    trained = options.get("trained", FLOW if prediction == "flow" else None)
    schedule = scheduler(**{"steps": STEPS, **options, "trained": trained, "kind": kind})
    guider = climber.guider(prediction)
    noise = Noise((3, 9) if case in KINDS else (3,))  # each kind resumes a batch, once
    every, wanted = climber.run(None, guider, schedule, noise=noise)
    assert wanted is not None
    for done in {1, 2, len(every) // 2, len(every) - 1}:
        memory = climber.store()
        written = climber.store(disk(), pace=0)
        for store in (memory, written):
            assert climber.run(store, guider, schedule, stop=done, noise=noise) == (every[:done], None)
        for store in (memory, climber.store(disk(), pace=0)):
            seen, result = climber.run(store, guider, schedule, noise=noise)
            assert seen == every[done:]
            assert_same(result, wanted)
            again, same = climber.run(store, guider, schedule, noise=noise)
            assert again == []
            assert_same(same, wanted)
        disk().clear()


@pytest.mark.parametrize("kind", ["DDIM", "Euler ancestral", "Heun", "DPM++ 2M SDE", "UniPC"])
def test_image_to_image_resumes_too(climber: Climber, kind: str) -> None:
    schedule, guider = scheduler(None, kind, STEPS), climber.guider()  # type: ignore[arg-type]
    start = Latent(torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1)))
    every, wanted = climber.run(None, guider, schedule, latent=start, strength=0.7)
    store = climber.store()
    climber.run(store, guider, schedule, stop=2, latent=start, strength=0.7)
    twin = Latent(start.samples.clone())
    seen, result = climber.run(store, guider, schedule, latent=twin, strength=0.7)
    assert seen == every[2:]
    assert_same(result, wanted)
    other = Latent(start.samples + 1e-3)
    for changes in ({"latent": other, "strength": 0.7}, {"latent": start, "strength": 0.9}):
        assert climber.run(store, guider, schedule, **changes)[0][0] == 1


def test_a_run_resumed_twice_leaves_what_is_kept_alone(climber: Climber) -> None:
    for kind in KINDS:
        prediction = "flow" if kind == "Flow-match Euler" else "epsilon"
        schedule = scheduler(FLOW if prediction == "flow" else None, kind, STEPS)  # type: ignore[arg-type]
        store, first = climber.store(), climber.guider(prediction)
        climber.run(store, first, schedule, stop=3)
        results = [
            climber.run(store, change_guidance(first, climber.guider(prediction, scale), 3), schedule)
            for scale in (9.0, 2.0, 9.0)
        ]
        _, wanted = climber.run(None, change_guidance(first, climber.guider(prediction, 9.0), 3), schedule)
        assert results[0][0] == results[1][0]
        assert_same(results[0][1], wanted)
        assert_same(results[2][1], wanted)
        seen, result = climber.run(store, first, schedule)
        assert seen == results[0][0]
        assert_same(result, climber.run(None, first, schedule)[1])


def test_what_differs_shares_nothing(climber: Climber) -> None:
    store, guider = climber.store(), climber.guider()
    schedule = scheduler(None, "DDIM", STEPS)
    climber.run(store, guider, schedule)
    twin = UNetDenoiser(climber.tiny.unet, "v")
    others: dict[str, tuple[Any, ...]] = {
        "seed": (guider, schedule, 1000, Noise((3, 10))),
        "size": (guider, schedule, 1000, Noise((3, 9), 48, 48)),
        "prompt": (climber.guider(text=climber.blue), schedule),
        "scale": (climber.guider(scale=5.5), schedule),
        "number of steps": (guider, scheduler(None, "DDIM", STEPS + 1)),
        "kind": (guider, scheduler(None, "DDPM", STEPS)),
        "eta": (guider, scheduler(None, "DDIM", STEPS, eta=0.1)),
        "trained": (guider, scheduler(TrainedSchedule({**STABLE_DIFFUSION, "beta_end": 0.013}), "DDIM", STEPS)),
        "prediction": (classifier_free_guidance(twin, climber.red, climber.nothing, 5.0), schedule),
    }
    for what, run in others.items():
        seen, result = climber.run(store, *run)
        assert seen[0] == 1, what
        assert_same(result, climber.run(None, *run)[1])
    assert climber.run(store, guider, schedule, record="nothing")[0][0] == 1
    assert climber.run(store, climber.guider(), scheduler(None, "DDIM", STEPS))[0] == []


def test_recording_nothing_resumes_too(climber: Climber) -> None:
    store, guider, schedule = climber.store(), climber.guider(), scheduler(None, "UniPC", STEPS)
    climber.run(store, guider, schedule, stop=4, record="nothing")
    seen, result = climber.run(store, guider, schedule, record="nothing")
    assert seen == [5, 6]
    assert_same(result, climber.run(None, guider, schedule, record="nothing")[1])


def test_another_network_shares_nothing_until_it_is_known(climber: Climber) -> None:
    store, schedule = StepStore(PLENTY), scheduler(None, "DDIM", STEPS)
    for _ in range(2):
        assert len(climber.run(store, climber.guider(), schedule)[0]) == STEPS
    assert len(store) == 0
    store.identities.learn(b"one model", climber.tiny)
    climber.run(store, climber.guider(), schedule)
    other = StepStore(PLENTY)
    other._entries, other._used = store._entries, store._used
    other.identities.learn(b"another model", climber.tiny)
    assert len(climber.run(other, climber.guider(), schedule)[0]) == STEPS


class Unlike:
    """A guider that is no dataclass: nobody can say whether it is the one from before."""

    __slots__ = ("inner",)

    def __init__(self, inner: Guider) -> None:
        self.inner = inner

    denoiser = property(lambda self: self.inner.denoiser)

    def predict(self, *arguments: Any) -> Any:
        return self.inner.predict(*arguments)

    def at(self, index: int, total: int) -> Guider:
        return self

    def unguided(self) -> Guider:
        return self


def test_an_unknown_guider_is_never_resumed(climber: Climber) -> None:
    store, schedule = climber.store(), scheduler(None, "DDIM", STEPS)
    for _ in range(2):
        assert len(climber.run(store, Unlike(climber.guider()), schedule)[0]) == STEPS
    assert len(store) == 0


def test_guidance_changed_at_a_step_asks_the_network_for_the_others_only(climber: Climber) -> None:
    calls: list[int] = []
    hook = climber.tiny.unet.module.register_forward_pre_hook(lambda *_: calls.append(1))
    try:
        for kind, change in (("DDIM", 4), ("DPM++ 2M SDE", 1), ("Heun", 5)):
            schedule = scheduler(None, kind, STEPS)  # type: ignore[arg-type]
            before, after = climber.guider(), climber.guider(scale=2.0)
            store = climber.store()
            every, _ = climber.run(store, before, schedule)
            calls.clear()
            changed = change_guidance(before, after, change)
            seen, result = climber.run(store, changed, schedule)
            assert len(seen) == len(every) - change
            assert len(calls) == 2 * len(seen)  # two seeds, each alone
            assert_same(result, climber.run(None, changed, schedule)[1])
            assert result is not None
            assert not torch.equal(result.latent.samples, climber.run(None, before, schedule)[1].latent.samples)  # type: ignore[union-attr]
    finally:
        hook.remove()


def test_an_interval_of_guidance_asks_half_outside_of_it(climber: Climber) -> None:
    rows: list[int] = []
    hook = climber.tiny.unet.module.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    try:
        guider, schedule = climber.guider(), scheduler(None, "DDIM", 10)
        limited = guidance_interval(guider, 0.2, 0.7)
        _, result = climber.run(None, limited, schedule, noise=Noise((3,)))
    finally:
        hook.remove()
    assert rows == [1, 1, 2, 2, 2, 2, 2, 1, 1, 1]
    assert result is not None
    assert [prediction is None for prediction in result.trajectory.unconditional] == [count == 1 for count in rows]
    for whole, same in (((0.0, 1.0), guider), ((0.5, 0.5), no_guidance(guider.denoiser, climber.red))):
        assert_same(
            climber.run(None, guidance_interval(guider, *whole), schedule)[1], climber.run(None, same, schedule)[1]
        )


def test_an_interval_shares_its_unguided_beginning(climber: Climber) -> None:
    store, schedule = climber.store(), scheduler(None, "DDIM", 10)
    climber.run(store, no_guidance(climber.guider().denoiser, climber.red), schedule)
    assert climber.run(store, guidance_interval(climber.guider(), 0.3, 1.0), schedule)[0][0] == 4
    assert climber.run(store, guidance_interval(climber.guider(), 0.3, 0.9), schedule)[0] == [10]
    with pytest.raises(NodeError, match="make end the larger one"):
        guidance_interval(climber.guider(), 0.5, 0.4)


def test_models_of_different_kinds_cannot_follow_each_other(climber: Climber) -> None:
    with pytest.raises(NodeError, match="models of different kinds"):
        change_guidance(climber.guider("epsilon"), climber.guider("v"), 3)
    assert LatentFormat(4, 4, 8) == climber.tiny.unet.format


def test_one_piece_on_disk_serves_every_prefix_of_it(climber: Climber, disk: Callable[[], DiskStore]) -> None:
    first, schedule = climber.guider(), scheduler(None, "DPM++ 2M SDE", STEPS)
    climber.run(climber.store(disk(), pace=float("inf"), last_pace=0), first, schedule)
    assert disk().info().results == 1
    for change in (2, 5):
        changed = change_guidance(first, climber.guider(scale=2.0), change)
        seen, result = climber.run(climber.store(disk(), last_pace=0), changed, schedule)
        assert len(seen) == STEPS - change
        assert_same(result, climber.run(None, changed, schedule)[1])
    assert disk().info().results == 3
    changed = change_guidance(first, climber.guider(scale=2.0), 2)
    assert climber.run(climber.store(disk()), changed, schedule)[0] == []


def test_a_damaged_step_on_disk_is_computed_again(climber: Climber, disk: Callable[[], DiskStore]) -> None:
    guider, schedule = climber.guider(), scheduler(None, "Euler ancestral", STEPS)
    _, wanted = climber.run(climber.store(disk(), pace=0), guider, schedule)
    paths = sorted(disk().folder.glob("??/*"), key=lambda path: path.stat().st_mtime_ns)
    assert len(paths) == STEPS
    paths[3].write_bytes(paths[3].read_bytes()[:-1] + b"?")
    seen, result = climber.run(climber.store(disk(), pace=0), guider, schedule)
    assert seen == [4, 5, 6]
    assert_same(result, wanted)
    assert climber.run(climber.store(disk()), guider, schedule)[0] == []
