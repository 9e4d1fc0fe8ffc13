"""Noise, and the loop that denoises it."""

from __future__ import annotations

from typing import NamedTuple

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.pieces import literal
from nodes.script.schedulers import made_scheduler, options_of
from nodes.script.writer import Function, Made, Writer

SEEDS = 2**53
"""How many seeds there are; after the last comes 0."""


MOST_LISTED = 8
"""Seeds that a script lists one by one."""


class NoiseUse(NamedTuple):
    """What is known of noise: the size that it asks for, and its numbers where it has its own."""

    width: int
    height: int
    values: str = ""


def gaussian_noise(writer: Writer, name: str, _: str) -> Made:
    if writer.about.kind(name) == "noise_stream":
        usual = writer.plain(name, "stream") == "a seed an image" and writer.plain(name, "between") == "goes on"
        other = ("large_seed", "batch_index", "from_width", "from_height")
        if not usual or not writer.plain(name, "add_noise") or any(writer.plain(name, key) for key in other):
            raise CannotExportError(f"{name} draws noise as another program does, which is not written")
    width, height, count = (int(writer.plain(name, key)) for key in ("width", "height", "batch"))
    if writer.is_wired(name, "seed"):
        first = writer.value(name, "seed")
        return Made(f"range({first}, {first} + {count})", NoiseUse(width, height))
    seed = int(writer.plain(name, "seed"))
    if count > MOST_LISTED and seed + count <= SEEDS:
        return Made(f"range({seed}, {seed + count})" if seed else f"range({count})", NoiseUse(width, height))
    return Made(literal(tuple((seed + number) % SEEDS for number in range(count))), NoiseUse(width, height))


def latent_as_noise(writer: Writer, name: str, _: str) -> Made:
    latent = writer.input(name, "latent")
    seed = writer.value(name, "seed")
    first = "" if seed == "0" else f"{seed}, {seed} + "
    return Made(f"range({first}len({latent.code}))", NoiseUse(0, 0, latent.code))


def sample(writer: Writer, name: str, output: str) -> Made:
    if output != "latent":
        raise CannotExportError(f"the {output} of {name} is not written")
    guider = writer.input(name, "guider")
    denoises = guider.about
    schedule, kind = made_scheduler(writer, name, "schedule", denoises.prediction, denoises.learned)
    predict = guider.code
    if denoises.learned and kind != "DDPM":
        predict = writer.shared(
            ("prediction alone", guider.code),
            lambda: Made(writer.bound(predict, "alone", "without_variance", predict)),
        ).code
    eta = options_of(writer, writer.input(name, "schedule").about)
    function = writer.use("sample" if writer.plain(name, "batch") == "each alone" else "sample_together")
    begin = _begin(writer, name, schedule, guider)
    return Made(writer.assign(name, "latents", function, predict, schedule, begin, eta=eta), denoises)


def _begin(writer: Writer, name: str, schedule: str, guider: Made) -> str:
    """The code for what sampling begins from."""
    noise = writer.input(name, "noise")
    if writer.is_wired(name, "latent"):
        latent = writer.input(name, "latent")
        if noise.about.values:
            raise CannotExportError(f"{name} begins from a latent and from noise that is given, which is not written")
        strength = writer.value(name, "strength")
        steps = writer.value(writer.input(name, "schedule").about, "steps")
        return f"{writer.use('from_latent')}({schedule}, {noise.code}, {latent.code}, {strength}, {steps})"
    if noise.about.values:
        return f"{writer.use('from_given')}({schedule}, {noise.code}, {noise.about.values})"
    return f"{writer.use('from_noise')}({schedule}, {noise.code}, {literal(shape(noise.about, guider.about.network))})"


def shape(noise: NoiseUse, network: object) -> tuple[int, ...]:
    """(C, h, w) of what noise becomes for a network."""
    channels, factor, side = network.channels, network.downscale, network.side  # type: ignore[attr-defined]
    return channels, noise.height // factor or side, noise.width // factor or side


SAMPLERS: dict[str, Function] = {
    "gaussian_noise": gaussian_noise,
    "noise_stream": gaussian_noise,
    "latent_as_noise": latent_as_noise,
    "sample": sample,
}
