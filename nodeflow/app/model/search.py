"""Finding nodes, actions, workflows and choices by a few letters, also by mistyped ones and by other names. No Qt."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)

MIN_TYPO_LETTERS = 4
"""A shorter word is taken as it is typed: with one other letter it would be another word."""
MIN_TYPO_LIKENESS = 0.74
"""How like a word must be to what is typed: one error in four letters, two in eight."""
MIN_SUGGESTION_SCORE = 55.0
REMEMBERED = 8192
"""Texts whose words are kept: the same names are looked at with every letter that is typed."""
_WORDS = re.compile(r"[^\W_]+")
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Subject(NamedTuple):
    """Hold what is searched of a thing: its title, its other names, the group that it is in, and running text about it.

    ``kinds`` are words of which only the beginning counts, such as the types of a node's ports.
    """

    title: str
    names: tuple[str, ...] = ()
    group: str = ""
    kinds: tuple[str, ...] = ()
    text: str = ""


def search(
    query: str, things: Iterable[T], subject: Callable[[T], Subject], recent: Sequence[Hashable] = ()
) -> list[T]:
    """Return the things that a query means, best first; all of them, in their order, where nothing is typed.

    Every word of the query has to be found, unless the whole is another name of a thing. Of those that fit as well as
    each other, the ones that were used last (``recent``, by themselves) come first.
    """
    words, place = _split(query), {thing: number for number, thing in enumerate(recent)}
    found = []
    for number, thing in enumerate(things):
        about = subject(thing)
        score = _score(query, words, about)
        if score or not words:
            band = round(-score / 10)  # a small difference in fit counts less than recent use
            found.append((band, place.get(thing, len(place)), -score, number, thing))
    return [line[-1] for line in sorted(found, key=lambda line: line[:-1])]


def closest(query: str, things: Iterable[T], subject: Callable[[T], Subject], limit: int = 3) -> list[T]:
    """Return what a query that finds nothing may have meant: the things whose titles or names look most like it."""
    from rapidfuzz import fuzz, process  # only where something is looked for: not a part of every start

    choices = {(thing, name): name.casefold() for thing in things for name in _all_names(subject(thing))}
    found = process.extract(
        query.casefold(), choices, scorer=fuzz.token_sort_ratio, limit=4 * limit, score_cutoff=MIN_SUGGESTION_SCORE
    )
    return list(dict.fromkeys(key[0] for _, _, key in found))[:limit]


def _all_names(about: Subject) -> tuple[str, ...]:
    return (about.title, *about.names)


@lru_cache(REMEMBERED)
def _split(text: str) -> tuple[str, ...]:
    return tuple(_WORDS.findall(text.casefold()))


class _Name(NamedTuple):
    """A name as it is looked at: folded, its words (capitals part them too), each behind a space, their initials."""

    whole: str
    parts: tuple[str, ...]
    begins: str
    initials: str


@lru_cache(REMEMBERED)
def _read(name: str) -> _Name:
    parts = tuple(part for hump in _HUMPS.split(name) for part in _split(hump)) or ("",)
    begins = _spaced((*parts, *_split(name)))
    return _Name(name.casefold(), parts, begins, "".join(part[0] for part in parts if part))


def _spaced(words: Iterable[str]) -> str:
    return "".join(f" {word}" for word in words)


@lru_cache(REMEMBERED)
def _begins(text: str) -> str:
    """The words of a text, each behind a space."""
    return _spaced(_split(text))


@lru_cache(REMEMBERED)
def _squashed(text: str) -> str:
    """Letters and digits alone: ``Load Checkpoint`` and ``load_checkpoint`` are one name."""
    return "".join(_split(text))


def _score(query: str, words: Sequence[str], about: Subject) -> float:
    if not words:
        return 0.0
    whole = _squashed(query)
    phrase = max((_phrase(whole, _squashed(name)) - (12 if at else 0) for at, name in enumerate(_all_names(about))))
    each = [_word(word, about) for word in words]
    return max(phrase, sum(each) / len(each) if all(each) else 0.0)


def _phrase(whole: str, name: str) -> float:
    """Return how well the whole query is one name: it is that, or begins it."""
    if len(whole) < 2 or not name.startswith(whole):
        return 0.0
    return 90.0 + 20.0 * len(whole) / len(name)


def _word(word: str, about: Subject) -> float:
    """Return how well one word fits; 0 where it does not."""
    named = max(_in_name(word, name) - (5 if at else 0) for at, name in enumerate(_all_names(about)))
    if named > 0:
        return named
    if _starts(word, about.group):
        return 25.0
    if len(word) > 2 and any(kind.casefold().startswith(word) for kind in about.kinds):
        return 20.0
    return 10.0 if (len(word) > 2 or not word.isascii()) and _starts(word, about.text) else 0.0


def _in_name(word: str, name: str) -> float:
    whole, parts, begins, initials = _read(name)
    if not word.isascii():  # Chinese does not part words: the larger the share that is typed, the better
        at = whole.find(word)
        return 0.0 if at < 0 else 60.0 + 40.0 * len(word) / len(whole) - min(at, 9)
    if whole.startswith(word):
        return 80.0 + 20.0 * len(word) / len(whole)
    if f" {word}" in begins:
        return 70.0 + 10.0 * len(word) / len(whole)
    if len(word) > 1 and initials.startswith(word):
        return 50.0
    likeness, at = max((_likeness(word, part), -at) for at, part in enumerate(parts))
    return 20.0 + 20.0 * likeness + 9.0 * len(word) / len(whole) + max(at, -4) if likeness else 0.0


def _likeness(word: str, part: str) -> float:
    """Return how like a word that may be mistyped, or not yet typed to its end, is to a word of a name."""
    if len(word) < MIN_TYPO_LETTERS or len(part) < MIN_TYPO_LETTERS:
        return 0.0
    similarity, ends = _similarity(), (part, part[: len(word)])
    return max(similarity(word, end, score_cutoff=MIN_TYPO_LIKENESS) for end in ends)


@cache
def _similarity() -> Callable[..., float]:
    from rapidfuzz.distance import OSA  # only where something is looked for: not a part of every start

    return OSA.normalized_similarity


def _starts(word: str, text: str) -> bool:
    """Return whether a word of a text begins so; for Chinese, which does not part words, whether the text holds it."""
    if not word.isascii():
        return word in text.casefold()
    return f" {word}" in _begins(text)


def matching(query: str, names: Iterable[str]) -> list[str]:
    """Return the names that hold every word of a query, those first that begin with it."""
    words = query.casefold().split()
    found = [name for name in names if all(word in name.casefold() for word in words)]
    return sorted(found, key=lambda name: not name.casefold().startswith(query.casefold().strip()))
