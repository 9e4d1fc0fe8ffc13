"""Training a little more of a model while the workflow runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, normalize, pad

from nodeflow.node import NodeError, Range, Seed, Slider, Step, node
from nodeflow.wires import (
    CLIP,
    VAE,
    Answer,
    Calls,
    Conditioning,
    Curve,
    Denoiser,
    Embedding,
    Image,
    Latent,
    Schedule,
    StepNoise,
)
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.loaders.quantised.layers import is_stored

SHIFT, GRAIN = 0.05, 0.06
"""How far a view is shifted, as a share of its side, and the deviation of the noise on it."""
VERDICT_VIEWS = 16
"""So many views, the same after each round, say which round is kept."""
NEAR = 0.35
"""A loss by CLIP with which no more weights are let learn."""


def off_the_direction(seen: Tensor, before: Tensor, wanted: Tensor) -> Tensor:
    """(V, B): 1 less the cosine between how a vector moved and how it should; all (.., B, D)."""
    return 1 - cosine_similarity(seen - before, wanted, dim=-1)


def off_the_place(seen: Tensor, before: Tensor, wanted: Tensor) -> Tensor:
    """(V, B): how far a vector is from where the wanted move ends, as a share of how far it was."""
    place = before + wanted
    return (1 - cosine_similarity(seen, place, dim=-1)) / (1 - cosine_similarity(before, place, dim=-1))


AIMS = {"the direction": off_the_direction, "the place": off_the_place}


class Freedom(NamedTuple):
    """Which weights may learn, by what their names have in them, and with what share of the rate."""

    parts: tuple[str, ...]
    rate: float = 1.0

    def weights(self, module: nn.Module) -> list[nn.Parameter]:
        """Those of a module, free to learn. Raises NodeError where it has none."""
        found = [weight for name, weight in module.named_parameters() if any(part in name for part in self.parts)]
        if not found:
            raise NodeError("this network has no cross-attention by which it reads a text; let everything learn")
        for weight in found:
            weight.requires_grad_(True)
        return found


READS_TEXT = Freedom(("attn2.to_k.", "attn2.to_v."))
"""The weights by which diffusers' blocks take in the text."""
LEARNS = {
    "as much as it needs": (READS_TEXT, Freedom(("attn2.",), 1 / 2), Freedom(("",), 1 / 20)),
    "how it reads the text": (READS_TEXT,),
    "everything": (Freedom(("",)),),
}
"""What is let learn, one after the other, until CLIP is content."""


@dataclass(frozen=True)
class Aim:
    """Holds where CLIP is to see images move: vectors (B, D) of the images as they were, and the moves wanted."""

    clip: CLIP
    before: Tensor
    wanted: Tensor
    off: Callable[[Tensor, Tensor, Tensor], Tensor]

    def away(self, painted: Tensor, views: int, generator: torch.Generator) -> Tensor:
        """How far images (B, 3, H, W) are from it: the mean of so many views of each."""
        seen = self.clip.embed_images(Image(_views(painted, views, generator))).values
        return self.off(normalize(seen, dim=-1).unflatten(0, (views, -1)), self.before, self.wanted).mean()


@dataclass(frozen=True)
class LearningWalk:
    """Holds the first ``taken`` steps from a noise, which are walked again and again."""

    schedule: Schedule
    noise: Latent
    conditioning: Conditioning
    taken: int
    seed: int

    def walk(self, denoiser: Denoiser, generator: torch.Generator, learning: bool = False) -> Iterator[Tensor]:
        """What the denoiser foresees at each step, (B, C, h, w); it may learn from one before it takes the next."""
        solver = self.schedule.begin(denoiser.prediction, denoiser.device, denoiser.learned_variance)
        x = self.noise.samples.to(denoiser.device, denoiser.dtype)
        for index in range(self.taken):
            taking = solver.calls(x, index, StepNoise([generator], (self.seed,)))
            call = next(taking)
            with torch.set_grad_enabled(learning):
                output = denoiser.predict(call.seen, call.timestep, self.conditioning)[:, : x.shape[1]]
                x_0 = call.original(output)
            yield x_0
            with torch.no_grad():
                x = _taken(taking, Answer(output.detach(), x_0.detach()))


class Taught(NamedTuple):
    """A copy that learned, how far from the aim CLIP finds it, and the round after which it was so."""

    denoiser: Denoiser
    away: float
    round: int


