"""Whether parts of a model, in files of their own, are those that a family is made of; and which family they are of,
where nobody says it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from nodeflow.library.named import PartsOf, files_of
from nodeflow.library.recognised import Recognised
from nodeflow.library.rules import FamilyRules, TextEncoderRule, rule_book

WHOLE = "checkpoint", "pipeline"
"""Kinds of what holds all parts of a model."""
AUTO = "auto"
"""What leaves it to the files of which family they are."""


class PartError(Exception):
    """Files that make no part of a family; its text is a sentence that says why."""


class Part(NamedTuple):
    """A file or folder: how it is shown, and what it was told as."""

    shown: str
    found: Recognised


def family_of(one: Part, chosen: str) -> FamilyRules:
    """The family of a model, where a person says which, or leaves it to the model. Raises PartError where these are
    two, and where nobody knows one."""
    book = rule_book()
    told = book.told_as(one.found.family)
    if chosen == AUTO:
        if told is None:
            raise PartError(f"{one.shown} is of no family that is known here; choose the family, or another model")
        return told
    found = book.called(chosen)
    if found is None:
        raise PartError(f"{chosen}: there is no such family; choose one of {', '.join(book.models)}")
    if told is not None and not found.is_told(one.found.family):
        raise PartError(f"{one.shown} holds {one.found.what}, and family says {chosen}; set it to auto")
    return found


def assigned(family: FamilyRules, given: Sequence[Part]) -> list[int]:
    """Which of a family's text encoders each file is, by number. Raises PartError for one that is none of them."""
    free = list(range(len(family.texts)))
    found: list[int] = []
    for file in given:
        fitting = [number for number in free if file.found.family in family.texts[number].told]
        if not fitting:
            raise PartError(_misread(family, file))
        found.append(min(fitting, key=lambda number: family.texts[number].told.index(file.found.family)))
        free.remove(found[-1])
    return found


def _misread(family: FamilyRules, file: Part) -> str:
    once = ", each once" if any(_is(file, one) for one in family.texts) else ""
    what = file.found.what or "no text encoder"
    return f"{file.shown} holds {what}, and {family.name} reads texts by {_listed(family)}{once}"


def family_reading(given: Sequence[Part]) -> FamilyRules:
    """The one family that reads texts by these; one that has nothing besides before others. Raises PartError."""
    families = rule_book().models.values()
    fitting = [family for family in families if _fits(family, given)]
    exact = [family for family in fitting if len(family.texts) == len(given)]
    chosen = exact or fitting
    if len(chosen) == 1:
        return chosen[0]
    kinds = " and ".join(file.found.family or file.found.what or file.shown for file in given)
    if not chosen:
        raise PartError(f"no family that is known here reads texts by {kinds} alone; {_suggestion(given)}")
    listed = ", ".join(family.name for family in chosen)
    raise PartError(f"several families read texts by {kinds}: {listed}; set family to the one that is meant")


def _fits(family: FamilyRules, given: Sequence[Part]) -> bool:
    try:
        found = assigned(family, given)
    except PartError:
        return False
    return all(number in found for number, one in enumerate(family.texts) if one.needed)


def _suggestion(given: Sequence[Part]) -> str:
    """The families that these are a part of."""
    wanted = [
        f"{family.name} by {_listed(family)}"
        for family in rule_book().models.values()
        if all(any(_is(file, one) for one in family.texts) for file in given)
    ]
    return f"name all of them: {'; '.join(wanted)}" if wanted else "give the text encoder of another file"


def _is(file: Part, one: TextEncoderRule) -> bool:
    return file.found.family in one.told


def _listed(family: FamilyRules) -> str:
    return " and ".join(one.name for one in family.texts)


def not_given(family: FamilyRules, given: Sequence[int]) -> str:
    """Say which of a family's text encoders are missing beside those of these numbers; empty where none is."""
    missing = [one.name for number, one in enumerate(family.texts) if one.needed and number not in given]
    if not missing:
        return ""
    return f"{family.name} reads texts by {_listed(family)}, and {' and '.join(missing)} is not given"


def one_tokenizer(tokenizer: str, encoders: int) -> str:
    """Say that one tokenizer is not for several text encoders; empty where there is one alone, or none is named."""
    if not tokenizer or encoders < 2:
        return ""
    return "tokenizer is for one text encoder alone; put each tokenizer's folder beside its file instead"


def latents_told(one: Part) -> FamilyRules:
    """Whose latents a VAE's file makes, as its names and shapes tell: those of a whole model's family, or of the one
    space that fits. Raises PartError where several do, or none."""
    book = rule_book()
    whole = book.told_as(one.found.family)
    if whole is not None and one.found.kind in WHOLE:
        return whole
    fitting = [family for family in book.models.values() if one.found.family in family.vaes]
    if len({family.space for family in fitting}) == 1:
        return fitting[0]
    listed = " or ".join(family.name for family in fitting) or "one of those listed there"
    raise PartError(
        f"{one.shown} does not say whose latents it makes; set made_for to the model it goes with: {listed}"
    )


def other_latents(one: Part, family: FamilyRules) -> str:
    """Say that a VAE's file makes no latents of the family that it is said to be made for; empty where it may."""
    if one.found.kind != "vae" or not family.vaes or one.found.family in family.vaes:
        return ""
    what = f"{one.shown} holds {one.found.what}, which makes no latents of {family.name}"
    return f"{what}; set made_for to the model it goes with"


def other_vae(one: Part, family: FamilyRules) -> str:
    """Say that a file does not hold the VAE of a family, beside whose network it is named; empty where it may."""
    found = one.found
    inside = found.kind in WHOLE and family.is_told(found.family)
    if not family.vaes:
        return f"{family.name} takes no VAE; leave vae empty"
    if found.known and not inside and not (found.kind == "vae" and found.family in family.vaes):
        return f"{one.shown} holds {found.what}, and {family.name} needs another VAE"
    return ""


def encoders_in_library(one: TextEncoderRule, parts: PartsOf = files_of) -> Sequence[tuple[str, Path]]:
    """The files of a text encoder in the person's library, by name; the truest kind of them."""
    return parts(one.filed, one.told[:1]) or parts(one.filed, one.told)


def lacks_encoder(family: FamilyRules, one: TextEncoderRule) -> str:
    """Say that a text encoder is nowhere; empty for one that may be left out."""
    if not one.needed:
        return ""
    return (
        f"{family.name} reads texts by {one.name}, which is neither in the file nor in your model library; name its "
        "file at text_encoder"
    )


def vae_in_library(model: str, family: FamilyRules, parts: PartsOf = files_of) -> tuple[str, Path]:
    """The file of a family's VAE in the person's library, by name. Raises PartError where none is, or several are."""
    files = parts("vae", family.vaes)
    if not files:
        raise PartError(
            f"{model} holds no VAE, and your model library has none for {family.name}; name its file at vae"
        )
    if len(files) > 1:
        listed = ", ".join(name for name, _ in files[:4])
        raise PartError(
            f"several files of your model library may be the VAE of {family.name}: {listed}; name one at vae"
        )
    return files[0]
