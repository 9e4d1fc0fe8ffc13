"""Views of a network that was drawn: the drawing, and the channels of the block at a place of it."""

from __future__ import annotations

import msgspec

from nodeflow.engine.inspect.rendering import colours, tiles
from nodeflow.node import NodeError
from nodeflow.views import Option, Picture, ValueView, ValueViews, ViewRequest
from nodeflow.wires import NetworkMap


def drawing(network: NetworkMap, asked: ViewRequest) -> Picture:
    """The network as it was drawn."""
    return colours(network.image[0], asked.size, smooth=True)


def _place(network: NetworkMap) -> tuple[Option, ...]:
    height, width = network.image.shape[-2:]
    left, top, side = network.boxes[0] if network.boxes else (0, 0, 0)
    across, down = left + side // 2, top + side // 2
    return (
        Option("x", "Column", maximum=width - 1, place=True, start=across),
        Option("y", "Row", maximum=height - 1, place=True, start=down),
    )


def block(network: NetworkMap, asked: ViewRequest) -> Picture:
    """What each channel gave of the block whose box is at a place of the drawing, one grey image a channel."""
    x, y = (asked.number(option) for option in _place(network))
    for (left, top, side), features, words in zip(network.boxes, network.features, network.words, strict=True):
        if left <= x < left + side and top <= y < top + side:
            return msgspec.structs.replace(tiles(features, asked.size), caption=words)
    raise NodeError("no block is drawn at this place; point at a box")


FORMS: ValueViews = {
    NetworkMap.__name__: (
        ValueView("drawing", "Network", drawing),
        ValueView("block", "Channels of a block", block, _place),
    )
}
