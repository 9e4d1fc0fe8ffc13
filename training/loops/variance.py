"""The learned variance of a step (Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 14 to 16), for chains of any length.

In a chain of 1000 steps the least and the most variance hardly differ, so that the loss hardly says which is right; in
chains of few steps, which are those that people use, it does. So the rows of the last layer that say the variance are
trained once more by themselves, on steps of random length.
"""

import math

import torch
from diffusers import DDIMScheduler, DiTTransformer2DModel
from torch import Tensor

from training.loops.run_folders import TrainingRun, learning_rate
from training.models.part_shapes import new_scheduler

SEED, STEPS, BATCH, PEAK = 41, 240, 48, 5e-3
LONGEST = 60
"""The longest step; a chain of 1000 timesteps in 20 steps has 50."""


def variance_loss(
    scheduler: DDIMScheduler,
    velocity: Tensor,
    spread: Tensor,
    noisy: Tensor,
    clean: Tensor,
    timesteps: Tensor,
    length: Tensor | int = 1,
) -> Tensor:
    """Return how far steps of a length are from the true ones, in bits a value; the mean is held fixed.

    All are [B, 4, 16, 16], ``spread`` about -1..1, ``timesteps`` [B], ``length`` [B] or one for all. Steps that would
    leave the chain do not count.
    """
    before = timesteps - length
    total = scheduler.alphas_cumprod[timesteps][:, None, None, None]
    left = torch.where(before >= 0, scheduler.alphas_cumprod[before.clamp(min=0)], 1.0)[:, None, None, None]
    beta = 1 - total / left
    most, least = beta.log(), (beta * (1 - left) / (1 - total)).clamp(min=1e-20).log()
    foreseen = total.sqrt() * noisy - (1 - total).sqrt() * velocity.detach()
    share = (spread + 1) / 2
    chosen = share * most + (1 - share) * least
    gap = left.sqrt() * beta / (1 - total) * (clean - foreseen)
    divergence = 0.5 * (chosen - least - 1 + (least - chosen).exp() + gap**2 * (-chosen).exp())
    return (divergence.mean((1, 2, 3)) * (before >= 0)).mean() / math.log(2)


def train_variance(model: DiTTransformer2DModel, latents: Tensor, labels: Tensor, none: int) -> None:
    """Gives the network's last layer new rows for the variance; all else stays as it is."""
    run, scheduler, last, held = TrainingRun("dit-variance"), new_scheduler(), model.proj_out_2, list[Tensor]()
    rows = torch.arange(last.out_features) % model.out_channels >= model.out_channels // 2
    fresh = torch.nn.Linear(last.in_features, int(rows.sum()))
    torch.nn.init.zeros_(fresh.weight)
    torch.nn.init.zeros_(fresh.bias)
    optimizer = torch.optim.Adam(fresh.parameters())
    hook = last.register_forward_pre_hook(lambda _, given: held.append(given[0]))
    for step in range(STEPS):
        seed = torch.Generator().manual_seed(SEED + step)
        chosen = torch.randint(len(latents), (BATCH,), generator=seed)
        clean, wanted = latents[chosen], labels[chosen]
        wanted = wanted.masked_fill(torch.rand(BATCH, generator=seed) < 0.1, none)
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(1, 1000, (BATCH,), generator=seed)
        length = torch.minimum(torch.randint(1, LONGEST + 1, (BATCH,), generator=seed), timesteps)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        held.clear()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            velocity = model(noisy, timesteps, wanted, return_dict=False)[0].float().chunk(2, 1)[0]
        spread = _picture(fresh(held[0].float()), model.config.patch_size)
        loss = variance_loss(scheduler, velocity, spread, noisy, clean, timesteps, length)
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, STEPS, PEAK, 10, 0.3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if (step + 1) % 40 == 0:
            run.record(
                step=step + 1,
                bits=round(float(loss.detach()), 4),
                share=round(float((spread.detach().mean() + 1) / 2), 3),
                deviation=round(float(spread.detach().std() / 2), 3),
                seconds=round(run.busy_seconds(), 1),
            )
    hook.remove()
    with torch.no_grad():
        last.weight[rows], last.bias[rows] = fresh.weight, fresh.bias


def _picture(tokens: Tensor, patch: int) -> Tensor:
    """Tokens [B, h w, patch patch C] laid out as [B, C, h patch, w patch], as the network does it."""
    side = int(tokens.shape[1] ** 0.5)
    cells = tokens.reshape(len(tokens), side, side, patch, patch, -1)
    return torch.einsum("nhwpqc->nchpwq", cells).reshape(len(tokens), -1, side * patch, side * patch)
