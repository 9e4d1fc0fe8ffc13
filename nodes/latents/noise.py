"""Random numbers that an image starts from, and the forward diffusion."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, get_args

import torch

from nodeflow.node import NodeError, Range, Rule, Seed, Slider, node
from nodeflow.wires import Denoiser, Latent, LatentFormat, Noise, Schedule, Variation
from nodeflow.wires.noise import Between, Stream, normal
from nodes.written import A_SEED, INDICES

SEEDS = 2**53
"""How many seeds there are; after the last comes 0."""
CELL = 8
"""Pixels a cell, where an image's size is told apart from a model's latents."""
STRAIGHT = 1e-3
"""The sine of an angle that is none."""


@node("Gaussian noise")
def gaussian_noise(
    seed: Annotated[int, Seed("batch")] = 0,
    batch: Annotated[int, Range(1, 64)] = 1,
    width: Annotated[int, Range(0, 8192, 8)] = 0,
    height: Annotated[int, Range(0, 8192, 8)] = 0,
) -> Noise:
    """The random noise that images start from: one seed, one image.

    A batch takes the seeds ``seed``, ``seed + 1``, ... so that each of its images can be had again alone. ``width``
    and ``height`` are those of the image in pixels; 0 is the size that the model was trained at. The numbers are
    drawn on the CPU, so that every device starts from the same ones.
    """
    return Noise(tuple((seed + offset) % SEEDS for offset in range(batch)), width, height)


OF_ONE = Rule(
    "batch_index == 0",
    "a batch index is of one generator's batch; choose the stream one for the batch",
    {"stream": tuple(stream for stream in get_args(Stream) if stream != "one for the batch")},
)


@node("Noise of a stream", rules=(OF_ONE,))
def noise_stream(
    seed: Annotated[int, Seed("batch")] = 0,
    batch: Annotated[int, Range(1, 4096)] = 1,
    width: Annotated[int, Range(0, 16384, 8)] = 0,
    height: Annotated[int, Range(0, 16384, 8)] = 0,
    stream: Stream = "one for the batch",
    between: Between = "seed + 1",
    add_noise: bool = True,
    batch_index: Annotated[str, INDICES] = "",
    large_seed: Annotated[str, A_SEED] = "",
    from_width: Annotated[int, Range(0, 16384, 8)] = 0,
    from_height: Annotated[int, Range(0, 16384, 8)] = 0,
) -> Noise:
    """Draws noise as another program does: by which generator, from which seed, and on the way.

    ``stream``:

    - a seed an image: seeds ``seed``, ``seed + 1``, ..., each image alone, on the CPU (nodeflow, A1111 on a CPU)
    - one for the batch: one generator on the CPU draws all images at once (ComfyUI)
    - GPU: a seed an image, drawn on the NVIDIA card; the numbers are the same on every card, up to the size at which
      its kernels share the work by the number of its processors, and on no CPU
    - NV Philox: the same numbers, to the sixth digit, without a card (A1111's NV; Salmon et al. 2011, Philox 4x32)

    ``between`` says what draws the noise that a method adds on the way, from one batch to the next: the generators go
    on (nodeflow, A1111), start from the seed again (ComfyUI 0.3, and later on a card), or from the seed + 1 (ComfyUI
    0.26 on a CPU). Brownian noise (the samplers with sde in the name) is drawn from the seed itself.

    ``add_noise`` off starts from the latent as it is, which has its noise already. ``batch_index`` lists which images
    of a longer batch are wanted, from 0. ``large_seed`` is a seed as text, up to 2^64 - 1, in place of ``seed``, which
    keeps what a number in a file can hold; a CPU's generator looks at the last 32 bits of a seed alone. ``width`` and
    ``height`` are those of the image in pixels; 0 is the size that the model was trained at.

    With ``from_width`` and ``from_height``, in pixels, of which 8 are a cell, the noise of an image of that size lies
    in the middle, so that another size gives a like image (A1111's resize seed); where it is larger its middle is
    taken.

    Two machines differ where a card draws, or computes: sums run in another order there. What a CPU draws is the same
    everywhere.

    Fails for a seed or an index that is none, and for the GPU where there is no NVIDIA card.
    """
    if stream == "GPU" and not torch.cuda.is_available():
        raise NodeError("there is no NVIDIA card here to draw on; NV Philox draws its numbers on any machine")
    first = _whole(large_seed, "seed", 2**64) if large_seed.strip() else seed
    indices = tuple(_whole(word, "batch index", 4096) for word in batch_index.replace(",", " ").split())
    alone = stream == "one for the batch"
    seeds = tuple(first if alone else (first + offset) % 2**64 for offset in range(len(indices) or batch))
    middle = (from_width, from_height) if from_width and from_height else (0, 0)
    found = Noise(seeds, width, height, stream=stream, between=between, indices=indices, silent=not add_noise)
    return replace(found, middle=middle)


def _whole(text: str, name: str, limit: int) -> int:
    """A whole number from 0 to below a limit. Raises NodeError."""
    word = text.strip()
    if not (word.isascii() and word.isdigit() and len(word) <= 20 and int(word) < limit):
        raise NodeError(f"{word[:30]!r} is no {name}; write a whole number from 0 to {limit - 1}")
    return int(word)


@node("Variation of noise", version=2)
def noise_variation(
    noise: Noise,
    variation: Noise,
    strength: Annotated[float, Slider(0, 1, 0.01)] = 0.1,
) -> Noise:
    """Moves noise a little towards that of other seeds (variation seeds), for images that are alike.

    ``strength`` 0 is the noise itself, 1 the other; between them it goes along the sphere, column by column, as A1111
    counts angles. What a method adds on the way is drawn from the first one's seeds.

    Fails when the two have different numbers of seeds.
    """
    if len(noise.seeds) != len(variation.seeds):
        raise NodeError(f"the noise has {len(noise.seeds)} seeds and the other {len(variation.seeds)}; make them equal")
    return replace(noise, variation=Variation(variation, strength))


@node("Change noise", version=2)
def change_noise(before: Noise, after: Noise, step: Annotated[int, Range(0, 2000)] = 10) -> Noise:
    """Draws what a method adds on the way from other seeds, from a step on.

    The image starts from ``before``; at ``step``, counted from the beginning of the schedule, the seeds of ``after``
    begin to draw. It makes a difference where noise is added at each step: by DDIM with ``eta`` above 0, DDPM, Euler
    ancestral, DPM++ 2M SDE, LCM. What is made before the change is computed once.

    Fails when the two have different numbers of seeds.
    """
    if len(before.seeds) != len(after.seeds):
        raise NodeError(f"before has {len(before.seeds)} seeds and after {len(after.seeds)}; make them equal")
    first = tuple(change for change in before.later if change[0] < step)
    own = after.seeds_at(step)[1]
    return replace(before, later=(*first, (step, own), *(change for change in after.later if change[0] > step)))


@node("Add noise")
def add_noise(latent: Latent, noise: Noise, schedule: Schedule, step: Annotated[int, Range(0, 2000)] = 0) -> Latent:
    """Forward diffusion: a clean latent with as much noise as the schedule has at a step.

    Step 0 has the most noise, the last step the least. A latent of one image takes the noise of every seed; a batch
    (B, C, h, w) needs B seeds. Diffusion: x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise (Ho et al. 2020,
    arXiv:2006.11239, eq. 4); flow matching: x_t = (1 - s) x_0 + s noise (Lipman et al. 2023, arXiv:2210.02747).

    Fails when the schedule has no such step, or when the seeds do not match the batch.
    """
    x_0 = rows(latent.samples, len(noise.seeds))
    solver = schedule.begin("flow" if schedule.flow else "epsilon", x_0.device)
    if step >= len(solver.timesteps):
        raise NodeError(f"there is no step {step}; the schedule's steps are 0 to {len(solver.timesteps) - 1}")
    with torch.no_grad():
        drawn = drawn_noise(noise, noise.generators(), tuple(x_0.shape[1:])).to(x_0.device, x_0.dtype)
        return replace(latent, samples=solver.add_noise(x_0, drawn, step))


@node("Forward diffusion")
def forward_diffusion(
    latent: Latent, noise: Noise, schedule: Schedule, pictures: Annotated[int, Range(2, 64)] = 8
) -> Latent:
    """Shows how an image drowns in noise: one latent at several moments of the forward diffusion.

    A latent (1, C, h, w) becomes a batch (images, C, h, w): the first is clean, the last is the schedule's noisiest
    step, the others lie evenly between, all with the noise of one seed. Decode them to see a row of images.

    Fails when the latent holds several images, or the noise several seeds, or the schedule fewer steps than are to
    be seen.
    Paper: Ho et al. 2020, Denoising Diffusion Probabilistic Models (arXiv:2006.11239), eq. 4.
    """
    if len(latent.samples) != 1 or len(noise.seeds) != 1:
        raise NodeError("one latent and one seed are wanted here, since the row shows one image at several moments")
    solver = schedule.begin("flow" if schedule.flow else "epsilon", latent.samples.device)
    total = len(solver.timesteps)
    if total < pictures - 1:
        raise NodeError(f"the schedule has {total} steps, too few for {pictures} images; give it more")
    with torch.no_grad():
        x_0 = latent.samples
        drawn = drawn_noise(noise, noise.generators(), tuple(x_0.shape[1:])).to(x_0.device, x_0.dtype)
        moments = torch.linspace(total - 1, 0, pictures - 1).round().int().tolist()
        return Latent(torch.cat([x_0, *(solver.add_noise(x_0, drawn, moment) for moment in moments)]))


@node("Noise as latent")
def noise_as_latent(noise: Noise, denoiser: Denoiser) -> Latent:
    """Draws the noise that sampling would start from, to look at it, or to walk from one noise to another.

    Gives (B, C, h, w) of the shape that the denoiser works on, one row a seed.

    Fails when width or height do not fit the model.
    """
    shape = latent_shape(noise, denoiser.format)
    return Latent(drawn_noise(noise, noise.generators(), shape).to(denoiser.device, denoiser.dtype))


@node("Latent as noise")
def latent_as_noise(latent: Latent, seed: Annotated[int, Seed()] = 0) -> Noise:
    """Takes latents (B, C, h, w) as the noise that sampling starts from, instead of drawing it.

    For noise that was found by inversion, or that lies between two others. ``seed``, ``seed + 1``, ... count only for
    what is drawn on the way, by methods that add fresh noise at each step.
    """
    seeds = tuple((seed + offset) % SEEDS for offset in range(len(latent.samples)))
    return Noise(seeds, values=latent.samples)


def drawn_noise(noise: Noise, generators: list[Any], shape: tuple[int, ...]) -> torch.Tensor:
    """(B, *shape): what the seeds draw, or the noise that is given. Raises NodeError where that has another shape."""
    if noise.values is not None and noise.values.shape[1:] != shape:
        given, wanted = (" x ".join(map(str, sides)) for sides in (noise.values.shape[1:], shape))
        raise NodeError(f"the noise is {given} and the model works on {wanted}; take noise of the same model and size")
    if noise.silent:
        return torch.zeros((len(noise.seeds), *shape))
    if noise.values is not None:
        return noise.values
    if noise.indices:
        rows = [normal(generators, 1, shape) for _ in range(max(noise.indices) + 1)]
        found = torch.cat([rows[index] for index in noise.indices])
    else:
        found = normal(generators, len(noise.seeds), shape)
    if any(noise.middle):
        _, height, width = shape
        cells = noise.middle[1] // CELL, noise.middle[0] // CELL
        inner = drawn_noise(replace(noise, middle=(0, 0)), noise.generators(), (shape[0], *cells))
        (above, from_y, rows_), (left, from_x, columns) = _centred(height, cells[0]), _centred(width, cells[1])
        found[..., above : above + rows_, left : left + columns] = inner[
            ..., from_y : from_y + rows_, from_x : from_x + columns
        ]
        return found
    if noise.variation is None:
        return found
    other = drawn_noise(noise.variation.noise, noise.variation.noise.generators(), shape).to(found.device)
    return varied(found, other, noise.variation.strength)


def _centred(outer: int, inner: int) -> tuple[int, int, int]:
    """Where the middle of one length begins in another, where in itself, and how long it is, in cells."""
    beside = (outer - inner) // 2
    return max(beside, 0), max(-beside, 0), inner if beside >= 0 else inner + 2 * beside


def varied(noise: torch.Tensor, other: torch.Tensor, strength: float) -> torch.Tensor:
    """Noise (B, C, h, w) on the way to another on the sphere, with angles of each column, as A1111 mixes seeds.

    Columns along one line, as those of the same seed or of a single cell, have no arc between them and are mixed as
    they are.
    """
    one, two = (values / values.norm(dim=2, keepdim=True) for values in (noise, other))
    angle = (one * two).sum(2, keepdim=True).clamp(-1, 1).acos()
    first, second = (((1 - strength) * angle).sin() / angle.sin(), (strength * angle).sin() / angle.sin())
    along = first * noise + second * other
    return torch.where(angle.sin() > STRAIGHT, along, noise.lerp(other, strength))


def latent_shape(noise: Noise, format: LatentFormat) -> tuple[int, ...]:
    """(C, h, w) for the size in pixels that the noise asks for. Raises NodeError where no latent has that size."""
    if noise.values is not None:
        return format.channels, *noise.values.shape[2:]
    trained = format.side * format.downscale
    height, width = noise.height or trained, noise.width or trained
    if not format.cut and (height % format.downscale or width % format.downscale):
        raise NodeError(
            f"this model makes images whose sides are multiples of {format.downscale}; {width} x {height} is not"
        )
    return format.channels, height // format.downscale, width // format.downscale


def draw(generators: list[Any], shape: tuple[int, ...]) -> torch.Tensor:
    """Standard normal numbers (B, *shape), float32 on the CPU, one generator a row."""
    return normal(generators, len(generators), shape)


def rows(samples: torch.Tensor, count: int) -> torch.Tensor:
    """A batch of ``count`` rows; a single row serves all. Raises NodeError where the numbers do not match."""
    if len(samples) == count:
        return samples
    if len(samples) == 1:
        return samples.expand(count, *samples.shape[1:])
    raise NodeError(f"the latent holds {len(samples)} images and the noise has {count} seeds; make them equal")
