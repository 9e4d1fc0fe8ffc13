"""Attention of a network that makes an image in one pass: where each word was looked at."""

from __future__ import annotations

import torch

from nodeflow.engine.inspect.attention_views import first_of, words_of
from nodeflow.engine.inspect.image_views import chosen, one_of
from nodeflow.engine.inspect.rendering import heat
from nodeflow.views import Option, Picture, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Attention

GREY = 0.6
"""What the glow lies on, since the image is another value."""


def _options(attention: Attention) -> tuple[Option, ...]:
    words = words_of(attention)
    tokens = (first_of(words), *(word for word in words if word != first_of(words)))
    layers = tuple(attention.maps)
    return Option("token", "Word", tokens), Option("layer", "Layer", layers), *one_of(attention.maps[layers[0]])


def word_map(attention: Attention, asked: ViewRequest) -> Picture:
    """The share of its attention that each place gave to one word, in one layer."""
    token, layer, *_ = _options(attention)
    number, word = asked.choice(token).split(" ", 1)
    found = chosen(attention.maps[asked.choice(layer)], asked)[..., int(number)].float()
    return heat(found, torch.full((3, *found.shape), GREY), asked.size, word)


FORMS: ValueViews = {
    Attention.__name__: (ValueView("attention", "Attention to words", word_map, _options, lambda a: bool(a.maps)),)
}
