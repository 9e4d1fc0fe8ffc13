"""Every sampler on a Gaussian mixture whose score is known: errors, orders, and k-diffusion and diffusers beside it.

Run ``python -m benchmarks.samplers`` to write ``docs/samplers.md``. k-diffusion is compared with where it can be
imported (``pip install --no-deps k-diffusion==0.1.1 torchdiffeq`` is enough, into any folder on the path).
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import inspect
import math
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.wires import StepNoise
from nodes.samplers.solvers.brownian import BrownianNoise
from nodes.samplers.solvers.catalogue import SAMPLERS
from nodes.samplers.solvers.registry import MEMORY, Sampler, SamplerStep
from nodes.samplers.solvers.space import LevelSpace
from nodes.schedulers.sigmas.noise_table import noise_table
from nodes.schedulers.sigmas.spacings import karras_between

MOST, LEAST = 10.0, 0.1
STEPS = 20, 40, 80
SEED = 7
SHAPE = 1, 4, 8, 8
KDIFFUSION = (
    "euler",
    "euler_ancestral",
    "heun",
    "dpm_2",
    "dpm_2_ancestral",
    "lms",
    "dpm_fast",
    "dpm_adaptive",
    "dpmpp_2s_ancestral",
    "dpmpp_sde",
    "dpmpp_2m",
    "dpmpp_2m_sde",
    "dpmpp_2m_sde_heun",
    "dpmpp_3m_sde",
)
DIFFUSERS: dict[str, tuple[str, dict[str, Any]]] = {
    "euler": ("EulerDiscreteScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
    "lms": ("LMSDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"final_sigmas_type": "sigma_min", "lower_order_final": False}),
    "uni_pc": ("UniPCMultistepScheduler", {"solver_order": 3, "solver_type": "bh1"}),
    "uni_pc_bh2": ("UniPCMultistepScheduler", {"solver_order": 3, "solver_type": "bh2"}),
}

Denoised = Callable[[Tensor, float], Tensor]


def mixture(x: Tensor, sigma: float) -> Tensor:
    """The mean of x_0 given x = x_0 + sigma noise, of numbers that are about -1 or about 0.6, each by itself."""
    means, deviations, weights = (x.new_tensor(each) for each in ((-1.0, 0.6), (0.3, 0.2), (0.4, 0.6)))
    variances = deviations**2 + sigma**2
    away = x[..., None] - means
    shares = (weights.log() - variances.log() / 2 - away**2 / (2 * variances)).softmax(-1)
    return (shares * (means + away * deviations**2 / variances)).sum(-1)


def start(dtype: torch.dtype = torch.float64) -> Tensor:
    """x at the largest level."""
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(SEED), dtype=torch.float64).to(dtype) * MOST


def walked(
    sampler: Sampler, sigmas: list[float], x: Tensor, denoised: Denoised = mixture, **told: Any
) -> tuple[Tensor, int]:
    """x at the end of a walk along sigmas with a denoiser that is given, and how often that was asked."""
    space, noise = LevelSpace(noise_table(None)), StepNoise([torch.Generator().manual_seed(SEED)], (SEED,))
    levels = sampler.levels(sigmas, space) if sampler.levels else sigmas
    brownian, past, asked, index = BrownianNoise(sigmas), (), 0, 0
    foreseen: list[Tensor] = []
    ends = list(levels[:1]) if sampler.adaptive else list(levels)
    while ends[-1] > (sigmas[-1] or sigmas[-2]) * (1 + 1e-5) if sampler.adaptive else index < len(ends) - 1:
        known = [*ends, 0.0] if sampler.adaptive else ends
        step = SamplerStep(x, index, known, space, noise, brownian, past, 0, sigmas, lambda: foreseen[-1])
        taking = sampler.take(step, **told)
        call = next(taking)
        while True:
            foreseen.append(denoised(*call))
            asked += 1
            try:
                call = taking.send(foreseen[-1])
            except StopIteration as end:
                x = end.value
                break
        past, index = (*step.memory[::-1], *past)[:MEMORY], index + 1
        if sampler.adaptive:
            ends.append(step.arrived or 0.0)
    return x, asked


def levels(steps: int) -> list[float]:
    """Smoothly spaced levels that end above 0, so that what is counted is the method and not its last jump."""
    return [float(sigma) for sigma in karras_between(steps + 1, LEAST, MOST, 4.0)[:-1].double()]


def exact(x: Tensor, denoised: Denoised = mixture) -> Tensor:
    """The end of the probability flow ODE, dx / dsigma = (x - D) / sigma, to twelve digits."""
    from scipy.integrate import solve_ivp

    first, last = levels(1)

    def slope(sigma: float, flat: Any) -> Any:
        here = torch.from_numpy(flat).reshape(x.shape)
        return ((here - denoised(here, sigma)) / sigma).flatten().numpy()

    found = solve_ivp(slope, (first, last), x.flatten().numpy(), method="DOP853", rtol=1e-12, atol=1e-12)
    return torch.from_numpy(found.y[:, -1]).reshape(x.shape)


def errors(name: str, wanted: Tensor, counts: tuple[int, ...] = STEPS) -> list[float]:
    """The root of the mean squared error after so many steps each."""
    return [float((walked(SAMPLERS[name], levels(n), start())[0] - wanted).square().mean().sqrt()) for n in counts]


def slope(found: list[float], counts: tuple[int, ...] = STEPS) -> float:
    """The order of convergence: by which power of the number of steps the error falls at the end."""
    return math.log(found[-2] / found[-1]) / math.log(counts[-1] / counts[-2])


def kdiffusion() -> Any:
    """k-diffusion's module of samplers, without what its package imports for training; None where it is not there."""
    found = importlib.util.find_spec("k_diffusion") if "k_diffusion" not in sys.modules else None
    if found is not None:
        package = types.ModuleType("k_diffusion")
        package.__path__ = list(found.submodule_search_locations or ())
        sys.modules["k_diffusion"] = package
    try:
        return importlib.import_module("k_diffusion.sampling")
    except ImportError:
        return None


