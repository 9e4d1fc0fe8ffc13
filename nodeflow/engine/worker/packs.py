"""Node packs: found by the entry-point group `nodeflow.nodes`, the built-in pack among them."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import msgspec

from nodeflow import __version__
from nodeflow.engine.worker.pack_markers import PackMarkers
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.node import spec_of
from nodeflow.views import ValueViews

GROUP = "nodeflow.nodes"


class Packs(msgspec.Struct):
    """Every node that can run: its spec and its function, and what kept a pack from loading, by the pack's name."""

    catalogue: Catalogue = msgspec.field(default_factory=Catalogue)
    functions: dict[str, Callable[..., Any]] = {}
    errors: dict[str, str] = {}
    forms: list[ValueViews] = []
    """In which forms the packs' own wire types can be seen."""
    heavy: list[str] = []
    """Modules that the packs' nodes import when they run, and that take long: they may be imported before."""
    starts: dict[str, Callable[[], None]] = {}
    """By the pack's name, what it does once in the process in which its nodes will run (its ``start_worker``)."""

    def add(self, module: ModuleType, version: str) -> None:
        """Take in a pack: the nodes of its module and of the rooms that it lists. Raises what they do."""
        self.catalogue.packs[module.__name__] = version
        self.heavy += getattr(module, "HEAVY", ())
        if hasattr(module, "start_worker"):
            self.starts[module.__name__] = module.start_worker
        for role, names in getattr(module, "ROLES", {}).items():
            self.catalogue.roles[role] = (*self.catalogue.types(role), *names)
        for part in (module, *_modules_in_rooms(module)):
            self.forms += [part.FORMS] if hasattr(part, "FORMS") else []
            for function in vars(part).values():
                spec = spec_of(function)
                if spec is not None:
                    self.catalogue.nodes[spec.type] = spec
                    self.functions[spec.type] = function

    def start(self) -> None:
        """Prepare this process, in which the nodes will run. What keeps a pack from it is told in `errors`."""
        for name, start in self.starts.items():
            try:
                start()
            except Exception as error:
                self.errors[name] = f"the node pack {name!r} does not start: {error}"


def _modules_in_rooms(pack: ModuleType) -> Iterator[ModuleType]:
    """The modules right in the rooms of a pack (its ``ROOMS``: packages, or modules), so that a node is one file."""
    for name in getattr(pack, "ROOMS", ()):
        room = importlib.import_module(f"{pack.__name__}.{name}")
        yield room
        for found in pkgutil.iter_modules(getattr(room, "__path__", ()), f"{room.__name__}."):
            if not found.ispkg:
                yield importlib.import_module(found.name)


def load_packs(markers: PackMarkers | None = None) -> Packs:
    """All packs that are installed. One that does not load is reported in `errors` and leaves the others whole.

    That holds for one that ends the process too: the next process leaves it out.
    """
    packs, markers = Packs(), markers or PackMarkers()
    for entry in importlib.metadata.entry_points(group=GROUP):
        own = entry.value == "nodes"
        if not own and markers.ended_processes(entry):
            reason = "importing it ended the engine; it is left out until it changes"
            packs.errors[entry.name] = f"the node pack {entry.name!r} does not load: {reason}"
            continue
        if not own:
            markers.begin(entry)
        try:
            packs.add(entry.load(), version_of(entry))
        except BaseException as error:  # a pack is other people's code: whatever it raises costs that pack alone
            words = str(error) if isinstance(error, Exception) else f"it ends the program ({type(error).__name__})"
            packs.errors[entry.name] = f"the node pack {entry.name!r} does not load: {words}"
        markers.end()
    return packs


def version_of(entry: importlib.metadata.EntryPoint) -> str:
    """The version of the pack's distribution; that of the built-in pack is the program's, however it is installed."""
    if entry.value == "nodes":
        return __version__
    return entry.dist.version if entry.dist else "0"


def others() -> bool:
    """Return whether packs are installed beside the built-in one."""
    return any(entry.value != "nodes" for entry in importlib.metadata.entry_points(group=GROUP))
