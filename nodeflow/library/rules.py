"""Rules by which model files are recognised: plain data that packs declare, read without importing a pack.

A pack declares each family of models in a file ``<family>.family.toml`` anywhere in its folder, its nodes that load
models in ``takers.toml``, the parts that lie together in one file in ``parts.toml``, and the formats of quantised
weights that it reads in ``formats.toml``.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

import msgspec

from nodeflow.pack_entries import one_line, pack_entries

INSIDE = "text_encoders."
"""Where whole models of ComfyUI have their text encoders."""
VAE, TEXTS = "VAE", "texts"
"""Parts of a whole model that a node may read alone, beside its network."""


class FileRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hold what a file of one kind has: names of tensors, after a prefix that the whole file may carry.

    ``has``: all of these names; ``any``: one of them at least; ``lacks``: none. A ``*`` stands before the end or after
    the beginning of a name. ``shapes``: of tensors by name, -1 for any length; ``least``: at least so many along an
    axis. ``metadata``: values in the header, all of them.
    ``nodes``: types of the nodes that take it, ``param`` where it is not their parameter ``model``; ``whole``: those
    that take a file with the parts ``needs`` besides. ``reason``: why none does.
    ``what`` names it in a sentence where its kind and family do not; ``prefer`` decides between rules that all fit.
    """

    kind: str
    family: str = ""
    has: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    shapes: dict[str, tuple[int, ...]] = {}
    metadata: dict[str, str] = {}
    what: str = ""
    nodes: tuple[str, ...] = ()
    param: str = ""
    whole: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reason: str = ""
    prefer: int = 0

    @property
    def marks(self) -> int:
        """Return how much it asks of a file: of two rules that fit, the one that asks for more says more; a size or a
        word of the metadata more than any number of names."""
        return len(self.has) + bool(self.any) + 100 * (len(self.shapes) + len(self.metadata))

    @property
    def anchors(self) -> tuple[str, ...]:
        """Whole names of which a file must have one; empty where no whole name decides."""
        whole = [name for name in (*self.shapes, *self.has) if "*" not in name]
        if whole:
            return (whole[0],)
        return self.any if not any("*" in name for name in self.any) else ()


class AdapterRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For which family a LoRA was made: parts of its layers' names (dots written as ``_``), and sizes of its factors.

    ``columns`` and ``rows``: of the first factor that takes, or the last that gives, of a layer whose name has a part.
    """

    has: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    columns: dict[str, tuple[int, ...]] = {}
    rows: dict[str, tuple[int, ...]] = {}
    base: tuple[str, ...] = ()
    """What the trainer's metadata may say, where names and sizes do not tell."""
    family: str = ""
    nodes: tuple[str, ...] = ()
    reason: str = ""
    """Why no node applies it."""
    prefer: int = 0


class Depths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many blocks networks of some widths have, which nothing in their files says.

    ``shapes``, ``lacks``: by which they are told, after any prefix, as a `Rule` has them. ``blocks`` begin the names of
    their numbered blocks, of one kind or several; ``known`` are the depths that models have, each with a number for
    every kind: those of the first models, and those that others made of them by leaving blocks out.
    """

    shapes: dict[str, tuple[int, ...]]
    blocks: tuple[str, ...]
    known: tuple[tuple[int, ...], ...]
    lacks: tuple[str, ...] = ()


class FolderRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder, by the class that its model_index.json or config.json names: beginnings or whole names.

    ``says``: what the same file has to say besides, where the class does not tell: numbers, and the classes of parts.
    ``without``: what a model of this class has not, of what nodes read.
    """

    classes: tuple[str, ...]
    says: dict[str, str | int] = {}
    kind: str = "pipeline"
    family: str = ""
    what: str = ""
    nodes: tuple[str, ...] = ()
    exact: bool = False
    without: tuple[str, ...] = ()


class TextEncoderRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text encoder that a family reads texts by: its name, and the families that rules tell its files as.

    ``needed``: whether the family needs it; ``filed``: the kind that rules tell its files as.
    """

    name: str
    told: tuple[str, ...]
    needed: bool = True
    filed: str = "text encoder"


NETWORKS = "transformer", "checkpoint", "pipeline"
"""Kinds of what holds a family's network, alone or with all parts."""


class WorkflowRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ready-made workflow for models of a family: its ``file`` in workflows/models, its title, and what it ``shows``,
    for which the start page has a sentence.

    It needs a network of one of ``families`` (the own one where none is named) that is of one of ``kinds``, and
    ``besides`` a model of each of these kinds and families.
    """

    file: str
    title: str
    shows: str = "text"
    families: tuple[str, ...] = ()
    kinds: tuple[str, ...] = NETWORKS
    besides: tuple[tuple[str, str], ...] = ()

    def runs(self, family: str, told: Collection[tuple[str, str]]) -> bool:
        """Return whether all that it needs is among models by kind and family."""
        networks = ((kind, one) for one in self.families or (family,) for kind in self.kinds)
        return any(one in told for one in networks) and all(one in told for one in self.besides)


class FamilyRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A family of models: how its files, its adapters and its folders are recognised, and which node takes each.

    ``also``: other names by which the rules tell its files, those of families among them whose files are its own too.
    ``texts``: what it reads texts by, which every family has that loaders load; ``vaes``: the families that rules tell
    the files of VAEs as which make its latents; ``latents``: the family in whose space it works, where that is another.
    ``formerly``: names that older workflows have for it; ``called``: what names of its files have in them, in small
    letters.
    """

    name: str
    texts: tuple[TextEncoderRule, ...] = ()
    vaes: tuple[str, ...] = ()
    latents: str = ""
    also: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    files: tuple[FileRule, ...] = ()
    adapters: tuple[AdapterRule, ...] = ()
    folders: tuple[FolderRule, ...] = ()
    depths: tuple[Depths, ...] = ()
    workflows: tuple[WorkflowRule, ...] = ()

    @property
    def space(self) -> str:
        """The family in whose space its latents are."""
        return self.latents or self.name

    def is_told(self, family: str) -> bool:
        """Return whether the rules mean it by this name."""
        return family in (self.name, *self.also)


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder that a node reads in the folder of a model.

    ``at``: its names, the first of which that is there is read; ``.`` is the model's own folder. ``classes``: those of
    its network that the node makes, by what diffusers' configuration or the model's index says, ``types`` by what
    transformers' says; empty for any.
    ``optional``: whether the model may be without it. ``named``: whether it is read only where the model's index names
    it. ``unless``: a part beside which it may be missing. ``needs``: a part without which it is not read.
    """

    at: tuple[str, ...]
    classes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    optional: bool = False
    named: bool = False
    unless: str = ""
    needs: str = ""


class Taker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node that loads models: its title, what it loads in words, whether one file will do, and one in GGUF.

    ``part`` is the parameter at which it takes a network's file, where that is not ``model``, ``tokenizer`` the one at
    which it takes a tokenizer's folder, ``family`` the one at which a person may say of which family it is, and
    ``goes_with`` the one that says with which family what it reads goes. ``like``:
    nodes that take the same as it does at other parameters, by these. ``reads``: which part of a whole model it reads,
    ``network``, ``VAE`` or ``texts``; empty for one that reads it all. ``kinds``: the kinds and families that it takes,
    where the rules of files do not name it. ``folder``: what it reads of a model's folder, in this order; empty for
    what the index names. ``left_out``: parts that it does not read where a parameter is off, by these.
    ``packed``: whether it reads folders that bitsandbytes quantised. ``sure``: whether it loads no file but
    what the rules tell; one with a ``family`` does so until a person chooses that. ``only_files``: whether it
    takes no folder. ``sees``: what sees for it, at its parameter ``image_encoder``, where its model brings none;
    ``says``: the parameter that says what a file is, which tells nothing of it.
    """

    title: str
    takes: str
    file: bool = False
    gguf: bool = False
    part: str = ""
    tokenizer: str = ""
    family: str = ""
    goes_with: str = ""
    like: dict[str, str] = {}
    reads: str = ""
    kinds: tuple[tuple[str, str], ...] = ()
    folder: tuple[Place, ...] = ()
    left_out: dict[str, tuple[str, ...]] = {}
    packed: bool = False
    sure: bool = False
    only_files: bool = False
    sees: str = ""
    says: str = ""


class Takers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The nodes of a pack that load models by type, and those that take a part out of a pipeline's folder; ``parts``:
    the folders in it of what a node ``reads``."""

    nodes: dict[str, Taker] = {}
    places: dict[str, tuple[str, ...]] = {}
    parts: dict[str, tuple[str, ...]] = {}


class Formats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The formats of quantised weights that a pack reads, by the names that files have for them."""

    read: tuple[str, ...] = ()


