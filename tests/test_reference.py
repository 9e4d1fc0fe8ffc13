"""The reference pages say what the source says."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from docs import reference


@pytest.mark.parametrize("name", ["settings", "command-line"])
def test_a_page_is_what_the_source_gives(name: str) -> None:
    written = (reference.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert reference.PAGES[name]() == written, "python -m docs.reference writes it anew"


def test_the_page_of_actions_is_what_a_window_has(qtbot: QtBot, own_folders: None) -> None:
    written = (reference.FOLDER / "actions.md").read_text(encoding="utf-8")
    assert reference.actions() == written, "python -m docs.reference writes it anew"


@pytest.mark.release
def test_the_page_of_nodes_is_what_the_pack_has() -> None:
    written = (reference.FOLDER / "nodes.md").read_text(encoding="utf-8")
    assert reference.nodes() == written, "python -m docs.reference writes it anew"
