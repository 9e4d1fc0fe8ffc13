"""Other names under which people look for nodes, actions and workflows: those of other programs and of the field.

They are data, in ``assets/search_aliases.json``.
"""

from __future__ import annotations

import functools

import msgspec

from nodeflow import resources


class SearchAliases(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names by the type of a node, the id of an action, the name of a ready-made workflow's file."""

    nodes: dict[str, tuple[str, ...]] = {}
    actions: dict[str, tuple[str, ...]] = {}
    workflows: dict[str, tuple[str, ...]] = {}


@functools.cache
def search_aliases() -> SearchAliases:
    """Return those that ship; none where the file is missing."""
    path = resources.folder("assets") / "search_aliases.json"
    return msgspec.json.decode(path.read_bytes(), type=SearchAliases) if path.is_file() else SearchAliases()