class RuleBook(msgspec.Struct, frozen=True, dict=True):
    """All rules of all packs. ``version`` changes with any of them, so that what was recognised is looked at again."""

    families: tuple[FamilyRules, ...] = ()
    files: tuple[FileRule, ...] = ()
    """The rules of all families for files, each with its family."""
    takers: dict[str, Taker] = {}
    places: dict[str, tuple[str, ...]] = {}
    parts: dict[str, tuple[str, ...]] = {}
    """Beginnings of names that each part of a model has in a file that holds several."""
    folders: dict[str, tuple[str, ...]] = {}
    """Folders of a model, or patterns of their names, in which what a node ``reads`` of it lies."""
    formats: frozenset[str] = frozenset()
    """Formats of quantised weights that are read, by the names that files have for them."""
    version: str = ""
    troubles: tuple[str, ...] = ()
    """What keeps files of rules from being read, in sentences."""

    @cached_property
    def depths(self) -> tuple[Depths, ...]:
        """The depths that networks of all families have."""
        return tuple(one for family in self.families for one in family.depths)

    @cached_property
    def anchored(self) -> dict[str, list[int]]:
        """The numbers of the rules that each whole name calls for; those under "" are always asked."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(self.files):
            for name in rule.anchors or ("",):
                found[name].append(number)
        return dict(found)

    @cached_property
    def wrappers(self) -> tuple[str, ...]:
        """What may stand before all names of a text encoder that was taken out of a file with a whole model, or that
        ComfyUI saved by itself; the longest first."""
        inside = {one for part, beginnings in self.parts.items() if part != VAE for one in beginnings}
        bare = {one.removeprefix(INSIDE) for one in inside if one.startswith(INSIDE)}
        known = {"text_encoder.", *inside, *bare}
        return tuple(sorted({*known, *(f"{one}transformer." for one in known)}, key=lambda one: (-len(one), one)))

    @cached_property
    def models(self) -> dict[str, FamilyRules]:
        """The families that loaders load, by name, in the order of their names."""
        return {known.name: known for known in sorted(self.families, key=lambda one: one.name) if known.texts}

    def told_as(self, family: str) -> FamilyRules | None:
        """The family that rules of files mean by a name; None where no loader loads it."""
        return next((known for known in self.models.values() if known.is_told(family)), None)

    def called(self, family: str) -> FamilyRules | None:
        """The rules of a family by its name, or by one that older workflows have."""
        return next((known for known in self.families if family in (known.name, *known.formerly)), None)

    def title(self, node: str) -> str:
        """The title of a node; its type where no pack that is installed has it."""
        return self.takers[node].title if node in self.takers else node


@cache
def rule_book() -> RuleBook:
    """The rules of the packs that are installed."""
    return read_rules(*pack_folders())


def pack_folders() -> list[Path]:
    """Return where the packs lie, found without importing them."""
    names = dict.fromkeys(re.split(r"[.:\s\[]", entry.value)[0] for entry in pack_entries().found)
    return [place for name in names for place in _places(name)]


def _places(name: str) -> list[Path]:
    """Return where a package lies; nowhere for one that cannot be found."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return []
    return [Path(place) for place in (spec.submodule_search_locations if spec else None) or ()]


def read_rules(*folders: Path) -> RuleBook:
    """The rules below folders; a file that declares none is left out, and told in ``troubles``."""
    troubles: list[str] = []
    families: list[FamilyRules] = []
    takers: dict[str, Taker] = {}
    places: dict[str, tuple[str, ...]] = {}
    parts: dict[str, tuple[str, ...]] = {}
    read: dict[str, tuple[str, ...]] = {}
    formats: set[str] = set()
    seen = hashlib.sha256()
    for path in sorted(found for folder in folders for found in folder.rglob("*.toml")):
        try:
            data = path.read_bytes()
            seen.update(data)
            if path.name.endswith(".family.toml"):
                families.append(msgspec.toml.decode(data, type=FamilyRules))
            elif path.name == "takers.toml":
                found = msgspec.toml.decode(data, type=Takers)
                takers |= found.nodes
                places |= found.places
                read |= found.parts
            elif path.name == "parts.toml":
                parts |= msgspec.toml.decode(data, type=dict[str, tuple[str, ...]])
            elif path.name == "formats.toml":
                formats.update(msgspec.toml.decode(data, type=Formats).read)
        except (OSError, ValueError, RecursionError) as error:
            troubles.append(f"{path} declares no rules for models ({one_line(error)}); its pack is to be mended")
    files = tuple(_of_family(rule, family) for family in families for rule in family.files)
    version = seen.hexdigest()[:16]
    return RuleBook(tuple(families), files, takers, places, parts, read, frozenset(formats), version, tuple(troubles))


def _of_family(rule: FileRule, family: FamilyRules) -> FileRule:
    return rule if rule.family else msgspec.structs.replace(rule, family=family.name)