@dataclass(frozen=True)
class Lesson:
    """Holds what a copy is taught: to bring images (B, 3, H, W) to an aim, and to keep them like they are."""

    aim: Aim
    way: LearningWalk
    vae: VAE
    pixels: Tensor
    rounds: int
    rate: float
    keep: float
    views: int

    def teach(self, denoiser: Denoiser, freedom: Freedom, losses: list[float]) -> Generator[Step, None, Taught]:
        """Teaches a copy, and gives it as it was after its best round; ``losses`` gets each step's loss by CLIP."""
        learner, module = _copied(denoiser)
        learning = freedom.weights(module)
        optimizer = torch.optim.Adam(learning, lr=self.rate * freedom.rate)
        generator, most = torch.Generator().manual_seed(self.way.seed), len(losses) + self.rounds * self.way.taken
        away, kept, best = math.inf, 0, [weight.detach().clone() for weight in learning]
        for _ in range(self.rounds):
            for x_0 in self.way.walk(learner, generator, learning=True):
                with torch.enable_grad():
                    painted = self.vae.decode(Latent(x_0)).pixels
                    off = self.aim.away(painted, self.views, generator)
                    change = (painted - self.pixels.to(painted.device)).abs().mean()
                    optimizer.zero_grad()
                    (off + self.keep * change).backward()
                optimizer.step()
                losses.append(float(off.detach()))
                yield Step(len(losses), most, Latent(x_0.detach()))
            if (found := self.verdict(learner)) < away:
                away, kept = found, len(losses) // self.way.taken
                best = [weight.detach().clone() for weight in learning]
        module.requires_grad_(False)
        for weight, well in zip(learning, best, strict=True):
            weight.copy_(well)
        return Taught(learner, away, kept)

    def verdict(self, denoiser: Denoiser) -> float:
        """How far from the aim what a denoiser foresees at the end of the way is."""
        generator = torch.Generator().manual_seed(self.way.seed)
        *_, x_0 = self.way.walk(denoiser, generator)
        with torch.no_grad():
            return float(self.aim.away(self.vae.decode(Latent(x_0)).pixels, VERDICT_VIEWS, generator))


class Tuned(NamedTuple):
    """The changed denoiser, how the loss by CLIP fell, and the round whose denoiser it is, the first being 1."""

    denoiser: Denoiser
    curve: Curve
    kept: int


