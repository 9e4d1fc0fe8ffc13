"""Noise as seeds, and as what these draw."""

from __future__ import annotations

from typing import NamedTuple

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer

SEEDS = 2**53
"""How many seeds there are; after the last comes 0."""
MOST_LISTED = 8
"""Seeds that a script lists one by one."""
STREAMS = ("a seed an image", "one for the batch")
BETWEEN = {"goes on": None, "the seed again": 0, "seed + 1": 1}
"""What is added to a seed for what is drawn on the way; None where the first generator draws that too."""


class NoiseUse(NamedTuple):
    """What is known of noise: the size that it asks for, its numbers where it has its own, how many images one
    generator draws at once (0: each its own), the seeds of what is drawn on the way, whether it is none at all, and
    the cells that it fills where that is no size."""

    width: int
    height: int
    values: str = ""
    at_once: int = 0
    later: str | None = None
    silent: bool = False
    cells: tuple[int, int] | None = None

    def drawn(self, writer: Writer, seeds: str, sides: str) -> str:
        """The code of the first noise."""
        if self.values:
            return self.values
        if self.silent:
            writer.imports.add("torch")
            return f"torch.zeros(({f'{self.at_once}' if self.at_once else f'len({seeds})'}, *{sides}))"
        if self.at_once:
            return f"{writer.use('drawn_at_once')}({seeds}, ({self.at_once}, *{sides}))"
        return f"{writer.use('drawn')}({seeds}, {sides})"

    def on_the_way(self, seeds: str) -> str | None:
        """The code of the seeds of what is drawn on the way; None where what drew the first noise goes on."""
        return self.later or (seeds if self.values or self.silent else None)


def plain_noise(writer: Writer, name: str) -> Made:
    """The noise that is wired to a node. Raises CannotExportError where it is not drawn by a seed an image that go
    on."""
    made = writer.input(name, "noise")
    use: NoiseUse = made.about
    if use.at_once or use.later or use.silent:
        raise CannotExportError(f"{name} takes noise that another program draws, which is not written")
    return made


def gaussian_noise(writer: Writer, name: str, _: str) -> Made:
    width, height, count = (int(writer.plain(name, key)) for key in ("width", "height", "batch"))
    use = NoiseUse(width, height)
    if writer.about.kind(name) == "noise_stream":
        if writer.plain(name, "stream") not in STREAMS or any(
            writer.plain(name, key) for key in ("large_seed", "batch_index", "from_width", "from_height")
        ):
            raise CannotExportError(f"{name} draws noise as another program does, which is not written")
        alone = writer.plain(name, "stream") == "one for the batch"
        use = use._replace(at_once=count if alone and count > 1 else 0, silent=not writer.plain(name, "add_noise"))
        count = 1 if alone else count
    first = seeds(writer, name, count, 0)
    more = BETWEEN[writer.plain(name, "between")] if writer.about.kind(name) == "noise_stream" else None
    return Made(first, use if more is None else use._replace(later=seeds(writer, name, count, more)))


def seeds(writer: Writer, name: str, count: int, more: int) -> str:
    """The code of the seeds of so many images, from the first one's or some more on."""
    if writer.is_wired(name, "seed"):
        first = writer.value(name, "seed") + (f" + {more}" if more else "")
        return f"range({first}, {first} + {count})" if count > 1 else f"({first},)"
    seed = int(writer.plain(name, "seed")) + more
    if count > MOST_LISTED and seed + count <= SEEDS:
        return f"range({seed}, {seed + count})" if seed else f"range({count})"
    return literal(tuple((seed + number) % SEEDS for number in range(count)))


def latent_as_noise(writer: Writer, name: str, _: str) -> Made:
    latent = writer.input(name, "latent")
    seed = writer.value(name, "seed")
    first = "" if seed == "0" else f"{seed}, {seed} + "
    return Made(f"range({first}len({latent.code}))", NoiseUse(0, 0, latent.code))


def shape(noise: NoiseUse, network: object) -> tuple[int, ...]:
    """(C, h, w) of what noise becomes for a network."""
    channels, factor, side = network.channels, network.downscale, network.side  # type: ignore[attr-defined]
    return channels, *(noise.cells or (noise.height // factor or side, noise.width // factor or side))


NOISE: dict[str, Function] = {
    "gaussian_noise": gaussian_noise,
    "noise_stream": gaussian_noise,
    "latent_as_noise": latent_as_noise,
}
