"""Whether what a loader is given goes together: a model, text encoders and a VAE in files of their own, and the family
that a person says, or leaves to them. Judged by the rules that a run judges by."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from nodeflow.library.beside import HALVES, SIGHT, halved, nameless, unseeing
from nodeflow.library.family_parts import (
    AUTO,
    WHOLE,
    Part,
    PartError,
    assigned,
    encoders_in_library,
    family_of,
    family_reading,
    lacks_encoder,
    latents_told,
    not_given,
    one_tokenizer,
    other_latents,
    other_vae,
    vae_in_library,
)
from nodeflow.library.folder_json import named
from nodeflow.library.named import PartsOf, files_of
from nodeflow.library.recognise import recognise
from nodeflow.library.rules import TEXTS, VAE, FamilyRules, Taker, rule_book

Said = Iterator[tuple[str, str]]
"""Parameters, and what is wrong with what each says."""


class Loader(NamedTuple):
    """A node that loads models, and what it is told: what it reads, by the parameters that name it; the family, where
    that can be said; a tokenizer; and what a file is, where a `Taker` asks for that. ``untold`` are parameters of which
    only a run knows what they say; ``first`` is the one of its model."""

    taker: Taker
    first: str
    files: Mapping[str, Path]
    family: str = ""
    tokenizer: str = ""
    said: str = ""
    untold: Collection[str] = ()

    def names(self, part: str) -> dict[str, Part]:
        """What it is given to read a part of models of, by the parameters. Raises OSError."""
        return {name: _part(path) for name, path in self.files.items() if self._reads(name) == part}

    def is_told(self, part: str) -> bool:
        """Return whether it is known what it is given to read a part of."""
        return not any(self._reads(name) == part for name in self.untold)

    def _reads(self, param: str) -> str:
        like = self.taker.like.get(param)
        return rule_book().takers[like].reads if like is not None else self.taker.reads


def wrong_parts(loader: Loader, parts: PartsOf = files_of) -> Said:
    """The parameters of a loader that do not go together, and why. Nothing is said of what cannot be read. ``parts``:
    what the library has of a kind."""
    taker = loader.taker
    try:
        yield from _alone(loader)
        if not loader.family:
            return
        if taker.goes_with and taker.reads == TEXTS:
            yield from _texts(loader)
        elif taker.goes_with and taker.reads == VAE:
            yield from _latents(loader)
        elif taker.family and loader.first in loader.files:
            yield from _model(loader, loader.files[loader.first], parts)
    except OSError:
        return


def _part(path: Path) -> Part:
    return Part(named(path), recognise(path))


def _alone(loader: Loader) -> Said:
    """A model that tells too little by itself."""
    path = loader.files.get(loader.first)
    if path is None:
        return
    if SIGHT not in (*loader.files, *loader.untold) and (why := unseeing(path, loader.taker)):
        yield SIGHT, why
    says = loader.taker.says
    if says and says not in loader.untold and path.is_file() and (why := nameless(path, loader.said, says)):
        yield says, why


def _texts(loader: Loader) -> Said:
    """What a loader of text encoders is given."""
    given = loader.names(TEXTS)
    if not given or not loader.is_told(TEXTS):
        return
    files = list(given.values())
    whole = len(files) == 1 and files[0].found.kind in WHOLE
    try:
        family = family_of(files[0], loader.family) if whole else _reading(files, loader.family)
    except PartError as error:
        yield loader.taker.goes_with, str(error)
        return
    if whole:
        if not next(iter(loader.files.values())).is_dir():  # which says itself what it lacks
            yield from _complete(loader, family, _inside(family, files[0]))
    elif misfit := _misfit(family, given):
        yield misfit
    else:
        yield from _complete(loader, family, assigned(family, files))


def _reading(files: list[Part], family: str) -> FamilyRules:
    found = rule_book().called(family) if family != AUTO else family_reading(files)
    if found is None:
        raise PartError(f"{family}: there is no such family; choose one of {', '.join(rule_book().models)}")
    return found


def _misfit(family: FamilyRules, given: Mapping[str, Part]) -> tuple[str, str] | None:
    """The first of these files that is no text encoder of a family, and why."""
    files: list[Part] = []
    for name, one in given.items():
        files.append(one)
        try:
            assigned(family, files)
        except PartError as error:
            return name, str(error)
    return None


def _inside(family: FamilyRules, one: Part) -> list[int]:
    """The numbers of the text encoders that a file with a whole model has."""
    if one.found.kind not in WHOLE:
        return []
    return [number for number, text in enumerate(family.texts) if text.name not in one.found.missing]


def _complete(loader: Loader, family: FamilyRules, encoders: Collection[int]) -> Said:
    if why := not_given(family, list(encoders)):
        yield loader.first, why
    elif why := one_tokenizer(loader.tokenizer, len(encoders)):
        yield loader.taker.tokenizer, why


def _latents(loader: Loader) -> Said:
    """What a loader of a VAE is given: a file, since a folder says itself whose latents it makes."""
    path = loader.files.get(loader.first)
    if path is None or not path.is_file():
        return
    one = _part(path)
    if one.found.kind == "small vae":
        halves = [half for half in HALVES if half not in one.found.missing]
        if len(halves) == 1 and (why := halved(path, halves[0])):
            yield loader.first, why
        return
    try:
        family = latents_told(one) if loader.family == AUTO else rule_book().called(loader.family)
    except PartError as error:
        yield loader.taker.goes_with, str(error)
        return
    if family is not None and (why := other_latents(one, family)):
        yield loader.first, why


def _model(loader: Loader, path: Path, parts: PartsOf) -> Said:
    """What a loader of whole models, or of networks, is given: the model, and what is named beside it."""
    one = _part(path)
    try:
        family = family_of(one, loader.family)
    except PartError as error:
        yield loader.taker.family, str(error)
        return
    if loader.taker.reads:
        return
    texts, vaes = loader.names(TEXTS), loader.names(VAE)
    if misfit := _misfit(family, texts):
        yield misfit
    elif path.is_file() and loader.is_told(TEXTS):
        yield from _completed(loader, family, parts, {*_inside(family, one), *assigned(family, list(texts.values()))})
    for name, vae in vaes.items():
        if loader.files[name].is_file() and (why := other_vae(vae, family)):
            yield name, why
    if path.is_file() and not vaes and loader.is_told(VAE) and family.vaes and VAE in one.found.missing:
        try:
            vae_in_library(one.shown, family, parts)
        except PartError as error:
            yield loader.first, str(error)


def _completed(loader: Loader, family: FamilyRules, parts: PartsOf, encoders: Collection[int]) -> Said:
    """The text encoders of a file, with those that the library has."""
    found = set(encoders)
    for number, text in enumerate(family.texts):
        if number in found:
            continue
        if encoders_in_library(text, parts):
            found.add(number)
        elif why := lacks_encoder(family, text):
            yield loader.first, why
            return
    yield from _complete(loader, family, found)
