"""Forms of what texts say to a denoiser: how long each token's vector is, and which tokens are alike."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cosine_similarity

from nodeflow.engine.inspect.image_views import chosen, one_of
from nodeflow.views import Chart, Matrix, Option, Series, Table, ValueView, ValueViews, ViewRequest
from nodeflow.wires import Conditioning, Embedding, Scores

REPEATS = Option("tokens", "Tokens", ("up to the end of the text", "all"))


def norms(conditioning: Conditioning, asked: ViewRequest) -> Chart:
    """The Euclidean norm of each token's vector."""
    count, words = _shown(conditioning, asked)
    found = chosen(_vectors(conditioning), asked)[:count].double().norm(dim=-1).tolist()
    places = tuple(float(place) for place in range(count))
    return Chart((Series("norm", places, tuple(found)),), "token", "norm", words, bars=True)


def similarity(conditioning: Conditioning, asked: ViewRequest) -> Matrix:
    """The cosine of the angle between each two tokens' vectors."""
    count, words = _shown(conditioning, asked)
    tokens = chosen(_vectors(conditioning), asked)[:count].double()
    found = cosine_similarity(tokens[:, None], tokens[None], dim=-1)
    return Matrix(words, words, tuple(found.flatten().tolist()), -1.0, 1.0, "cosine similarity")


def tokens(conditioning: Conditioning, asked: ViewRequest) -> Table:
    """The tokens as they were read."""
    count, words = _shown(conditioning, asked)
    vectors = chosen(_vectors(conditioning), asked)[:count].double()
    rows = [
        (str(place), word, f"{vector.norm():.4g}", f"{vector.mean():.4g}", f"{vector.std(correction=0):.4g}")
        for place, (word, vector) in enumerate(zip(words, vectors, strict=True))
    ]
    return Table(("place", "token", "norm", "mean", "deviation"), tuple(rows))


def _shown(conditioning: Conditioning, asked: ViewRequest) -> tuple[int, tuple[str, ...]]:
    """Return how many tokens are shown, and their words: what fills up a text at its end is the same word again."""
    length = _vectors(conditioning).shape[1]
    words = conditioning.words or tuple(map(str, range(length)))
    count = length
    if asked.choice(REPEATS) == REPEATS.choices[0]:
        while count > 2 and words[count - 1] == words[count - 2]:
            count -= 1
    return count, words[:count]


def _options(conditioning: Conditioning) -> tuple[Option, ...]:
    return *one_of(_vectors(conditioning)), REPEATS


def _has_tokens(conditioning: Conditioning) -> bool:
    return conditioning.tokens is not None


def _vectors(conditioning: Conditioning) -> Tensor:
    """(B, L, D)."""
    assert conditioning.tokens is not None
    return conditioning.tokens


def likeness(embedding: Embedding, _: ViewRequest) -> Matrix:
    """The cosine of the angle between each two vectors."""
    vectors = embedding.values.double()
    found = cosine_similarity(vectors[:, None], vectors[None], dim=-1)
    names = _names(embedding.labels, len(vectors), "")
    return Matrix(names, names, tuple(found.flatten().tolist()), -1.0, 1.0, "cosine similarity")


def scores(given: Scores, _: ViewRequest) -> Matrix:
    """Return how well each text fits each image."""
    pictures, texts = given.values.shape
    rows, columns = _names((), pictures, "picture "), _names(given.texts, texts, "")
    return Matrix(rows, columns, tuple(given.values.double().flatten().tolist()), -1.0, 1.0, "cosine similarity")


def _names(labels: tuple[str, ...], count: int, word: str) -> tuple[str, ...]:
    return labels if len(labels) == count else tuple(f"{word}{number}" for number in range(1, count + 1))


FORMS: ValueViews = {
    Conditioning.__name__: (
        ValueView("norms", "Norm of each token", norms, _options, _has_tokens),
        ValueView("similarity", "Likeness of tokens", similarity, _options, _has_tokens),
        ValueView("tokens", "Tokens", tokens, _options, _has_tokens),
    ),
    Embedding.__name__: (
        ValueView("likeness", "Likeness", likeness, fits=lambda embedding: len(embedding.values) > 1),
    ),
    Scores.__name__: (ValueView("scores", "Scores", scores),),
}
