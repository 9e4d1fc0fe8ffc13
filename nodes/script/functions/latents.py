"""Latents, and the ways between them."""

from __future__ import annotations

import torch
from torch.nn.functional import interpolate

from nodes.script.functions.noise_levels import noise_ratios, with_noise
from nodes.script.functions.sampling import At


def drawn(seeds, shape):
    """The noise of each seed."""
    return torch.cat([torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed)) for seed in seeds])


def between(start, end, shares, walk):
    """What lies at some shares of the way from one to another."""
    return torch.cat([walk(start, end, share) for share in shares.tolist()])


def slerp(start, end, share):
    """Along the great circle (Shoemake 1985); straight where there is no one circle."""
    axes = list(range(1, start.ndim))
    lengths = (start.square().sum(axes, True) * end.square().sum(axes, True)).sqrt()
    angle = ((start * end).sum(axes, True) / lengths.clamp(min=1e-12)).clamp(-1, 1).acos()
    sine = angle.sin()
    first = ((1 - share) * angle).sin() / sine.clamp(min=1e-12)
    second = (share * angle).sin() / sine.clamp(min=1e-12)
    return torch.where(sine > 1e-4, first * start + second * end, torch.lerp(start, end, share))


def drowning(make_scheduler, known, noise, count):
    """One latent at several moments of the forward diffusion, the first clean."""
    scheduler = make_scheduler()
    moments = torch.linspace(len(scheduler.timesteps) - 1, 0, count - 1).round().int().tolist()
    return torch.cat([known, *(with_noise(scheduler, known, noise, moment) for moment in moments)])


def noised(make_scheduler, known, noise, step):
    """A latent with as much noise as a scheduler has at a step."""
    return with_noise(make_scheduler(), known, noise, step)


def inverted(predict, make_scheduler, x, kind):
    """The noise that DDIM paints a latent from: its steps, walked backwards (Song et al. 2021, section 4.3)."""
    scheduler = make_scheduler()
    angles = noise_ratios(scheduler).double().atan()
    levels = list(zip(angles.cos().tolist(), angles.sin().tolist(), strict=True))
    steps = len(scheduler.timesteps)
    for step in reversed(range(steps)):
        output = predict(x, At(scheduler.timesteps[step], step, steps))
        alpha, sigma = levels[step + 1]
        if kind == "v":
            x_0, noise = alpha * x - sigma * output, alpha * output + sigma * x
        else:
            x_0, noise = (x - sigma * output) / alpha, output
        alpha, sigma = levels[step]
        x = alpha * x_0 + sigma * noise
    return x


def posterior(vae, images):
    """Mean and deviation of what a VAE's encoder gives, as the denoiser sees latents."""
    found = [vae.encode(2 * image - 1).latent_dist for image in images.split(1)]
    mean, deviation = torch.cat([one.mean for one in found]), torch.cat([one.std for one in found])
    scaled = mean * vae.config.scaling_factor
    return scaled, (mean + deviation) * vae.config.scaling_factor - scaled


def draws(mean, deviation, amount, count, seed):
    """Draws from a normal distribution: the reparametrisation trick (Kingma & Welling 2013)."""
    noise = drawn(range(seed, seed + count), mean.shape[1:])
    return mean + amount * deviation * noise


def bislerp(latents, sides):
    """Latents of another size, by slerp between neighbouring cells, along x and then along y."""
    across = slerp_columns(latents.float(), sides[1])
    return slerp_columns(across.transpose(2, 3), sides[0]).transpose(2, 3)


def slerp_columns(latents, width):
    """The last axis in another length."""
    places = torch.arange(latents.shape[-1], dtype=torch.float32).view(1, 1, 1, -1)
    first, ahead = interpolate(places, (1, width), mode="bilinear"), places + 1
    ahead[..., -1] -= 1
    left, right = first.long().flatten(), interpolate(ahead, (1, width), mode="bilinear").long().flatten()
    share = (first - first.floor()).flatten()[None, None, :, None]
    one, other = latents[..., left].movedim(1, -1), latents[..., right].movedim(1, -1)
    one_length, other_length = one.norm(dim=-1, keepdim=True), other.norm(dim=-1, keepdim=True)
    one_unit = torch.where(one_length > 0, one / one_length, 0.0)
    other_unit = torch.where(other_length > 0, other / other_length, 0.0)
    cosine = (one_unit * other_unit).sum(-1, keepdim=True)
    angle = cosine.clamp(-1, 1).acos()
    mixed = ((1 - share) * angle).sin() / angle.sin() * one_unit + (share * angle).sin() / angle.sin() * other_unit
    result = mixed * (one_length * (1 - share) + other_length * share)
    result = torch.where(cosine > 1 - 1e-5, one, result)
    return torch.where(cosine < 1e-5 - 1, one * (1 - share) + other * share, result).movedim(-1, 1)