def on_levels(tree: Any, sigmas: list[float]) -> Any:
    """k-diffusion's noise between levels of the list where it asks for one that only rounding took away from it."""

    def given(sigma: Any) -> Any:
        nearest = min(sigmas, key=lambda level: abs(level - float(sigma)))
        return torch.tensor(nearest) if math.isclose(nearest, float(sigma), rel_tol=1e-5) else sigma

    return lambda start, end: tree(given(start), given(end))


def beside_kdiffusion(name: str, package: Any, steps: int = 12, on_the_list: bool = False) -> float | None:
    """The largest difference to k-diffusion's run, with the same noise; None where it has no such sampler."""
    if name not in KDIFFUSION:
        return None
    x, sigmas = start(torch.float32), [*levels(steps), *([] if name == "lms" else [0.0])]  # its last step is another

    def model(x: Tensor, sigma: Tensor) -> Tensor:
        return mixture(x, float(sigma.flatten()[0]))

    generator = torch.Generator().manual_seed(SEED)
    extra: dict[str, Any] = {"disable": True}
    if name in ("dpm_fast", "dpm_adaptive"):
        count = {"n": steps + 1} if name == "dpm_fast" else {}
        theirs = getattr(package, f"sample_{name}")(model, x, sigmas[-2], sigmas[0], **count, **extra)
        return float((walked(SAMPLERS[name], sigmas, x)[0] - theirs).abs().max())
    function = getattr(package, f"sample_{name.removesuffix('_heun')}")
    if name.startswith("dpmpp_2m_sde"):
        extra["solver_type"] = "heun" if name.endswith("_heun") else "midpoint"
    if "ancestral" in name:
        extra["noise_sampler"] = lambda *_: torch.randn(SHAPE, generator=generator)
    elif "sde" in name:
        extra["noise_sampler"] = package.BrownianTreeNoiseSampler(x, sigmas[-2], sigmas[0], seed=SEED)
        if on_the_list:
            extra["noise_sampler"] = on_levels(extra["noise_sampler"], torch.tensor(sigmas).tolist())
    theirs = function(model, x, torch.tensor(sigmas), **extra)
    return float((walked(SAMPLERS[name], torch.tensor(sigmas).tolist(), x)[0] - theirs).abs().max())


