"""Forms that need a CLIP: the captions that are nearest to a vector, and how well the steps of a run fit texts."""

from __future__ import annotations

import functools
import weakref
from typing import Any

import msgspec
import torch
from torch import Tensor
from torch.nn.functional import normalize

from nodeflow.engine.inspect.image_views import NO_VAE, chosen, one_of
from nodeflow.node import NodeError
from nodeflow.resources import folder
from nodeflow.views import Chart, Option, Series, Table, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Embedding, Latent, Trajectory

BANK = Option("bank", "Captions", ("those that the starter models know", "my own"))
OWN = Option("own", "My own, one a line", text=True)
OF_BANK = msgspec.structs.replace(OWN, needs=("bank", BANK.choices[1]))
MAX_CAPTIONS = 24
"""Captions that are told."""
TOGETHER = 16
"""Steps that are decoded at once."""
NO_CLIP = "no CLIP that fits is in memory; add the node Load CLIP, run it, and look again"

_banks: weakref.WeakKeyDictionary[Any, dict[tuple[str, ...], Tensor]] = weakref.WeakKeyDictionary()


@functools.cache
def known_captions() -> tuple[str, ...]:
    """Captions of all that the starter models have names for, from ``assets/captions.txt``."""
    return tuple((folder("assets") / "captions.txt").read_text(encoding="utf-8").splitlines())


def embedded(clip: Any, captions: tuple[str, ...]) -> Tensor:
    """(N, D), of length 1. The last ones that a CLIP embedded are kept while it lives."""
    known = _banks.setdefault(clip, {})
    if captions not in known:
        known.clear()
        known[captions] = normalize(clip.embed_texts(list(captions)).values.float(), dim=-1)
    return known[captions]


def nearest(embedding: Embedding, asked: ViewRequest) -> Table:
    """The captions whose vectors stand at the smallest angle to this one, by the CLIP of the document."""
    own = tuple(line.strip() for line in asked.text(OWN).splitlines() if line.strip())
    captions = known_captions() if asked.choice(BANK) == BANK.choices[0] else own
    if not captions:
        raise NodeError("write captions of your own, one a line, or choose those that the starter models know")
    vector = chosen(embedding.values, asked).float()
    clip = asked.surroundings.clip(len(vector))
    if clip is None:
        raise NodeError(NO_CLIP)
    cosines = embedded(clip, captions).to(vector.device) @ normalize(vector, dim=-1)
    best = cosines.topk(min(MAX_CAPTIONS, len(captions)))
    rows = tuple(
        (f"{value:.4f}", captions[at]) for value, at in zip(best.values.tolist(), best.indices.tolist(), strict=True)
    )
    return Table(("cosine", "caption"), rows, f"{len(captions)} captions")


def similarity(path: Trajectory, asked: ViewRequest) -> Chart:
    """The cosine between the image as it was foreseen at each step and each text of the document, by its CLIP."""
    frames = [chosen(frame, asked) for frame in path.original]
    vae, clip = asked.surroundings.vae(frames[0].shape[0]), asked.surroundings.clip(0)
    if vae is None:
        raise NodeError(NO_VAE)
    if clip is None:
        raise NodeError(NO_CLIP)
    own = [line.strip() for line in asked.text(OWN).splitlines() if line.strip()]
    texts = tuple(dict.fromkeys([*asked.surroundings.texts(), *own]))
    if not texts:
        raise NodeError("there is no text in this workflow to compare with; write one")
    known = embedded(clip, texts)
    found: list[list[float]] = []
    for at in range(0, len(frames), TOGETHER):
        pictures = vae.decode(Latent(torch.stack(frames[at : at + TOGETHER])))
        vectors = normalize(clip.embed_images(pictures).values.float(), dim=-1)
        found += (vectors.to(known.device) @ known.T).tolist()
    steps = tuple(float(path.first + at) for at in range(len(frames)))
    series = tuple(Series(text, steps, tuple(row[at] for row in found)) for at, text in enumerate(texts))
    return Chart(series, "step", "cosine similarity")


FORMS: ValueViews = {
    Embedding.__name__: (
        ValueView("nearest", "Nearest captions", nearest, lambda of: (*one_of(of.values), BANK, OF_BANK), costly=True),
    ),
    Trajectory.__name__: (
        ValueView(
            "clip",
            "Likeness to the texts (CLIP)",
            similarity,
            lambda path: (*one_of(path.x[0]), OWN),
            lambda path: bool(path.original),
            costly=True,
        ),
    ),
}
