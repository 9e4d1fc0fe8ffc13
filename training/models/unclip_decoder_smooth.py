"""Trains unCLIP's finished decoder once more, so that plain backgrounds lose the grain that was left on them.

What is left is small, and beside an edge a squared error does not feel it: here the absolute error counts too, and half
of the timesteps are late ones, at which a picture is finished.
"""

import torch
from diffusers import UNet2DConditionModel
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from torch import Tensor

from training.loops.run_folders import TrainingRun
from training.loops.training_loop import Losses, TrainingPlan, fit
from training.loops.unclip_export import DECODER, export_decoder
from training.models.unclip_decoder import GROWN_BATCH, SEED, SIDE, DecoderLearner, Round, anywhere, write

PLAN = TrainingPlan(steps=1200, peak=5e-4, warm_up=40, hold=0.3, average=0.99, weight_decay=1e-3, last=850)
LATE, LATE_SHARE = 400, 0.5
"""Timesteps below the first are late; so many more of them are shown."""
ABSOLUTE = 0.3
"""What the absolute error counts beside the squared one."""


def mostly_late(batch: int, seed: torch.Generator) -> Tensor:
    """Timesteps [batch] of which ``LATE_SHARE`` are late ones, and the others anywhere."""
    late = torch.rand(batch, generator=seed) < LATE_SHARE
    return torch.where(late, torch.randint(0, LATE, (batch,), generator=seed), anywhere(batch, seed))


def finished() -> DecoderLearner:
    """The decoder as it ships."""
    learner = DecoderLearner()
    learner.unet = UNet2DConditionModel.from_pretrained(DECODER / "decoder", torch_dtype=torch.float32)
    learner.text_proj = UnCLIPTextProjModel.from_pretrained(DECODER / "text_proj", torch_dtype=torch.float32)
    return learner.train().requires_grad_()


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and replaces the decoder's folder."""
    shown = Round(2 * SIDE, GROWN_BATCH, SEED + 30_000, mostly_late)

    def losses_of(decoder: DecoderLearner, step: int) -> Losses:
        errors = shown.errors(decoder, step)
        return {"velocity": errors.pow(2).mean(), "absolute": ABSOLUTE * errors.abs().mean()}

    write(fit(TrainingRun("unclip-decoder-smooth"), finished(), PLAN, losses_of))
    export_decoder()
