"""The numbers of ComfyUI beside ours: levels, noise, resized latents, and runs of every sampler on a toy denoiser.

Run ``python -m benchmarks.parity FOLDER``, where FOLDER holds ``sigmas.json``, ``noise.json`` and ``samplers.json`` as
written by a run of ComfyUI 0.26.0 on a CPU. Prints the worst errors by name, of noise levels relative ones, of sampler
runs shares of the result's deviation, and how many of the files' entries were compared. What the row of bislerp was
resized from, the file does not say: of the ramp that the other rows are of, one channel, bislerp takes each value from
the left. Beside that ramp it had others that are linear too, which count as one together; that one was found by a fit
of two numbers to ten. A whole graph shows bislerp too (`hires_latent_by_bislerp` of `benchmarks.golden_graphs`).
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from nodeflow.wires import (
    Conditioning,
    Guider,
    Latent,
    LatentFormat,
    Noise,
    NoiseMask,
    Prediction,
    Schedule,
    TrainedSchedule,
)
from nodes.guidance.classifier_free import no_guidance
from nodes.images.resampling.methods import LATENT_METHODS
from nodes.latents.noise import drawn_noise, noise_stream
from nodes.samplers.sampling_loop import Sampled, sample
from nodes.samplers.solvers.catalogue import SAMPLERS
from nodes.schedulers.model_sigmas import SpacingName
from nodes.schedulers.sampler_schedules import k_sampler
from nodes.schedulers.sigmas.noise_table import noise_table
from nodes.schedulers.sigmas.spacings import DISCARDING, SPACINGS, spaced

FLOW = "FlowMatchEulerDiscreteScheduler"
KINDS = {
    "SD1": None,
    "SD3": TrainedSchedule({"_class_name": FLOW, "shift": 3.0}),
    "AuraFlow": TrainedSchedule({"_class_name": FLOW, "shift": 3.1}),
    "Flux": TrainedSchedule({"_class_name": FLOW, "use_dynamic_shifting": True}),
}
SEED, STEPS = 7, 8


@dataclass(frozen=True, eq=False)
class ToyDenoiser:
    """Foresees half the hyperbolic tangent of what it sees, 8 x 8 cells of 4 channels."""

    prediction: Prediction
    format = LatentFormat(4, 8, 8)
    device = torch.device("cpu")
    dtype = torch.float32
    learned_variance = False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        x_0 = 0.5 * torch.tanh(x)
        return (x - x_0) / (timestep / 1000) if self.prediction == "flow" else x_0


def toy(flow: bool) -> Guider:
    return no_guidance(ToyDenoiser("flow" if flow else "sample"))


def ended(run: Generator[Any, None, Sampled]) -> Sampled:
    """Return what sampling gives when all its steps are taken."""
    while True:
        try:
            next(run)
        except StopIteration as end:
            found: Sampled = end.value
            return found


def sampled(name: str, schedule: Schedule, flow: bool, batch: int = 1) -> Tensor:
    """The latent of a run on the toy, with noise as ComfyUI 0.26 draws it on a CPU."""
    noise = Noise((SEED,) * batch, stream="one for the batch", between="seed + 1")
    return ended(sample(toy(flow), schedule, noise)).latent.samples


Errors = dict[str, list[float]]
"""By name, one for each entry that was compared."""


def of_sigmas(known: dict[str, dict[str, Any]]) -> Errors:
    found: Errors = {}
    for kind, lists in known.items():
        table = noise_table(next(trained for name, trained in KINDS.items() if kind.startswith(name)))
        ends = {"sigma_min": table.sigmas[:1], "sigma_max": table.sigmas[-1:]}
        for name, wanted in lists.items():
            spacing, slash, steps = name.partition("/")
            ours = SPACINGS[spacing](table, int(steps)) if slash else ends[name]
            found.setdefault(spacing, []).append(relative(ours, wanted if slash else [wanted]))
    return found


def of_tails(known: dict[str, Any]) -> Errors:
    tails: Errors = {}
    for name, wanted in known.items():
        if name.startswith("denoise|"):
            _, sampler, denoise, steps = name.split("|")
            discard = sampler in DISCARDING
            found = spaced(SPACINGS["normal"], noise_table(None), int(steps), float(denoise), discard)
            tails[name] = [relative(found, wanted)]
    return tails


def of_samplers(known: dict[str, Any]) -> Errors:
    errors: Errors = {}
    for case, wanted in known.items():
        kind, _, rest = case.partition("|")
        if kind not in ("eps", "flow shift 3"):
            continue
        spacing, name = rest.split("|")
        flow = kind != "eps"
        schedule = k_sampler(KINDS["SD3"] if flow else None, name, cast(SpacingName, spacing), STEPS)
        errors.setdefault(name, []).append(apart(sampled(name, schedule, flow), wanted) / wanted["std"])
    return errors


def apart(found: Tensor, wanted: dict[str, Any]) -> float:
    """The largest difference of the first numbers, the mean, and where it is known the deviation."""
    ours = [*found.flatten()[:16].tolist(), float(found.mean()), float(found.std())]
    theirs = [*wanted["first16"], wanted["mean"], wanted.get("std", ours[-1])]
    return max(abs(one - other) for one, other in zip(ours, theirs, strict=True))


def of_noise(known: dict[str, list[float]]) -> Errors:
    found: Errors = {}
    for name, wanted in known.items():
        row = 1 if "second" in name else 0
        noise = noise_stream(42, 3 if row else 1)
        drawn = drawn_noise(noise, noise.generators(), (4, 64, 64))[row].flatten()[: len(wanted)]
        found[name] = [float((drawn - torch.tensor(wanted)).abs().max())]
    return found


def of_resizing(known: dict[str, Any]) -> Errors:
    """The first row of 4 x 8 cells, counted through, as 5 x 12."""
    ramp = torch.arange(32.0).reshape(1, 1, 4, 8)
    beside = torch.cat([ramp, 0.10668 * (ramp + 65)], dim=1)
    cells = dict.fromkeys(("nearest-exact", "bilinear", "area", "bicubic"), ramp) | {"bislerp": beside}
    return {
        f"latent {name}": [
            float((LATENT_METHODS[name](of, 12, 5)[0, 0, 0] - torch.tensor(known[f"latent {name}"])).abs().max())
        ]
        for name, of in cells.items()
    }


def of_inpainting(known: dict[str, Any]) -> Errors:
    """A noise mask of 0, 0.5 in the fourth column and 1 behind, over a ramp from -1 to 1."""
    mask, latents = torch.zeros(1, 1, 8, 8), torch.linspace(-1, 1, 256).reshape(1, 4, 8, 8)
    mask[..., 3], mask[..., 4:] = 0.5, 1.0
    errors: Errors = {}
    for case, wanted in known.items():
        if case.startswith("inpaint|"):
            _, spacing, name = case.split("|")
            schedule = k_sampler(None, name, cast(SpacingName, spacing), STEPS)
            noise = Noise((SEED,), stream="one for the batch", between="seed + 1")
            latent = Latent(latents, NoiseMask(mask, fresh=name == "ddim"))
            found = ended(sample(toy(False), schedule, noise, latent)).latent.samples
            errors[f"inpainting with {name}"] = [apart(found, wanted) / float(found.std())]
    return errors


def relative(found: Tensor, wanted: list[float]) -> float:
    """The largest relative error; infinity for lists of different lengths."""
    if len(found) != len(wanted):
        return float("inf")
    known = torch.tensor(wanted)
    return float(((found - known).abs() / known.abs().clamp(min=1e-9)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    warnings.simplefilter("ignore")
    sigmas, noise, runs = (
        json.loads((folder / f"{name}.json").read_text()) for name in ("sigmas", "noise", "samplers")
    )
    for title, limit, errors in (
        ("noise levels", 1e-6, {**of_sigmas(sigmas), **of_tails(runs)}),
        ("noise", 0.0, of_noise(noise)),
        ("resizing", 1e-6, of_resizing(runs)),
        ("inpainting", 1e-5, of_inpainting(runs)),
        ("samplers without noise on the way", 1e-5, _random(of_samplers(runs), False)),
        ("samplers with noise on the way", 1e-4, _random(of_samplers(runs), True)),
    ):
        each = [error for found in errors.values() for error in found]
        held = sum(error <= limit for error in each)
        print(f"{title}: {held} of {len(each)} within {limit:g}, worst {max(each):.1e}")
        for name, found in sorted(errors.items(), key=lambda one: -max(one[1])):
            print(f"  {name:28} {max(found):.1e} of {len(found)}{'' if max(found) <= limit else '  beyond'}")


def _random(errors: Errors, random: bool) -> Errors:
    return {name: found for name, found in errors.items() if SAMPLERS[name].random == random}


if __name__ == "__main__":
    main()
