"""Forms of recorded attention: where each word was looked at, and which words a place looked at."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.engine.inspect.draw import heat, linear_rgb
from nodeflow.engine.inspect.pictures import chosen, one_of, place_options
from nodeflow.engine.views import principal_rgb
from nodeflow.forms import Asked, Chart, Form, Option, Picture, Series
from nodeflow.wires import Attention, Trajectory

ALL_LAYERS, ALL_STEPS = "all layers", "all steps"


def mean_map(path: Trajectory, picture: int, layer: str = ALL_LAYERS, step: int | None = None) -> Tensor:
    """(h, w, L), as fine as the latent: the mean over the layers and steps that are asked for; sums to 1 over L."""
    steps = path.attention if step is None else path.attention[step : step + 1]
    size = path.x[0].shape[-2:]
    found = [
        interpolate(one[picture].float().permute(2, 0, 1)[None], size, mode="bilinear")[0]
        for attention in steps
        for name, one in attention.maps.items()
        if layer in (ALL_LAYERS, name)
    ]
    return torch.stack(found).mean(0).permute(1, 2, 0)


def words_of(attention: Attention) -> tuple[str, ...]:
    """Each token once, by its place; what fills up a text at its end is left out."""
    words = attention.words or tuple(map(str, range(next(iter(attention.maps.values())).shape[-1])))
    count = len(words)
    while count > 2 and words[count - 1] == words[count - 2]:
        count -= 1
    return tuple(f"{place} {word.strip()}" for place, word in enumerate(words[:count]))


def options(path: Trajectory) -> tuple[Option, ...]:
    words = words_of(path.attention[0])
    first = next((word for word in words[1:]), words[0])
    tokens = (first, *(word for word in words if word != first))
    layers = (ALL_LAYERS, *path.attention[0].maps)
    return (
        Option("token", "Word", tokens),
        Option("layer", "Layer", layers),
        Option("over", "Steps", ("one by one", ALL_STEPS)),
        Option("step", "Step", maximum=len(path.attention) - 1, time=True),
        *one_of(path.x[0]),
    )


def word_map(path: Trajectory, asked: Asked) -> Picture:
    """Where one word was looked at, as a glow over the picture as it was foreseen at that step."""
    token, layer, over, time, *_ = options(path)
    step = asked.number(time)
    place = int(asked.choice(token).split(" ", 1)[0])
    picture = _picture(path, asked)
    found = mean_map(path, picture, asked.choice(layer), None if asked.choice(over) == ALL_STEPS else step)
    frame = path.original[step][picture]
    vae = asked.surroundings.vae(frame.shape[0])
    base = principal_rgb(frame.float().cpu()) if vae is None else linear_rgb(frame[None], vae)[0]
    return heat(found[..., place].to(base.device), base, asked.size, asked.choice(token).split(" ", 1)[1])


def words_at_place(path: Trajectory, asked: Asked) -> Chart:
    """The share of its attention that a place gave to each word, over all layers and steps."""
    x, y = (asked.number(option) for option in place_options(path.x[0]))
    words = words_of(path.attention[0])
    shares = mean_map(path, _picture(path, asked))[y, x, : len(words)].tolist()
    labels = tuple(word.split(" ", 1)[1] for word in words)
    places = tuple(map(float, range(len(words))))
    return Chart((Series("share", places, tuple(shares)),), "word", "share", labels, bars=True, caption=f"{x}, {y}")


def _picture(path: Trajectory, asked: Asked) -> int:
    return int(chosen(torch.arange(len(path.x[0])), asked))


def _recorded(path: Trajectory) -> bool:
    return bool(path.attention)


ATTENTION = (
    Form("attention", "Attention to words", word_map, options, _recorded),
    Form(
        "words",
        "Words that a place looks at",
        words_at_place,
        lambda path: (*one_of(path.x[0]), *place_options(path.x[0])),
        _recorded,
    ),
)
