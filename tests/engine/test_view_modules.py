"""Views of nodeflow's own wire types: found by the file, and in which order they are offered."""

from __future__ import annotations

from nodeflow.engine.inspect import word_attention_views
from nodeflow.engine.inspect.view_modules import built_in_views


def test_a_file_of_views_is_found_by_itself() -> None:
    assert word_attention_views.FORMS in built_in_views()


def test_a_view_that_a_person_waits_for_is_not_the_first_that_is_offered() -> None:
    offered = [view for forms in built_in_views() for view in forms.get("Embedding", ())]
    assert [(view.name, view.costly) for view in offered] == [("likeness", False), ("nearest", True)]
