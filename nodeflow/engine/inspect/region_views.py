"""Forms of texts in regions: where each leads, laid over the image that was made of them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.engine.inspect.rendering import colours
from nodeflow.views import Option, Picture, Table, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Area, Conditioning, Image, Region

COLOURS = (
    ("red", (0.91, 0.36, 0.33)),
    ("blue", (0.33, 0.58, 0.95)),
    ("green", (0.36, 0.76, 0.42)),
    ("yellow", (0.95, 0.80, 0.30)),
    ("violet", (0.70, 0.48, 0.92)),
    ("cyan", (0.33, 0.80, 0.82)),
)
"""Names as people know them, and shades that are told apart on any image."""
PLAIN, TINT, USUAL = 0.16, 0.45, 512
EDGE = 1 / 200
"""Of the longer side: how wide a region's outline is."""
WORDS = 12
"""Of a text, in a line about it."""
MARKS = ("<|startoftext|>", "<|endoftext|>")


def regions(conditioning: Conditioning, asked: ViewRequest) -> Picture:
    """Each text's region in a colour of its own, over the image made of them, or over grey ground."""
    parts = list(_parts(conditioning))
    chosen = asked.number(_which(parts))
    image = asked.surroundings.image()
    ground = _ground(image, parts)
    shown = ground.clone()
    for number, part in enumerate(parts, 1):
        if chosen in (0, number) and part.region is not None:
            colour = torch.tensor(COLOURS[(number - 1) % len(COLOURS)][1])[:, None, None]
            share = _share(part.region, ground)
            shown = torch.lerp(shown, colour.expand_as(shown), TINT * share)
            shown = torch.where(_outline(share), colour, shown)
    caption = "; ".join(f"{COLOURS[(n - 1) % len(COLOURS)][0]}: {_words(part)}" for n, part in enumerate(parts, 1))
    return colours(shown, asked.size, smooth=isinstance(image, Image), caption=caption)


def table(conditioning: Conditioning, _: ViewRequest) -> Table:
    """Where, when and how strongly each text leads."""
    rows = [
        (str(number), _words(part), _place(part.region), _steps(part.region), f"{(part.region or Region()).strength:g}")
        for number, part in enumerate(_parts(conditioning), 1)
    ]
    return Table(("number", "text", "place", "steps", "strength"), tuple(rows))


def _parts(conditioning: Conditioning) -> Iterator[Conditioning]:
    yield conditioning
    for beside in conditioning.beside:
        yield from _parts(beside)


def _which(parts: list[Conditioning]) -> Option:
    return Option("region", "Region (0 is all)", maximum=len(parts))


def _options(conditioning: Conditioning) -> tuple[Option, ...]:
    return (_which(list(_parts(conditioning))),)


def _several(conditioning: Conditioning) -> bool:
    return conditioning.region is not None or bool(conditioning.beside)


def _ground(image: object, parts: list[Conditioning]) -> Tensor:
    """What the regions are laid over, (3, H, W)."""
    if isinstance(image, Image):
        return image.pixels[0].detach().float().cpu().clamp(0, 1)
    height = width = 0
    for part in parts:
        region = part.region or Region()
        if region.mask is not None:
            height, width = max(height, region.mask.shape[-2]), max(width, region.mask.shape[-1])
        if region.area is not None and not region.area.shares:
            area = region.area
            height, width = max(height, int(area.top + area.height)), max(width, int(area.left + area.width))
    return torch.full((3, height or width or USUAL, width or height or USUAL), PLAIN)


def _share(region: Region, ground: Tensor) -> Tensor:
    """How much a region holds at each pixel, (1, H, W), 1 at most."""
    height, width = ground.shape[-2:]
    share = torch.ones(1, height, width)
    if region.mask is not None:
        found = region.mask[:1].detach().float().cpu()
        found = _middle(found, height, width) if region.fit == "cover" else found
        share = interpolate(found, (height, width), mode="bilinear")[0].clamp(0, 1)
    if region.area is not None:
        top, left, bottom, right = _edges(region.area, height, width)
        inside = torch.zeros_like(share)
        inside[:, top:bottom, left:right] = 1
        share = share * inside
    return share


def _middle(mask: Tensor, height: int, width: int) -> Tensor:
    """The part of a mask (1, 1, h, w) that counts where it covers a size: its middle, of the same proportions."""
    ratio = min(mask.shape[-1] / width, mask.shape[-2] / height)
    columns, rows = max(round(width * ratio), 1), max(round(height * ratio), 1)
    left, top = (mask.shape[-1] - columns) // 2, (mask.shape[-2] - rows) // 2
    return mask[..., top : top + rows, left : left + columns]


def _edges(area: Area, height: int, width: int) -> tuple[int, int, int, int]:
    down, across = (height, width) if area.shares else (1, 1)
    edges = (area.top * down, area.left * across, (area.top + area.height) * down, (area.left + area.width) * across)
    top, left, bottom, right = (round(edge) for edge in edges)
    return top, left, bottom, right


def _outline(share: Tensor) -> Tensor:
    """Whether a pixel lies on the edge of what a region holds, (1, H, W)."""
    inside = share >= 0.5
    reach = max(1, round(max(share.shape[-2:]) * EDGE))
    window = 2 * reach + 1
    near = torch.nn.functional.max_pool2d((~inside).float(), window, 1, reach) > 0
    return inside & near


def _words(part: Conditioning) -> str:
    """The beginning of a text, of the tokens as they were read."""
    words = [word.strip() for word in part.words if word.strip() and word.strip() not in MARKS]
    return " ".join(words[:WORDS]) + (" …" if len(words) > WORDS else "") or "(no words)"


def _place(region: Region | None) -> str:
    if region is None or (region.area is None and region.mask is None):
        return "everywhere"
    found = ["a mask"] if region.mask is not None else []
    if (area := region.area) is not None:
        sides = (area.width, area.height, area.left, area.top)
        form = "{:.0%} x {:.0%} at {:.0%}, {:.0%}" if area.shares else "{:g} x {:g} at {:g}, {:g}"
        found.append(form.format(*sides))
    return ", ".join(found)


def _steps(region: Region | None) -> str:
    start, end = (region.start, region.end) if region is not None else (0.0, 1.0)
    return "all" if (start, end) == (0, 1) else f"{start:.0%} to {end:.0%}"


FORMS: ValueViews = {
    Conditioning.__name__: (
        ValueView("regions", "Regions", regions, _options, _several),
        ValueView("region list", "Regions as a list", table, fits=_several),
    ),
}
