"""Marks by which single files of Stable Diffusion say how they were trained: weights that belong to no network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import TrainedSchedule
from nodes.loaders.models.family import TrainingMarks
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.accounting import FileWeights
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from nodes.schedulers.solvers.edm import COSXL, PLAYGROUND, predicting_v

VELOCITY, ZERO_SNR = "v_pred", "ztsnr"
"""By these, which are empty, that it predicts v, and that its last step is noise alone."""
EDM_ENDS = "edm_vpred.sigma_min", "edm_vpred.sigma_max"
"""By these that it is CosXL: where its noise levels begin and end."""
EDM_LATENTS = "edm_mean", "edm_std"
"""By these that it is Playground 2.5: mean and deviation of each channel of its latents."""
TELLING, WIDE = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias", 0.09
BY_OTHER_NAMES = (
    TELLING,
    TELLING.removeprefix("model.diffusion_model."),
    "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias",
)
"""The same as files of a U-Net alone call it."""
MARKS = (VELOCITY, ZERO_SNR, *EDM_ENDS, *EDM_LATENTS)


def schedule_of(path: Path, weights: FileWeights, velocity: bool) -> TrainedSchedule:
    """Return how a model was trained; ``velocity``: its version predicts v without a mark. Raises NodeError.

    Timesteps are spaced trailing: no file says that it is one of few steps (Turbo, Lightning), which paint mud from any
    other start.
    """
    if any(name in weights for name in EDM_LATENTS):
        return TrainedSchedule(PLAYGROUND)
    if any(name in weights for name in EDM_ENDS):
        (low,), (high,) = (_numbers(path, weights, name, 1) for name in EDM_ENDS)
        if not 0 < low < high:
            raise NodeError(f"{path.name} says that its noise goes from {low:g} to {high:g}; download it again")
        return TrainedSchedule({**COSXL, "sigma_min": low, "sigma_max": high})
    told = {"prediction_type": "v_prediction" if velocity or VELOCITY in weights else "epsilon"}
    ending = {"rescale_betas_zero_snr": True} if ZERO_SNR in weights else {}
    return TrainedSchedule({**STABLE_DIFFUSION, **told, **ending, "timestep_spacing": "trailing"})


def marked_schedule(path: Path, marks: FileWeights, network: Any, velocity: bool) -> TrainedSchedule:
    """Return how a network by itself was trained whose file has some of these. Raises NodeError."""
    return predicting_v(network, schedule_of(path, marks, velocity))


TRAINED = TrainingMarks(MARKS, marked_schedule)


def check_latents(path: Path, marks: FileWeights) -> None:
    """Raise NodeError where a file normalises its latents by channel, which its VAE alone does not say."""
    if any(name in marks for name in EDM_LATENTS):
        raise NodeError(
            f"{path.name} is Playground 2.5, whose latents are normalised by numbers beside its VAE; load it whole"
        )


def predicts_velocity(told: Tensor | None) -> bool:
    """Return whether a U-Net of Stable Diffusion 2 is that for 768 pixels, which predicts v; the base predicts noise.

    Nothing in a file says so; ComfyUI's rule is taken: a bias of the last block (``TELLING``; None where there is none)
    spreads wider in the one that does.
    """
    return told is None or float(told.detach().float().std()) > WIDE


def trained_by_file(path: Path, usual: Mapping[str, Any], plain: bool) -> TrainedSchedule:
    """Return how a model was trained, by what its file says beside the family's ``usual`` schedule; ``plain``: it sees
    a latent alone. Raises NodeError."""
    file = WeightsFile(path)
    telling = next((one for name in BY_OTHER_NAMES if isinstance(one := file.weights.get(name), Tensor)), None)
    velocity = plain and usual.get("prediction_type") == "v_prediction" and predicts_velocity(telling)
    return schedule_of(path, file.called(MARKS), velocity)


def normalising(path: Path, weights: FileWeights, channels: int) -> dict[str, Any]:
    """Return what `AutoencoderKL` is told of latents that are normalised by channel. Raises NodeError."""
    if not any(name in weights for name in EDM_LATENTS):
        return {}
    mean, deviation = (_numbers(path, weights, name, channels) for name in EDM_LATENTS)
    if min(deviation) <= 0:
        raise NodeError(f"{path.name} says that its latents deviate by {min(deviation):g}; download it again")
    return {"latents_mean": mean, "latents_std": deviation}


def _numbers(path: Path, weights: FileWeights, name: str, count: int) -> list[float]:
    """The numbers of a mark. Raises NodeError where they are not as many, or no numbers."""
    found: list[float] = weights[name].double().flatten().tolist() if name in weights else []
    if len(found) != count or not all(map(math.isfinite, found)):
        raise NodeError(f"{path.name} should have {count} finite numbers in {name}, and has not; download it again")
    return found
