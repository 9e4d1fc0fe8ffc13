"""Ready-made workflows for models that a person has: which of them can run is told by the library of models."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from nodeflow.app.i18n.pack_translations import told as in_words
from nodeflow.app.i18n.texts import tr
from nodeflow.app.start_page.bundled_workflows import BundledWorkflow, Shelf
from nodeflow.library.library import Library
from nodeflow.library.rules import rule_book

Told = tuple[str, str]
"""A kind of model and its family, as the rules of the packs tell them."""


def in_library() -> frozenset[Told]:
    """The kinds and families of all models that the library knows; it reads the index and looks at no disk."""
    library = Library()
    try:
        return frozenset((entry.found.kind, entry.found.family) for entry in library.entries)
    finally:
        library.close()


def your_models(told: Collection[Told]) -> Shelf | None:
    """The shelf of those workflows whose models are there, family by family; None where there are none."""
    about = _sentences()
    there = tuple(
        BundledWorkflow(f"models/{one.file}", in_words(one.title), about.get(one.shows, ""))
        for family in rule_book().families
        for one in family.workflows
        if one.runs(family.name, told)
    )
    return Shelf(tr("Your models"), there) if there else None


def _sentences() -> Mapping[str, str]:
    """What a workflow shows, by the word that its family has for it, in the language of the interface."""
    return {
        "text": tr("A text becomes an image."),
        "edit": tr("An image is changed as a text says."),
        "image": tr("An image says beside a text what to paint."),
        "edges": tr("Edges of an image say where things are, a text what they are."),
        "border": tr("An image grows beyond its border."),
        "variations": tr("An image in the place of a text: variations of it."),
        "layers": tr("An image is taken apart into layers."),
        "adapter": tr("A LoRA changes how a model paints a text."),
    }
