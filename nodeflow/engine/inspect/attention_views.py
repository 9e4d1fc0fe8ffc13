"""Forms of recorded attention: where each word was looked at, and which words and places a place looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from nodeflow.engine.inspect.image_views import chosen, latent_rgb, one_of, place_options
from nodeflow.engine.inspect.rendering import heat
from nodeflow.views import Chart, Option, Picture, Series, ValueView, ViewRequest
from nodeflow.wires import Attention, Trajectory

ALL_LAYERS, ALL_STEPS = "all layers", "all steps"
LONGEST_ARTICLE = 2
"""Letters of a word that names nothing."""


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
    """Each token that was read once, by its place; what fills up a text at its end is left out."""
    read = next(iter(attention.maps.values())).shape[-1]
    words = attention.words[:read] or tuple(map(str, range(read)))
    count = len(words)
    while count > 2 and words[count - 1] == words[count - 2]:
        count -= 1
    return tuple(f"{place} {word.strip()}" for place, word in enumerate(words[:count]))


def first_of(words: tuple[str, ...]) -> str:
    """The word to begin with: one that may name something, rather than the mark of a beginning or an article."""
    said = [word for word in words[1:] if len(word.split(" ", 1)[1]) > LONGEST_ARTICLE]
    return next(iter(said or words[1:]), words[0])


def mean_place(
    path: Trajectory, picture: int, x: int, y: int, layer: str = ALL_LAYERS, step: int | None = None
) -> Tensor:
    """(h, w), as fine as the latent: where one of its cells looked, the mean over the layers and steps asked for.

    The shares of all cells sum to 1; to less where words were looked at with the same softmax.
    """
    height, width = path.x[0].shape[-2:]
    found = []
    for attention in path.attention if step is None else path.attention[step : step + 1]:
        for name, one in attention.places.items():
            if layer in (ALL_LAYERS, name):
                rows, columns = one.shape[1:3]
                seen = one[picture, y * rows // height, x * columns // width].float()
                fine = interpolate(seen[None, None], (height, width), mode="bilinear")[0, 0]
                found.append(fine * (seen.sum() / fine.sum().clamp(min=1e-12)))
    return torch.stack(found).mean(0)


def _how(path: Trajectory, layers: Iterable[str]) -> tuple[Option, ...]:
    """Of which layers and steps, and of which image."""
    return (
        Option("layer", "Layer", (ALL_LAYERS, *layers)),
        Option("over", "Steps", ("one by one", ALL_STEPS)),
        Option("step", "Step", maximum=len(path.attention) - 1, time=True, first=path.first),
        *one_of(path.x[0]),
    )


def options(path: Trajectory) -> tuple[Option, ...]:
    words = words_of(path.attention[0])
    first = first_of(words)
    tokens = (first, *(word for word in words if word != first))
    return Option("token", "Word", tokens), *_how(path, path.attention[0].maps)


def place_map_options(path: Trajectory) -> tuple[Option, ...]:
    return *_how(path, path.attention[0].places), *place_options(path.x[0])


def word_map(path: Trajectory, asked: ViewRequest) -> Picture:
    """Return where one word was looked at, as a glow over the image as it was foreseen at that step."""
    token, *how = options(path)
    number, word = asked.choice(token).split(" ", 1)
    layer, step = _chosen_how(how, asked)
    base = _base(path, asked, how)
    found = mean_map(path, _picture(path, asked), layer, step)[..., int(number)]
    return heat(found.to(base.device), base, asked.size, word)


def place_map(path: Trajectory, asked: ViewRequest) -> Picture:
    """Return where one place looked, as a glow over the image as it was foreseen at that step."""
    how = place_map_options(path)
    layer, step = _chosen_how(how, asked)
    base = _base(path, asked, how)
    x, y = (asked.number(option) for option in place_options(path.x[0]))
    height, width = path.x[0].shape[-2:]
    picture = heat(mean_place(path, _picture(path, asked), x, y, layer, step).to(base.device), base, asked.size)
    mark = ((x + 0.5) / width, (y + 0.5) / height)
    return msgspec.structs.replace(picture, mark=mark, caption=f"{x}, {y}")


def _chosen_how(how: Sequence[Option], asked: ViewRequest) -> tuple[str, int | None]:
    layer, over, time = how[:3]
    return asked.choice(layer), None if asked.choice(over) == ALL_STEPS else asked.number(time)


def _base(path: Trajectory, asked: ViewRequest, how: Sequence[Option]) -> Tensor:
    """The colours (3, h, w) of the image as it was foreseen at the step that is shown."""
    return latent_rgb(path.original[asked.number(how[2])][_picture(path, asked)], asked)


def words_at_place(path: Trajectory, asked: ViewRequest) -> Chart:
    """The share of its attention that a place gave to each word, over all layers and steps."""
    x, y = (asked.number(option) for option in place_options(path.x[0]))
    words = words_of(path.attention[0])
    shares = mean_map(path, _picture(path, asked))[y, x, : len(words)].tolist()
    labels = tuple(word.split(" ", 1)[1] for word in words)
    places = tuple(map(float, range(len(words))))
    caption = f"column {x}, row {y}: {sum(shares):.1%} of its attention is for these words"
    return Chart((Series("share", places, tuple(shares)),), "word", "share", labels, bars=True, caption=caption)


def _picture(path: Trajectory, asked: ViewRequest) -> int:
    return int(chosen(torch.arange(len(path.x[0])), asked))


def _words_recorded(path: Trajectory) -> bool:
    return bool(path.attention and path.attention[0].maps)


def _places_recorded(path: Trajectory) -> bool:
    return bool(path.attention and path.attention[0].places)


ATTENTION = (
    ValueView("attention", "Attention to words", word_map, options, _words_recorded),
    ValueView("looks", "Where a place looks", place_map, place_map_options, _places_recorded),
    ValueView(
        "words",
        "Words that a place looks at",
        words_at_place,
        lambda path: (*one_of(path.x[0]), *place_options(path.x[0])),
        _words_recorded,
    ),
)
