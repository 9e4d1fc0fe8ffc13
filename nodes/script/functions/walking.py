"""The loop along noise levels: x is the image and noise of the level's size, or on straight paths a share of each."""

from __future__ import annotations

import math

import torch
import torchsde
from torch.nn.functional import interpolate

from nodes.script.functions.noise_levels import clean, prediction_of
from nodes.script.functions.sampling import At
from nodes.script.functions.spacings import spaced


class Walk:
    """A walk along noise levels: these, the step that it is at, what its steps left, and who draws noise."""

    def __init__(self, levels, sigmas, first, generators, seeds):
        self.levels, self.sigmas, self.generators, self.seeds = levels, sigmas, generators, seeds
        self.first, self.step, self.past, self.trees = first, first, [], []

    def noise_like(self, x):
        """Fresh noise: of a generator an image, or of one for all of them."""
        rows = len(x) if len(self.generators) == 1 else 1
        return torch.cat([torch.randn((rows, *x.shape[1:]), generator=one) for one in self.generators])


def drawn_at_once(seeds, shape):
    """The noise of several images that the generator of one seed draws."""
    return torch.randn(shape, generator=going_to(seeds[0]))


def each_alone(predict, x, t, step, steps):
    """What is predicted for each image by itself, so that a batch equals its singles to the last bit."""
    return torch.cat([predict(row, At(t, step, steps, image)) for image, row in enumerate(x.split(1))])


def all_together(predict, x, t, step, steps):
    """What is predicted for a batch at once."""
    return predict(x, At(t, step, steps))


def foreseen_along(kind, output, x, sigma):
    """The clean image that a prediction means, where x is the image and noise of a size."""
    if kind == "sample":
        return output
    if kind == "v":
        return x / (sigma**2 + 1) - output * (sigma / math.sqrt(sigma**2 + 1))
    return torch.sub(x, output, alpha=sigma)


def sample_along(
    predict,
    take,
    kind,
    levels,
    sigmas,
    noise,
    seeds,
    known=None,
    strength=1.0,
    ask=each_alone,
    on_the_way=None,
    end=0.0,
    mask=None,
    kept=None,
    **told,
):
    """Walk along noise levels by the steps of a sampler, from noise, or from a latent with noise on it.

    ``on_the_way`` are the seeds of what draws fresh noise, where that is not what drew the first; ``end`` is what
    stands for 0. Where a mask is 0 the latent stays, with the noise of the seeds ``kept``, or with the first.
    """
    sigmas = [sigma or end for sigma in sigmas.tolist()]
    steps = len(sigmas) - 1
    first = 0 if known is None else steps - min(int(steps * strength), steps)
    x = noise * levels.noise_scale(sigmas[first])
    if known is not None:
        known = known.expand(len(noise), *known.shape[1:])
        x = levels.alpha(sigmas[first]) * known + x if first < steps else known
    walk = Walk(levels, sigmas, first, going_on(seeds, noise, on_the_way), seeds)

    def asked(seen, sigma):
        return ask(predict, seen, torch.tensor(levels.asked(sigma)), walk.step, steps)

    if mask is not None:
        asked = painting(asked, kind, levels, known, noise if kept is None else redrawn(kept, noise), mask)

    def foresee(x, sigma):
        return foreseen_along(kind, asked(levels.seen(x, sigma), sigma), x, sigma)

    for walk.step in range(first, steps):
        x = take(foresee, x, walk, sigmas[walk.step], sigmas[walk.step + 1], **told)
    return x / (1 - sigmas[-1]) if levels.flow and steps and sigmas[-1] < 1 else x


def redrawn(seeds, noise):
    """Noise of other seeds, drawn as the first was."""
    rows = len(noise) // len(seeds)
    return torch.cat([torch.randn((rows, *noise.shape[1:]), generator=going_to(seed)) for seed in seeds])


def going_to(seed):
    """A generator that begins at a seed."""
    return torch.Generator().manual_seed(seed)


def seen_along(levels, sigmas):
    """(alpha, sigma) of what a network sees at each step of a walk."""
    sizes = [(sigma, 1.0 if levels.flow else math.hypot(1, sigma)) for sigma in sigmas[:-1].tolist()]
    return [(levels.alpha(sigma) / size, sigma / size) for sigma, size in sizes]


def painting(ask, kind, levels, known, noise, mask):
    """What asks a network as if a latent stayed where a mask is 0: it sees that with its noise, and foresees it."""
    if mask.shape[-2:] != known.shape[-2:]:
        mask = interpolate(mask, known.shape[-2:], mode="bilinear")

    def asked(x, sigma):
        size = 1.0 if levels.flow else math.hypot(1, sigma)
        level = levels.alpha(sigma) / size, sigma / size
        seen = (level[0] * known + level[1] * noise).lerp(x, mask)
        output = ask(seen, sigma)
        x_0 = known.lerp(clean(kind, output, seen, level), mask)
        return torch.where(mask == 1, output, prediction_of(kind, x_0, x, level))

    return asked


def each_walk(predict, kind, levels, spacing, walks, noise, seeds):
    """What walks from the same noise end at: each a sampler, whether it drops a level, and its numbers of steps."""
    return torch.cat(
        [
            sample_along(predict, take, kind, levels, spaced(spacing, levels, steps, discard=discard), noise, seeds)
            for take, discard, counts in walks
            for steps in counts
        ]
    )


def going_on(seeds, noise, on_the_way):
    """The generators that draw fresh noise: those that drew the first noise, after that, or others."""
    generators = [going_to(seed) for seed in (on_the_way or seeds)]
    for generator in generators if on_the_way is None else []:
        torch.randn((len(noise) // len(seeds), *noise.shape[1:]), generator=generator)
    return generators


def brownian(walk, x, start, end):
    """What a Brownian motion over the levels adds from one to another, in units of its deviation; by torchsde."""
    if not walk.trees:
        ends = torch.tensor(min(sigma for sigma in walk.sigmas if sigma)), torch.tensor(max(walk.sigmas))
        begin = torch.zeros(x.shape if len(walk.seeds) == 1 else x.shape[1:])
        walk.trees = [torchsde.BrownianTree(ends[0], begin, ends[1], entropy=seed) for seed in walk.seeds]
    low, high = (torch.tensor(sigma) for sigma in sorted((start, end)))
    found = [tree(low, high) for tree in walk.trees]
    sign = 1 if start < end else -1
    whole = found[0] if len(found) == 1 else torch.stack(found)
    return whole.reshape(x.shape) * (sign / math.sqrt(float(high - low)))
