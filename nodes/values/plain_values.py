"""Single values as nodes, so that one value can drive several parameters by wire."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from nodeflow.node import Lazy, Multiline, NodeError, Range, node
from nodeflow.wires import Image


class Size(NamedTuple):
    """Width and height in pixels, and how many images there are."""

    width: int
    height: int
    images: int


@node("Text")
def text(text: Annotated[str, Multiline()] = "") -> str:
    """A text that several nodes can share by wire.

    Gives the text as it stands. Wire it to any parameter that takes text, such as ``text`` of a text encoder.
    """
    return text


@node("Number")
def number(value: float = 0.0) -> float:
    """A number that several nodes can share by wire.

    Gives the number as it stands. Wire it to any parameter that takes a number, such as a guidance scale.
    """
    return value


@node("Whole number")
def whole_number(value: int = 0) -> int:
    """A whole number that several nodes can share by wire.

    Gives the number as it stands. Wire it to any parameter that takes a whole number, such as steps or a seed.
    """
    return value


@node("Yes or no")
def yes_or_no(value: bool = False) -> bool:
    """A choice between yes and no that several nodes can share by wire.

    Gives true or false. Wire it to ``on`` of a switch, or to any parameter that is a check box.
    """
    return value


@node("Switch")
def switch(on: bool = False, when_off: Lazy[Any] | None = None, when_on: Lazy[Any] | None = None) -> Any:
    """Passes on one of two wires; what leads to the other one is not computed.

    Gives what comes in at ``when_on`` where ``on`` is checked, else what comes in at ``when_off``, of whatever type.
    Fails where nothing is wired to the one that is chosen.
    """
    chosen, name = (when_on, "when_on") if on else (when_off, "when_off")
    if chosen is None:
        raise NodeError(f"nothing is wired to {name}, where this switch leads; wire it, or set on the other way")
    return chosen.get()


@node("Image size")
def image_size(image: Image) -> Size:
    """The width and height of images in pixels, and how many there are.

    Of images (B, 3, H, W): ``width`` W, ``height`` H, ``images`` B. Wire them to the size of a noise or a resize.
    """
    count, _, height, width = image.pixels.shape
    return Size(width, height, count)


@node("Size from ratio")
def size_from_ratio(
    ratio_width: Annotated[float, Range(0.01, 10_000)] = 1.0,
    ratio_height: Annotated[float, Range(0.01, 10_000)] = 1.0,
    megapixels: Annotated[float, Range(0.01, 64)] = 1.0,
    multiple_of: Annotated[int, Range(1, 256)] = 8,
) -> Size:
    """A size in pixels from a ratio of sides and an area.

    A megapixel is 1024 x 1024 pixels. Both sides are rounded to the nearest multiple of ``multiple_of``, and are at
    least one of it: 16 to 9 with 1 megapixel and 8 gives 1368 x 768. ``images`` is 1.
    """
    area = megapixels * 1024 * 1024
    width = (area * ratio_width / ratio_height) ** 0.5
    height = area / width
    columns, rows = (max(round(side / multiple_of), 1) * multiple_of for side in (width, height))
    return Size(columns, rows, 1)