@node("DiffusionCLIP", version=3)
def diffusion_clip(
    denoiser: Denoiser,
    conditioning: Conditioning,
    schedule: Schedule,
    noise: Latent,
    image: Image,
    vae: VAE,
    clip: CLIP,
    source: Embedding,
    target: Embedding,
    aim: Literal["the place", "the direction"] = "the place",
    learns: Literal["as much as it needs", "how it reads the text", "everything"] = "as much as it needs",
    rounds: Annotated[int, Range(1, 200)] = 8,
    rate: Annotated[float, Range(0, 0.01)] = 0.002,
    keep: Annotated[float, Slider(0, 5, 0.05)] = 0.1,
    share: Annotated[float, Slider(0.05, 1, 0.05)] = 0.75,
    views: Annotated[int, Range(1, 64)] = 4,
    seed: Annotated[int, Seed()] = 0,
) -> Generator[Step, None, Tuned]:
    """Teaches a copy of a denoiser to move an image along a direction of CLIP, from text to text.

    ``noise`` (B, C, h, w) is what ``ddim_inversion`` finds for ``image`` with the same denoiser, ``conditioning`` (what
    says the image as it is) and DDIM ``schedule``. The copy walks from this noise through the first ``share`` of the
    steps, ``rounds`` times; after each step it learns so that what it foresees moves away from the image, in CLIP's
    space, as ``target`` lies from ``source``, and is still like the image (``keep`` times the mean difference).
    Sampling from the same noise with the copy then gives the changed image; leave the steps behind ``share`` to the
    model as it was, by ``change_guidance``, so that it paints cleanly what the copy began.

    ``aim`` is ``the direction`` of that move alone, as in the paper, or ``the place`` where it would arrive: an image
    half way has the direction already, and a colour in between with it. CLIP's gradient has to lead there: that of
    ``starter:open-clip`` was taught with images in between, that of ``starter:clip`` often loses its way.

    ``learns`` says which weights may change: with the keys and values of cross-attention alone the copy paints what
    the model could paint of another text, so the images stay clean; with everything, as in the paper, it can also
    leave what the model knows. As much as it needs begins with the first; where the loss is above 0.35 after all
    rounds, another copy learns with the whole cross-attention and half the rate, and then one with everything and a
    twentieth. CLIP sees ``views`` of each image, shifted and with grain as ``seed`` draws them, so that the copy cannot
    please it by traces that nobody sees. ``rate`` is the size of a step of learning (Adam): too many, or too large
    ones, spoil the image; a thirtieth suits where everything learns. ``curve`` is the loss at each step: 1 at the image
    as it was (or across the direction), 0 at the aim.

    Learning can pass the aim and go astray. So after each round the copy walks the steps once more without learning,
    CLIP judges what it foresees at the last of them, by the same views each time, and the copy of the best round is
    kept: ``kept`` says which, the first being 1, counted on where another copy learns.

    A step takes about three times as long as one of sampling, and a round one walk more; where everything learns, the
    weights take five times their room.

    Fails for denoisers that are no network, whose weights are quantised, or that read no text where only that may
    learn, when both texts say the same, and when noise and image do not match.
    Papers: Kim et al. 2022, DiffusionCLIP (arXiv:2110.02711); direction: Gal et al. 2022, StyleGAN-NADA
    (arXiv:2108.00946); keys and values: Kumari et al. 2023, Custom Diffusion (arXiv:2212.04488); views: Liu et al.
    2021, FuseDream (arXiv:2112.01573).
    """
    if len(noise.samples) != len(image.pixels):
        raise NodeError(f"the noise is for {len(noise.samples)} images, and there are {len(image.pixels)}")
    (height, width), factor = noise.samples.shape[-2:], vae.format.downscale
    if tuple(image.pixels.shape[-2:]) != (height * factor, width * factor):
        shown = " x ".join(map(str, reversed(image.pixels.shape[-2:])))
        raise NodeError(f"the noise paints {width * factor} x {height * factor} and the image is {shown}; resize it")
    wanted = normalize(target.values, dim=-1) - normalize(source.values, dim=-1)
    if (wanted.norm(dim=-1) < 1e-6).any():
        raise NodeError("source and target say the same; there is no direction between them")
    before = normalize(clip.embed_images(image).values, dim=-1)
    to = Aim(clip, before, wanted.to(before.device), AIMS[aim])
    steps = schedule.begin(denoiser.prediction, denoiser.device, denoiser.learned_variance).timesteps
    way = LearningWalk(schedule, noise, conditioning, max(round(share * len(steps)), 1), seed)
    lesson, losses = Lesson(to, way, vae, image.pixels, rounds, rate, keep, views), list[float]()
    best = Taught(denoiser, math.inf, 0)
    for freedom in LEARNS[learns]:
        found = yield from lesson.teach(denoiser, freedom, losses)
        best = min(best, found, key=lambda taught: taught.away)
        if best.away <= NEAR:
            break
    axis = torch.arange(1, len(losses) + 1, dtype=torch.float32)
    return Tuned(best.denoiser, Curve(axis, torch.tensor(losses), "step", "loss by CLIP"), best.round)


def _copied(denoiser: Denoiser) -> tuple[Denoiser, nn.Module]:
    """A denoiser with a network of its own, and that. Raises NodeError where there is none that could learn."""
    if not isinstance(denoiser, NetworkDenoiser):
        raise NodeError("this denoiser is no network that could learn; wire one that comes from a model")
    if any(map(is_stored, denoiser.network.module.modules())):
        raise NodeError("this network's weights are quantised and cannot learn; load the model in half precision")
    module = deepcopy(denoiser.network.module).requires_grad_(False)
    return replace(denoiser, network=replace(denoiser.network, module=module)), module


def _taken(taking: Calls, answer: Answer) -> Tensor:
    """x one step further. Raises NodeError for a method that asks again."""
    try:
        taking.send(answer)
    except StopIteration as end:
        found: Tensor = end.value
        return found
    raise NodeError("this goes along methods that ask the denoiser once a step; choose one such as DDIM or euler")


def _views(pictures: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(B, 3, H, W) to (count B, 3, H, W): each a little shifted, its edge carried on, and with grain."""
    height, width = pictures.shape[-2:]
    room = round(SHIFT * min(height, width))
    wide, seen = pad(pictures, (room,) * 4, mode="replicate"), list[Tensor]()
    for _ in range(count):
        top, left = torch.randint(2 * room + 1, (2,), generator=generator).tolist()
        seen.append(wide[..., top : top + height, left : left + width])
    all_seen = torch.cat(seen)
    return all_seen + GRAIN * torch.randn(all_seen.shape, generator=generator).to(all_seen.device)
