"""The denoising loop."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from itertools import count
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Slider, Step, Steps, Supplied, node
from nodeflow.wires import Denoiser, Guider, Latent, Noise, Schedule, Trajectory
from nodes.denoisers.calls.prediction_types import levels
from nodes.denoisers.denoisers import in_force
from nodes.denoisers.step_memory import StepMemory, tell_skipped
from nodes.guidance.predictions.two_sides import check_two_sides, with_both
from nodes.latents.noise import drawn_noise, latent_shape, rows
from nodes.networks.attention_recorder import Recorder
from nodes.samplers.loop.asking import Asker, take_step
from nodes.samplers.loop.enough_rows import check_rows
from nodes.samplers.loop.noise_mask import masked
from nodes.samplers.loop.per_sample import BatchSplitter
from nodes.schedulers.solvers.composite import levels_of, stage_at

MAX_STEPS = 1000
"""Of a method that sets its own steps."""


class Sampled(NamedTuple):
    """Hold what sampling gives: the latent, how it came to be, and the clean latent that was foreseen last."""

    latent: Latent
    trajectory: Trajectory
    denoised: Latent


@node("Sampler", version=6)
def sample(
    guider: Guider,
    schedule: Schedule,
    noise: Noise,
    latent: Latent | None = None,
    strength: Annotated[float, Slider(0, 1, 0.01)] = 1.0,
    record: Literal["steps", "steps and attention", "nothing"] = "steps",
    batch: Literal["each alone", "together"] = "each alone",
    steps: Annotated[Steps, Supplied("steps")] = Steps(),
) -> Generator[Step, None, Sampled]:
    """Turns noise into a latent, step by step, and shows the image as it is foreseen at each step.

    Without ``latent`` it starts from pure noise (B, C, h, w), of the size that the noise asks for. With one (image to
    image) it starts from that latent with noise on it, and goes only the last ``strength`` of the steps: 0 leaves the
    latent as it is, 1 keeps almost nothing of it. A single latent serves all seeds of the noise. Where it has a noise
    mask, only what that covers is painted.

    ``trajectory`` holds for each step what went in (x), the clean latent that the model foresaw (original), its
    predictions with and without the text, and where it was kept within its range, the share of values that a threshold
    moved. ``record``: with attention it also holds which words, and which other places, each place of the image
    looked at, in at most 384 MiB, and a step takes about a quarter longer; nothing keeps it empty and saves memory.

    ``denoised`` is the clean latent that was foreseen at the last step: where a schedule ends before all noise is gone,
    ``latent`` keeps what is left of it and this one does not. Without a step both are what went in.

    ``batch``: the images of a batch are each computed alone, so that they equal those with the same seeds made one by
    one to the last bit. Together they may differ by one in a few of their 8-bit values; small networks are then up to
    twice as fast, and large ones need more memory.

    Fails when width or height do not fit the model, when schedule and model do not go together, when the seeds do not
    match the batch, or when attention is asked for of a model whose layers have none that could be recorded.
    Papers: Ho et al. 2020 (arXiv:2006.11239), algorithm 2; image to image: Meng et al. 2022, SDEdit
    (arXiv:2108.01073).
    """
    denoiser = guider.denoiser
    solver = schedule.begin(denoiser.prediction, denoiser.device, denoiser.learned_variance)
    generators = noise.generators()
    first = 0 if latent is None else solver.start(_skipped(strength, schedule.steps))
    total = len(solver.timesteps)
    with torch.no_grad():
        if latent is None:
            shape = latent_shape(noise, denoiser.format)
            x = drawn_noise(noise, generators, shape).to(denoiser.device, denoiser.dtype) * solver.initial_scale
        else:
            known, drawn = _known(latent, noise, generators, denoiser)
            x = solver.add_noise(known, drawn, first) if first < total else known
            if latent.noise_mask is not None and first < total:
                if latent.noise_mask.fresh:
                    drawn = _drawn_anew(noise, tuple(known.shape[1:]))
                ends = float(solver.timesteps[first]), solver.end_timestep
                guider = masked(guider, known, drawn, latent.noise_mask, ends, levels(schedule, denoiser))

    check_rows(guider, len(x))
    if solver.two_sided:
        guider = with_both(guider)
    guiders = [guider.at(index, total) for index in range(first, total)]
    if solver.two_sided:
        check_two_sides(guiders, first)
    start = (in_force(denoiser, first, total), replace(noise, later=()), latent, first, record, batch)
    leading = _leading(guiders, schedule, noise, first)
    kept = steps.resume(start, [tuple(leading)] * MAX_STEPS if solver.adaptive else leading)
    made: list[tuple[Any, ...]] = list(kept.made)
    apart, begin, x_0 = BatchSplitter(len(x) if batch == "each alone" else 1), x, x
    recorder = Recorder(denoiser, apart.count * (total - first)) if record == "steps and attention" else None
    memory = StepMemory()
    asker = Asker(memory.of(guiders), first, total, apart, recorder)
    random = noise.on_the_way(*noise.seeds_at(first + len(made)), generators)
    if made:
        x, x_0, solver_state, random_states, *remembered = kept.state
        memory.restore(tuple(remembered))
        solver.restore(solver_state)
        for generator, random_state in zip(random.generators, random_states, strict=True):
            generator.set_state(random_state)
    for index in count(first + len(made)):
        if not solver.more(index):
            break
        since, seeds = noise.seeds_at(index)
        if since == index > 0:
            random = noise.on_the_way(since, seeds, generators)
        memory.begin(index)
        with torch.no_grad():
            before = x
            x, x_0, guided, attention = take_step(solver, asker, x, index, random)
            moved = None if record == "nothing" else solver.thresholded(guided.output, before, index)
        seen = (x, x_0, guided.conditional, guided.unconditional, moved, _share(guided.variance), *attention)
        made.append(() if record == "nothing" else seen)
        if steps.keeps:
            states = [generator.get_state() for generator in random.generators]
            steps.keep((x, x_0, solver.state(), states, *memory.state()), made[-1])
        del before, guided, attention, moved, seen  # the next step's network has their memory
        yield Step(index - first + 1, max(total, index + 1) - first, Latent(x_0))

    tell_skipped(memory.skipped, total)
    taken = range(first, first + len(made))
    path = {} if record == "nothing" else {**_path(begin, made), "levels": levels_of(solver, taken)}
    times, sigmas = solver.timesteps[first:], solver.sigmas[first:]
    mask = None if latent is None else latent.noise_mask
    trajectory = Trajectory(times, sigmas, first=first, prediction=denoiser.prediction, **path)
    return Sampled(Latent(solver.result(x), mask), trajectory, Latent(x_0, mask))


def _leading(guiders: list[Guider], schedule: Schedule, noise: Noise, first: int) -> list[tuple[object, ...]]:
    """Return what determines each step beside those before it: what leads it, along which schedule, with which seeds.

    Since a schedule and seeds start afresh where they take over, it counts since when they are in force.
    """
    known: dict[tuple[int, int, int], tuple[object, ...]] = {}
    found = []
    for index, guider in enumerate(guiders, first):
        along, drawn = stage_at(schedule, index), noise.seeds_at(index)
        found.append(known.setdefault((id(guider), along[0], drawn[0]), (guider, *along, *drawn)))
    return found


def _path(begin: Tensor, made: list[tuple[Any, ...]]) -> dict[str, Any]:
    """The trajectory's tensors and attention, from what each step made."""
    x, original, conditional, unconditional, moved, variance, *attention = (
        zip(*made, strict=True) if made else ((),) * 6
    )
    names = ("x", "original", "conditional", "unconditional", "thresholded", "variance", "attention")
    some = _if_any(unconditional), _if_any(moved), _if_any(variance)
    return dict(zip(names, ((begin, *x), original, conditional, *some, *attention), strict=False))