def beside_diffusers(name: str, steps: int = 12) -> float | None:
    """The largest difference to diffusers' scheduler along the same levels; None where it has none."""
    import diffusers

    if name not in DIFFUSERS:
        return None
    kind, options = DIFFUSERS[name]
    doubled = kind.startswith("Heun")
    x, sigmas = start(torch.float32), torch.tensor([*levels(steps), 0.0 if doubled else 0.001])
    diffusers.utils.logging.set_verbosity_error()
    scheduler = getattr(diffusers, kind)(**options)
    scheduler.set_timesteps(steps + 1)
    scheduler.sigmas = torch.cat([sigmas[:1], sigmas[1:-1].repeat_interleave(2), sigmas[-1:]]) if doubled else sigmas
    scheduler.timesteps = torch.arange(len(scheduler.sigmas) - 1).flip(0).float()
    scheduler.set_begin_index(0)
    theirs = x if scheduler.init_noise_sigma != 1 else x / math.hypot(1, float(sigmas[0]))
    for index, time in enumerate(scheduler.timesteps):
        sigma = float(scheduler.sigmas[index])
        scale = 1 if scheduler.init_noise_sigma != 1 else math.hypot(1, sigma)
        epsilon = (theirs * scale - mixture(theirs * scale, sigma)) / sigma
        theirs = scheduler.step(epsilon, time, theirs, return_dict=False)[0]
    if scheduler.init_noise_sigma == 1:
        theirs = theirs * math.hypot(1, float(sigmas[-1]))
    return float((walked(SAMPLERS[name], sigmas.tolist(), x)[0] - theirs).abs().max())


def table() -> str:
    """All samplers as lines of a table."""
    package, wanted = kdiffusion(), exact(start())
    lines = []
    for name, sampler in sorted(SAMPLERS.items()):
        quiet = {"eta": 0.0} if "eta" in sampler.options else {}
        asked = walked(sampler, levels(20), start())[1]
        if sampler.random or sampler.adaptive or name.endswith("cfg_pp"):
            found, order = "", "draws noise" if sampler.random else ""
        else:
            each = errors(name, wanted)
            found, order = f"{each[0]:.1e}", f"{slope(each):.1f}"
        if sampler.random and quiet and not name.endswith("cfg_pp"):
            each = [_error(sampler, count, wanted, quiet) for count in STEPS]
            found, order = f"{each[0]:.1e} without", f"{slope(each):.1f} without"
        theirs = "" if package is None else _written(beside_kdiffusion(name, package))
        options = ", ".join(sampler.options)
        paper = inspect.cleandoc(sampler.take.__doc__ or "").partition("\n")[0]
        lines.append(
            f"| {name} | {asked / 20:.2g} | {found} | {order} | {theirs} | {_written(beside_diffusers(name))} | "
            f"{options} | {paper} |"
        )
    return "\n".join(lines)


def _error(sampler: Sampler, steps: int, wanted: Tensor, told: dict[str, Any]) -> float:
    return float((walked(sampler, levels(steps), start(), **told)[0] - wanted).square().mean().sqrt())


def _written(difference: float | None) -> str:
    return "" if difference is None else f"{difference:.0e}"


PAGE = """# Samplers

Made by `python -m benchmarks.samplers`; do not edit. A new sampler is one function in `nodes/samplers/solvers/`.

Each walks from sigma {most:g} to {least:g} on a Gaussian mixture whose score is known, in double precision. *Error* is
the root of the mean squared distance after {first} steps from the end of the probability flow ODE; *order* is by which
power of the number of steps it falls between {last[0]} and {last[1]} steps. What draws noise on the way has no one end;
*without* says that its noise was turned off (eta 0). *k-diffusion* and *diffusers* are the largest differences to runs
of k-diffusion 0.1.1 and of diffusers along the same 12 levels, in single precision, from the same noise.

| sampler | calls a step | error | order | k-diffusion | diffusers | options | what it is |
| --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

What draws and what differs: noise on the way comes from the stream that the noise names, a number a step, except under
names with `sde` (not `er_sde`, `exp_heun_2_x0_sde`), which draw a Brownian motion over sigma by torchsde from the seed
itself, on the CPU. CPUs draw the same everywhere; a card draws other numbers than a CPU does, and adds up in another
order, so that the last digits of an image depend on the machine.{rounded}
"""

ROUNDED = """

k-diffusion's dpmpp_sde asks for noise between levels that went through a logarithm and back; ComfyUI and this program
ask between the levels themselves, and a Brownian motion is another one at another last digit. Where k-diffusion is
asked between the same levels, the difference is {same}, not {raw}."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--to", type=Path, default=Path("docs/samplers.md"))
    options = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows, package = table(), kdiffusion()
        raw, same = (
            beside_kdiffusion("dpmpp_sde", package, on_the_list=on) if package else None for on in (False, True)
        )
    rounded = ROUNDED.format(raw=_written(raw), same=_written(same)) if package else ""
    options.to.parent.mkdir(exist_ok=True)
    options.to.write_text(
        PAGE.format(most=MOST, least=LEAST, first=STEPS[0], last=STEPS[1:], rows=rows, rounded=rounded)
    )
    print(rows)


if __name__ == "__main__":
    main()
