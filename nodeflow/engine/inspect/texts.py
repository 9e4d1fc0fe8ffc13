"""Forms of what texts say to a denoiser: how long each token's vector is, and which tokens are alike."""

from __future__ import annotations

from torch.nn.functional import cosine_similarity

from nodeflow.engine.inspect.pictures import chosen, one_of
from nodeflow.forms import Asked, Chart, Form, Forms, Matrix, Option, Series, Table
from nodeflow.wires import Conditioning

REPEATS = Option("tokens", "Tokens", ("up to the end of the text", "all"))


def norms(conditioning: Conditioning, asked: Asked) -> Chart:
    """The Euclidean norm of each token's vector."""
    count, words = _shown(conditioning, asked)
    found = chosen(conditioning.tokens, asked)[:count].double().norm(dim=-1).tolist()
    places = tuple(float(place) for place in range(count))
    return Chart((Series("norm", places, tuple(found)),), "token", "norm", words, bars=True)


def similarity(conditioning: Conditioning, asked: Asked) -> Matrix:
    """The cosine of the angle between each two tokens' vectors."""
    count, words = _shown(conditioning, asked)
    tokens = chosen(conditioning.tokens, asked)[:count].double()
    found = cosine_similarity(tokens[:, None], tokens[None], dim=-1)
    return Matrix(words, words, tuple(found.flatten().tolist()), -1.0, 1.0, "cosine similarity")


def tokens(conditioning: Conditioning, asked: Asked) -> Table:
    """The tokens as they were read."""
    count, words = _shown(conditioning, asked)
    vectors = chosen(conditioning.tokens, asked)[:count].double()
    rows = [
        (str(place), word, f"{vector.norm():.4g}", f"{vector.mean():.4g}", f"{vector.std(correction=0):.4g}")
        for place, (word, vector) in enumerate(zip(words, vectors, strict=True))
    ]
    return Table(("place", "token", "norm", "mean", "deviation"), tuple(rows))


def _shown(conditioning: Conditioning, asked: Asked) -> tuple[int, tuple[str, ...]]:
    """How many tokens are shown, and their words: what fills up a text at its end is the same word again."""
    length = conditioning.tokens.shape[1]
    words = conditioning.words or tuple(map(str, range(length)))
    count = length
    if asked.choice(REPEATS) == REPEATS.choices[0]:
        while count > 2 and words[count - 1] == words[count - 2]:
            count -= 1
    return count, words[:count]


def _options(conditioning: Conditioning) -> tuple[Option, ...]:
    return *one_of(conditioning.tokens), REPEATS


FORMS: Forms = {
    "Conditioning": (
        Form("norms", "Norm of each token", norms, _options),
        Form("similarity", "Likeness of tokens", similarity, _options),
        Form("tokens", "Tokens", tokens, _options),
    ),
}
