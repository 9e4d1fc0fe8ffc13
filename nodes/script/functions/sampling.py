"""The loop: from noise, or from an image, along a scheduler's timesteps."""

from __future__ import annotations

import inspect
import math
from typing import Any, NamedTuple

import torch
from diffusers import DDIMScheduler, FlowMatchEulerDiscreteScheduler
from diffusers.pipelines.ideogram4.pipeline_ideogram4 import _logit_normal_sigmas

from nodes.script.functions.noise_levels import with_noise


class At(NamedTuple):
    """A step of a run: its timestep, its number, how many there are, and which image of a batch (None: all)."""

    t: Any
    step: int
    steps: int
    image: Any = None

    @property
    def last(self):
        return self.step + 1 == self.steps

    def row(self, values):
        """What belongs to the image, of something for all images or of one for each."""
        return values if self.image is None or len(values) == 1 else values[self.image : self.image + 1]


def new_scheduler(kind, folder, subfolder, steps, **options):
    """A scheduler with the noise levels that a model was trained with, its timesteps set."""
    scheduler = kind.from_pretrained(folder, subfolder=subfolder, **options)
    scheduler.set_timesteps(steps)
    return scheduler


def new_scheduler_with_signal(kind, folder, subfolder, steps, **options):
    """The same for a model that was trained down to no signal, of a class that begins where a little is left."""
    alphas = DDIMScheduler.from_pretrained(folder, subfolder=subfolder).alphas_cumprod.double()
    least = 1 / (1 + 80.0**2)
    below = int((alphas < least).sum())
    alphas = alphas.clamp(min=least)
    if "solver_order" in options and not options.get("use_karras_sigmas"):  # which divides by distances of levels
        ends = math.log10(alphas[-below - 1]), math.log10(least)
        alphas[-below - 1 :] = torch.logspace(*ends, below + 1, dtype=alphas.dtype)
    betas = (1 - alphas / torch.cat([torch.ones(1, dtype=alphas.dtype), alphas[:-1]])).tolist()
    return new_scheduler(kind, folder, subfolder, steps, trained_betas=betas, rescale_betas_zero_snr=False, **options)


def new_flow_scheduler(folder, subfolder, steps, mu=None):
    """A flow's scheduler whose levels begin evenly and are shifted by mu, for the size of an image."""
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(folder, subfolder=subfolder)
    return evenly(scheduler, steps, mu)


def even_flow_scheduler(steps, mu=None, **options):
    """The same of a model that has no file of its noise levels."""
    return evenly(FlowMatchEulerDiscreteScheduler(**options), steps, mu)


def evenly(scheduler, steps, mu):
    """A scheduler with even levels, shifted by mu."""
    levels = torch.linspace(1, 1 / steps, steps, dtype=torch.float64).tolist()
    scheduler.set_timesteps(steps, sigmas=levels, mu=mu)
    return scheduler


def whole_time_flow_scheduler(folder, subfolder, steps, beyond, mu):
    """A flow's scheduler whose timesteps are even whole numbers, however its levels are shifted; of so many steps more,
    without the last."""
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(folder, subfolder=subfolder)
    trained = scheduler.config.num_train_timesteps
    even = torch.linspace(trained, 1, steps + beyond, dtype=torch.float64)[:steps]
    times = [float(int(time)) for time in even.tolist()]
    scheduler.set_timesteps(steps, timesteps=times, sigmas=[time / trained for time in times], mu=mu)
    return scheduler


def quantile_flow_scheduler(folder, subfolder, steps, ratio, spread):
    """A flow's scheduler whose levels are the quantiles of a logit-normal distribution, for the size of an image."""
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(folder, subfolder=subfolder)
    levels = _logit_normal_sigmas(steps, math.log(ratio) / 2, spread).tolist()
    scheduler.set_timesteps(steps, sigmas=levels)
    return scheduler


def defined_scheduler(kind, steps, **options):
    """A scheduler with given noise levels, its timesteps set."""
    scheduler = kind.from_config(options)
    scheduler.set_timesteps(steps)
    return scheduler


def from_noise(make_scheduler, seeds, shape):
    """What sampling begins from: the noise of each seed, and the generators that go on drawing."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    x = torch.cat([torch.randn((1, *shape), generator=generator) for generator in generators])
    return x * getattr(make_scheduler(), "init_noise_sigma", 1.0), generators, 0


def from_given(make_scheduler, seeds, noise):
    """The same from noise that is there already."""
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    return noise * getattr(make_scheduler(), "init_noise_sigma", 1.0), generators, 0


def from_latent(make_scheduler, seeds, known, strength, steps):
    """A latent with as much noise as the last ``strength`` of the steps begins with (SDEdit, Meng et al. 2022)."""
    scheduler = make_scheduler()
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    known = known.expand(len(seeds), *known.shape[1:])
    noise = torch.cat([torch.randn((1, *known.shape[1:]), generator=generator) for generator in generators])
    skipped = steps - min(int(steps * strength), steps)
    first = min(skipped * scheduler.order, len(scheduler.timesteps))
    return (with_noise(scheduler, known, noise, first) if skipped < steps else known), generators, first


def sample(predict, make_scheduler, begin, **options):
    """Denoise each image of a batch by itself, so that a batch equals its singles to the last bit."""
    x, generators, first = begin
    rows = zip(x.split(1), generators, strict=True)
    found = [
        walk(predict, make_scheduler(), row, [generator], first, image, **options)
        for image, (row, generator) in enumerate(rows)
    ]
    return torch.cat(found)


def sample_together(predict, make_scheduler, begin, **options):
    """Denoise a batch at once."""
    return walk(predict, make_scheduler(), *begin, **options)


def walk(predict, scheduler, x, generators, first=0, image=None, **options):
    """Take the steps of a scheduler; ``predict`` gives what the network predicts, guided."""
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    if "generator" in inspect.signature(scheduler.step).parameters:
        options["generator"] = generators
    steps = len(scheduler.timesteps)
    for step in range(first, steps):
        t = scheduler.timesteps[step]
        seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        output = predict(seen, At(t, step, steps, image))
        x = scheduler.step(output, t, x, return_dict=False, **options)[0]
    return x
