"""The models that ship with nodeflow, as entries beside those of the person's folders."""

from __future__ import annotations

from functools import cache

from nodeflow.library.entries import LibraryEntry
from nodeflow.library.recognise import recognise
from nodeflow.library.rules import rule_book
from nodeflow.resources import STARTER, folder, starter_models


@cache
def starter_entries() -> tuple[LibraryEntry, ...]:
    """Return one entry for each, named as a workflow names it: ``starter:clip``."""
    rules = rule_book()
    models = folder("assets") / "models"
    return tuple(
        LibraryEntry(
            str(models / name), STARTER, STARTER + name, "", recognise(models / name, rules), rules=rules.version
        )
        for name in starter_models()
    )
