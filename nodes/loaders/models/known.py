"""The families that there are: every folder of families that declares one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

from nodeflow.library.family_parts import AUTO, PartError
from nodeflow.library.rules import FamilyRules, rule_book
from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork
from nodes.loaders.models.family import Family

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


def rules_of(family: Family) -> FamilyRules:
    """What its folder says of it as data, by which models are judged before a run too."""
    found = rule_book().called(family.name)
    assert found is not None, family.name
    return found


@contextmanager
def judged() -> Iterator[None]:
    """Raise as a node's error what rules say of parts."""
    try:
        yield
    except PartError as error:
        raise NodeError(str(error)) from None


def told_as(name: str) -> Family | None:
    """The family that the rules mean by a name; None where none here loads it."""
    found = rule_book().told_as(name)
    return families()[found.name] if found is not None else None


def families_of(kind: str) -> tuple[Family, ...]:
    """The families whose networks are of a class of their library."""
    return tuple(family for family in families().values() if family.network.architecture.kind == kind)


def family_of_network(network: DiffusionNetwork) -> Family | None:
    """The family that a network was loaded as; None for one of another kind, such as a U-Net on pixels."""
    return families().get(network.family)
