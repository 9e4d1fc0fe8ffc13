"""The families that there are: every folder of families that declares one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork
from nodes.loaders.models.family import Family

AUTO = "auto"
FOLDER = Path(__file__).parents[1] / "families"
PACKAGE = f"{__name__.rpartition('.')[0].rpartition('.')[0]}.families"


@cache
def families() -> Mapping[str, Family]:
    """All families by name, in the order of their names."""
    places = sorted(path.parent.name for path in FOLDER.glob("*/family.py"))
    found = [import_module(f"{PACKAGE}.{place}.family").FAMILY for place in places]
    return {family.name: family for family in sorted(found, key=lambda one: one.name)}


def family_names() -> tuple[str, ...]:
    """The choices of a parameter: to tell the family from what is given, or one of them."""
    return (AUTO, *families())


def family_called(name: str) -> Family:
    """Raises NodeError for a name that none has."""
    if name not in families():
        raise NodeError(f"{name}: there is no such family; choose one of {', '.join(families())}")
    return families()[name]


def told_as(name: str) -> Family | None:
    """The family that the rules mean by a name; None where none here loads it."""
    return next((family for family in families().values() if family.is_told(name)), None)


def family_of_network(network: DiffusionNetwork) -> Family | None:
    """The family that a network was loaded as; None for one of another kind, such as a U-Net on pixels."""
    return families().get(network.family)
