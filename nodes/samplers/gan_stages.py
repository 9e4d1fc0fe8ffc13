"""What a generator has of its image at each stage on the way, and which words it looked at there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from nodeflow.node import NodeError, Range, node
from nodeflow.wires import Attention, Conditioning, GeneratorNetwork, Image, Latent
from nodes.guidance.predictions.places import check_plain
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite

RIDGE = 1e-3
GLOW = (0.92, 0.42, 0.1)
LISTED = 3


class Stages(NamedTuple):
    """Images of all stages, what each looked at, how near each is to the last."""

    image: Image
    words: Image
    attention: Attention
    table: str


@node("GAN stages")
def gan_stages(
    generator: GeneratorNetwork,
    conditioning: Conditioning,
    noise: Latent,
    samples: Annotated[int, Range(4, 128)] = 24,
) -> Stages:
    """Shows the coarse image of each stage of a generator, and the words it looked at there.

    AttnGAN makes an image at each stage, coarse at first, and lets each place of the next stage look at the words it
    needs. This generator has one way out, at the end; so a linear map from the features of each stage to the colours of
    the finished image, made as small, is fitted here and now (least squares, on ``samples`` other images of this text).
    ``image`` has the stages in their order, each as large as the last. ``words`` shows for each stage that looks at
    words where the word that was looked at most unevenly counts: bright is much. ``attention`` is that of all words,
    and ``table`` says how much of the finished image, made as small, each stage tells already.

    ``noise`` (1, Z, 1, 1) is that of one image.

    Fails for noise of another generator, and for the text of another model's encoder.
    Paper: Xu et al. 2018, AttnGAN (arXiv:1711.10485), figure 2 and equations 2 to 5.
    """
    check_plain(conditioning)
    module: Any = generator.module
    tokens, pooled = conditioning.tokens, conditioning.pooled
    wanted = module.config.text_dim, module.config.pooled_dim
    if tokens is None or pooled is None or (tokens.shape[-1], pooled.shape[-1]) != wanted:
        raise NodeError("this generator reads the words of another text encoder; wire that which it was trained with")
    if noise.samples.shape[1:] != (generator.noise, 1, 1):
        given = " x ".join(map(str, noise.samples.shape[1:]))
        raise NodeError(f"the noise is {given} and this generator takes {generator.noise} x 1 x 1; wire GAN noise")
    others = torch.randn(samples, generator.noise, generator=torch.Generator().manual_seed(0))
    rows = torch.cat([noise.samples[:1].flatten(1).cpu().float(), others])
    at, kind = device_of(module), dtype_of(module)
    words, whole = (part[:1].expand(len(rows), *part.shape[1:]).to(at, kind) for part in (tokens, pooled))
    with ExitStack() as hooks, torch.no_grad():
        features = _watched(module, hooks)
        pixels, maps = module(rows.to(at, kind), words, whole)
    pixels = (finite(pixels.float().cpu(), "the generator") / 2 + 0.5).clamp(0, 1)
    side, shown, lines = generator.side, list[Tensor](), list[str]()
    for number, found in enumerate(features, 1):
        coarse, told = read_out(found, pixels)
        shown.append(interpolate(coarse, (side, side), mode="nearest"))
        name = f"{found.shape[-1]} x {found.shape[-1]}"
        lines.append(f"stage {number}, {name}: {told:.0%} of the finished image of that size")
    shown.append(pixels[:1])
    kept = {name: part[:1].to(torch.float16).cpu() for name, part in maps.items()}
    looked = [_most_uneven(part[0].float(), conditioning.words) for part in kept.values()]
    lines += [f"at {name} x {name} most unevenly: {', '.join(one[1])}" for name, one in zip(kept, looked, strict=True)]
    glowing = [
        interpolate(one[0][None, None], (side, side), mode="nearest") * torch.tensor(GLOW)[None, :, None, None]
        for one in looked
    ]
    return Stages(
        Image(torch.cat(shown)),
        Image(torch.cat(glowing) if glowing else torch.zeros(1, 3, side, side)),
        Attention(conditioning.words, kept),
        "\n".join(lines),
    )


def _watched(module: Any, hooks: ExitStack) -> list[Tensor]:
    """A list that fills with the features (B, C, h, w) of each stage when the generator computes."""
    features = list[Tensor]()
    stages = [module.growths[0], *module.growths]
    for number, stage in enumerate(stages):
        take = _before(features) if not number else _after(features)
        register = stage.register_forward_pre_hook if not number else stage.register_forward_hook
        hooks.callback(register(take).remove)
    return features


def _before(features: list[Tensor]) -> Any:
    return lambda _, given: features.append(given[0].float().cpu())


def _after(features: list[Tensor]) -> Any:
    return lambda _, __, made: features.append(made.float().cpu())


def read_out(features: Tensor, pixels: Tensor) -> tuple[Tensor, float]:
    """The first image as a linear map of its features (B, C, h, w) sees it, (1, 3, h, w), and the share of its variance
    that this tells. The map is fitted to the other images."""
    wanted = adaptive_avg_pool2d(pixels, (features.shape[2], features.shape[3])).permute(0, 2, 3, 1).double()
    rows = features.permute(0, 2, 3, 1).double()
    rows = (rows - rows.mean((0, 1, 2))) / rows.std((0, 1, 2)).clamp(min=1e-6)
    rows = torch.cat([rows, torch.ones(*rows.shape[:3], 1).double()], -1)
    others = rows[1:].flatten(0, 2)
    square = others.T @ others + RIDGE * len(others) * torch.eye(rows.shape[-1]).double()
    found = rows[0] @ torch.linalg.solve(square, others.T @ wanted[1:].flatten(0, 2))
    left = (found - wanted[0]).square().sum() / (wanted[0] - wanted[0].mean((0, 1))).square().sum().clamp(min=1e-9)
    return found.permute(2, 0, 1)[None].clamp(0, 1).float(), float((1 - left).clamp(min=0))


def _most_uneven(part: Tensor, words: Sequence[str]) -> tuple[Tensor, list[str]]:
    """Where the most unevenly seen word counts, (h, w) in 0..1, and the words by how uneven they are."""
    spread = part.flatten(0, 1).std(0)
    order = spread.argsort(descending=True)[:LISTED].tolist()
    best = part[..., order[0]]
    share = (best - best.min()) / (best.max() - best.min()).clamp(min=1e-9)
    return share, [words[at] if at < len(words) else f"token {at}" for at in order]