def _share(variance: Tensor | None) -> Tensor | None:
    """A learned variance, which a network gives from -1 to 1, as the share of the way between its bounds."""
    return None if variance is None else (variance + 1) / 2


def _if_any(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what some steps have; nothing where none has it."""
    return parts if any(part is not None for part in parts) else ()


def _skipped(strength: float, steps: int) -> int:
    """Return how many steps lie before the last ``strength`` of them, as diffusers' image-to-image pipelines count."""
    return steps - min(int(steps * strength), steps)


def _known(
    latent: Latent, noise: Noise, generators: list[torch.Generator], denoiser: Denoiser
) -> tuple[Tensor, Tensor]:
    """The latents to begin from and the noise for them, (B, C, h, w) each."""
    channels, wanted = latent.samples.shape[1], denoiser.format.channels
    if channels != wanted:
        raise NodeError(f"this latent has {channels} channels and the model takes {wanted}; encode it by its own VAE")
    x_0 = rows(latent.samples, len(noise.seeds)).to(denoiser.device, denoiser.dtype)
    return x_0, drawn_noise(noise, generators, tuple(x_0.shape[1:])).to(x_0.device, x_0.dtype)


def _drawn_anew(noise: Noise, shape: tuple[int, ...]) -> Tensor:
    """What the seeds after those of the noise draw."""
    after = replace(noise, seeds=tuple((seed + 1) % 2**64 for seed in noise.seeds), values=None, variation=None)
    return drawn_noise(after, after.generators(), shape)
