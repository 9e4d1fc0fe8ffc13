"""Teaches a CLIP's picture tower to judge what lies between drawings and beside them.

A tower that has seen finished drawings alone is pleased by pictures that nobody would draw: its gradient leads from one
colour into a third, or into traces that no eye sees. Whoever changes a picture by that gradient (DiffusionCLIP, CLIP
guidance) needs more of it. Here a mixture of drawings has to lie where the mixture of their vectors lies (Zhang et al.
2018, mixup, arXiv:1710.09412), and the small change of a picture that would mislead the tower most has to leave its
vector where it is (Madry et al. 2018, arXiv:1706.06083), which gives gradients that follow what eyes see (Santurkar et
al. 2019, arXiv:1906.09453).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, normalize

from training.data.grammar import BACKGROUNDS, COLOURS, SUBJECTS
from training.data.scenes import Scene, draw_all, random_scene
from training.loops.training_loop import Losses

CHANGES = ("colour", "colour", "background", "background", "subject")
"""What differs in the drawings that are mixed with a scene's own, one each."""
VALUES = {"colour": tuple(COLOURS), "background": tuple(BACKGROUNDS), "subject": tuple(SUBJECTS)}
SEED, SCENES, BATCH = 73, 1500, 96
BLURS, GRAIN = (1, 1, 2, 4), 0.06
REACH, ASCENTS = 3.0, 2
"""The longest misleading change, as the length of its pixels in -1..1, and the steps by which it is sought."""

Encoder = Callable[[Tensor], Tensor]
"""From pictures [B, 3, 64, 64] in -1..1 to vectors [B, D] of any length."""


def family(scene: Scene, rng: np.random.Generator) -> list[Scene]:
    """A scene, and the same with one thing changed, for each of the changes."""
    changed = [scene]
    for name in CHANGES:
        others = [value for value in VALUES[name] if value != getattr(scene, name)]
        changed.append(replace(scene, **dict[str, Any]({name: str(rng.choice(others))})))
    return changed


def families() -> Tensor:
    """[scenes, members, 3, 64, 64] in 0..255, the same at each call."""
    rng = np.random.default_rng(SEED)
    scenes = [one for _ in range(SCENES) for one in family(random_scene(rng), rng)]
    parts = [draw_all(scenes[start : start + 256]) for start in range(0, len(scenes), 256)]
    pictures = torch.cat([torch.from_numpy((part * 255).round().astype(np.uint8)) for part in parts])
    return pictures.permute(0, 3, 1, 2).unflatten(0, (SCENES, -1)).contiguous()


def weights(count: int, members: int, rng: np.random.Generator) -> Tensor:
    """[count, members] that sum to one: a quarter is a single drawing, the others mix two or three."""
    found = torch.zeros(count, members)
    for row in range(count):
        mixed = 1 if row % 4 == 0 else int(rng.choice([2, 2, 3]))
        found[row, rng.permutation(members)[:mixed]] = torch.from_numpy(rng.dirichlet([1.0] * mixed)).float()
    return found


def away(seen: Tensor, wanted: Tensor) -> Tensor:
    """[B]: squared distances of vectors on the sphere."""
    return (normalize(seen.float(), dim=-1) - wanted).pow(2).sum(-1)


def misled(encode: Encoder, pictures: Tensor, wanted: Tensor, reach: Tensor, seed: torch.Generator) -> Tensor:
    """The pictures with a small change each, at most ``reach`` long, that takes their vectors away from ``wanted``."""
    change = 0.3 * reach * _of_length_one(torch.randn(pictures.shape, generator=seed))
    for _ in range(ASCENTS):
        change.requires_grad_(True)
        (uphill,) = torch.autograd.grad(away(encode(pictures + change), wanted).sum(), change)
        change = (change + 0.6 * reach * _of_length_one(uphill)).detach()
        change = change * (reach / (change.flatten(1).norm(dim=1).view(-1, 1, 1, 1) + 1e-12)).clamp(max=1)
    return pictures + change


def _of_length_one(pixels: Tensor) -> Tensor:
    return pixels / (pixels.flatten(1).norm(dim=1).view(-1, 1, 1, 1) + 1e-12)


@torch.no_grad()
def vectors_of(pictures: Tensor, encode: Encoder) -> Tensor:
    """[scenes, members, D] of length one."""
    flat = pictures.flatten(0, 1)
    seen = torch.cat([normalize(encode(part.float() / 127.5 - 1), dim=-1) for part in flat.split(512)])
    return seen.unflatten(0, pictures.shape[:2])


def losses(taught: Encoder) -> Callable[[nn.Module, int], Losses]:
    """The losses of a step, of a tower that is to agree with another one on drawings."""
    pictures = families()
    vectors = vectors_of(pictures, taught)

    def losses_of(tower: nn.Module, step: int) -> Losses:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = torch.from_numpy(rng.integers(0, SCENES, BATCH))
        shares = weights(BATCH, pictures.shape[1], rng)
        mixed = torch.einsum("bm,bmchw->bchw", shares, pictures[chosen].float() / 127.5 - 1)
        wanted = normalize(torch.einsum("bm,bmd->bd", shares, vectors[chosen]), dim=-1)
        if (blur := BLURS[step % len(BLURS)]) > 1:
            half = BATCH // 2
            mixed[:half] = interpolate(avg_pool2d(mixed[:half], blur), scale_factor=blur, mode="bilinear")
        grain = GRAIN * torch.rand(BATCH, 1, 1, 1, generator=seed)
        mixed = mixed + grain * torch.randn(mixed.shape, generator=seed)

        def encode(pixels: Tensor) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                found: Tensor = tower(pixels)
            return found

        drawn = shares.amax(1).view(-1, 1, 1, 1) == 1
        reach = (REACH * torch.rand(BATCH, 1, 1, 1, generator=seed)).masked_fill(drawn, 0)
        return {"away": away(encode(misled(encode, mixed, wanted, reach, seed)), wanted).mean()}

    return losses_of
