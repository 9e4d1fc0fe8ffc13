"""DiffusionCLIP: a copy of a network learns to move an image from what one text says to another (Kim et al. 2022)."""

from __future__ import annotations

import math
from copy import deepcopy

import torch
from torch.nn.functional import cosine_similarity, normalize, pad

from nodes.script.functions.noise_levels import noise_levels
from nodes.script.functions.sampling import At


def off_the_direction(seen, before, wanted):
    """1 less the cosine between how a vector moved and how it should."""
    return 1 - cosine_similarity(seen - before, wanted, dim=-1)


def off_the_place(seen, before, wanted):
    """How far a vector is from where the wanted move ends, as a share of how far it was."""
    place = before + wanted
    return (1 - cosine_similarity(seen, place, dim=-1)) / (1 - cosine_similarity(before, place, dim=-1))


def views(pictures, count, generator):
    """Images each a little shifted, its edge carried on, and with grain."""
    height, width = pictures.shape[-2:]
    room = round(0.05 * min(height, width))
    wide, seen = pad(pictures, (room,) * 4, mode="replicate"), []
    for _ in range(count):
        top, left = torch.randint(2 * room + 1, (2,), generator=generator).tolist()
        seen.append(wide[..., top : top + height, left : left + width])
    return torch.cat(seen) + 0.06 * torch.randn((count * len(pictures), *pictures.shape[1:]), generator=generator)


def learner(network, parts):
    """A copy of a network, and those of its weights that may change."""
    copy = deepcopy(network).requires_grad_(False)
    learning = [weight for name, weight in copy.named_parameters() if any(part in name for part in parts)]
    for weight in learning:
        weight.requires_grad_(True)
    return copy, learning


def foreseen(kind, output, x, level):
    """The clean latent that a prediction means."""
    alpha, sigma = level
    return alpha * x - sigma * output if kind == "v" else torch.sub(x, output, alpha=sigma) / alpha


def lesson_walk(network, ask, condition, make_scheduler, noise, steps, kind, learning=False):
    """What a network foresees at each of the first steps; it may learn from one before it takes the next."""
    scheduler, x = make_scheduler(), noise
    levels, count = noise_levels(scheduler), len(scheduler.timesteps)
    for step in range(steps):
        t = scheduler.timesteps[step]
        with torch.set_grad_enabled(learning):
            output = ask(network, x, At(t, step, count), *condition)
            original = foreseen(kind, output, x, levels[step])
        yield original
        x = scheduler.step(output.detach(), t, x, return_dict=False)[0]


def taught(
    network, ask, condition, make_scheduler, noise, image, paint, clip, texts, off, freedoms, lesson, kind="epsilon"
):
    """A copy of a network that learned, along the first steps, that what it foresees moves as one text lies from the
    other in CLIP's space, and stays like the image; as it was after the round that CLIP finds best. More weights learn
    where CLIP is not content."""
    rounds, rate, keep, share, count, seed = lesson
    source, target = texts
    wanted = normalize(target, dim=-1) - normalize(source, dim=-1)
    before = normalize(clip.embed_images(image), dim=-1)
    steps = max(round(share * len(make_scheduler().timesteps)), 1)

    def walked(copy, learns=False):
        return lesson_walk(copy, ask, condition, make_scheduler, noise, steps, kind, learns)

    def away(painted, count, generator):
        seen = normalize(clip.embed_images(views(painted, count, generator)), dim=-1)
        return off(seen.unflatten(0, (count, -1)), before, wanted).mean()

    def teach(parts, rate):
        copy, learning = learner(network, parts)
        optimizer = torch.optim.Adam(learning, lr=rate)
        generator = torch.Generator().manual_seed(seed)
        nearest, best = math.inf, [weight.detach().clone() for weight in learning]
        for _ in range(rounds):
            for original in walked(copy, learns=True):
                with torch.enable_grad():
                    painted = paint(original)
                    optimizer.zero_grad()
                    (away(painted, count, generator) + keep * (painted - image).abs().mean()).backward()
                optimizer.step()
            *_, last = walked(copy)
            found = float(away(paint(last), 16, torch.Generator().manual_seed(seed)))
            if found < nearest:
                nearest, best = found, [weight.detach().clone() for weight in learning]
        copy.requires_grad_(False)
        for weight, well in zip(learning, best, strict=True):
            weight.copy_(well)
        return nearest, copy

    best = math.inf, network
    for parts, part in freedoms:
        best = min(best, teach(parts, rate * part), key=lambda found: found[0])
        if best[0] <= 0.35:
            break
    return best[1]
