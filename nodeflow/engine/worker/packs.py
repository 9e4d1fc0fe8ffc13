"""Node packs: found by the entry-point group `nodeflow.nodes`, the built-in pack among them."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import os
import pkgutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from nodeflow import __version__
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.pack_markers import PackMarkers
from nodeflow.graph.io.files import loads
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import WorkflowError
from nodeflow.library.rules import rule_book
from nodeflow.node import spec_of
from nodeflow.pack_entries import one_line, pack_entries
from nodeflow.views import ValueViews

Begins = Callable[[str], None]


class Packs(msgspec.Struct):
    """Every node that can run: its spec and its function, and what kept a pack from loading, by the pack's name."""

    catalogue: Catalogue = msgspec.field(default_factory=Catalogue)
    functions: dict[str, Callable[..., Any]] = {}
    errors: dict[str, str] = {}
    forms: list[ValueViews] = []
    """In which forms the packs' own wire types can be seen."""
    heavy: dict[str, tuple[str, ...]] = {}
    """Modules that nodes import when they run, and that take long, by the nodes' types: they may be imported before."""
    starts: dict[str, Callable[[], None]] = {}
    """By the pack's name, what it does once in the process in which its nodes will run (its ``start_worker``)."""

    def add(self, module: ModuleType, version: str) -> None:
        """Take in a pack whole, or nothing of it: the nodes of its module and of the rooms that it lists. Raises what
        they do, and TypeError or ValueError for a pack that declares what it cannot."""
        found = _pack(module, version)
        taken = next((name for name in found.functions if name in self.functions), None)
        if taken is not None:
            raise ValueError(f"its node {taken} has the name of another pack's")
        for role, names in found.catalogue.roles.items():
            self.catalogue.roles[role] = (*self.catalogue.types(role), *names)
        self.catalogue.packs |= found.catalogue.packs
        self.catalogue.nodes |= found.catalogue.nodes
        self.functions |= found.functions
        self.forms += found.forms
        self.heavy |= found.heavy
        self.starts |= found.starts

    def start(self, begins: Begins = lambda pack: None) -> None:
        """Prepare this process, in which the nodes will run. What keeps a pack from it is told in `errors`; ``begins``
        is called with the name of each pack before, and with an empty one at the end."""
        for name, start in self.starts.items():
            begins(name)
            try:
                with _undisturbed():
                    start()
            except BaseException as error:  # other people's code: whatever it raises costs that pack alone
                self.errors[name] = f"the node pack {name!r} does not start: {_reason(error)}"
        begins("")
        self.errors |= {sentence: sentence for sentence in rule_book().troubles}


def _pack(module: ModuleType, version: str) -> Packs:
    """Return one pack by itself. Raises TypeError for declarations that are not of the form that they must have."""
    found, own = Packs(), module.__name__.partition(".")[0]
    found.catalogue.packs[module.__name__] = version
    found.heavy = msgspec.convert(dict(getattr(module, "HEAVY", {})), dict[str, tuple[str, ...]])
    if (start := getattr(module, "start_worker", None)) is not None:
        if not callable(start):
            raise TypeError("its start_worker is no function")
        found.starts[module.__name__] = start
    for role, names in dict(getattr(module, "ROLES", {})).items():
        found.catalogue.roles[role] = msgspec.convert(tuple(names), tuple[str, ...])
    for part in (module, *_modules_in_rooms(module)):
        forms = getattr(part, "FORMS", None)
        if forms is not None and not isinstance(forms, Mapping):
            raise TypeError("its FORMS are no views by type of value")
        found.forms += [forms] if forms is not None else []
        for function in vars(part).values():
            spec = spec_of(function)
            if spec is not None and spec.type.partition(".")[0] == own:
                found.catalogue.nodes[spec.type] = spec
                found.functions[spec.type] = function
    msgspec.msgpack.encode(found.catalogue)  # what cannot be told to the window is no declaration
    return found


def _modules_in_rooms(pack: ModuleType) -> Iterator[ModuleType]:
    """The modules right in the rooms of a pack (its ``ROOMS``: packages, or modules), so that a node is one file."""
    for name in getattr(pack, "ROOMS", ()):
        room = importlib.import_module(f"{pack.__name__}.{name}")
        yield room
        for found in pkgutil.iter_modules(getattr(room, "__path__", ()), f"{room.__name__}."):
            if not found.ispkg:
                yield importlib.import_module(found.name)


def load_packs(markers: PackMarkers | None = None, begins: Begins = lambda pack: None) -> Packs:
    """All packs that are installed. One that does not load is reported in `errors` and leaves the others whole.

    That holds for one that ends the process too: the next process leaves it out. Markers that are given stay until
    whoever gives them ends them, once the process is up. ``begins`` is called with the name of each pack before it is
    imported, and with an empty one at the end.
    """
    packs, own_markers = Packs(), markers is None
    markers = markers or PackMarkers()
    entries = pack_entries()
    packs.errors |= entries.troubles
    for entry in sorted(entries.found, key=lambda entry: entry.value != "nodes"):  # ours before others change anything
        own = entry.value == "nodes"
        if not own and markers.ended_processes(entry):
            reason = "importing it ended the engine, or went on until it was stopped; it is left out until it changes"
            packs.errors[entry.name] = f"the node pack {entry.name!r} does not load: {reason}"
            continue
        if not own:
            markers.begin(entry)
        begins("" if own else entry.name)
        try:
            with _undisturbed():
                packs.add(entry.load(), version_of(entry))
            markers.imported(entry)
        except BaseException as error:  # a pack is other people's code: whatever it raises costs that pack alone
            packs.errors[entry.name] = f"the node pack {entry.name!r} does not load: {_reason(error)}"
            markers.end(entry)
    begins("")
    if own_markers:
        markers.end()
    return packs


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let what a pack sets for the whole process as it is imported be as it was before: the folder it works in, how
    deep calls may go, who may read its files, an alarm that would end it."""
    depth, mask, folder = sys.getrecursionlimit(), os.umask(0), ""
    with contextlib.suppress(OSError):  # it may have been removed
        folder = str(Path.cwd())
    os.umask(mask)
    try:
        yield
    finally:
        sys.setrecursionlimit(depth)
        os.umask(mask)
        if folder:
            os.chdir(folder)
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def heavy_modules(run: RunRequest, packs: Packs) -> tuple[str, ...]:
    """Return what the nodes of a workflow will import, and what takes long; nothing where it cannot be read."""
    try:
        workflow = loads(run.workflow)
    except WorkflowError:
        return ()
    bodies = (workflow, *(one.body for one in workflow.subgraphs.values()))
    types = dict.fromkeys(node.type for body in bodies for node in body.nodes.values())
    return tuple(dict.fromkeys(name for type in types for name in packs.heavy.get(type, ())))


def _reason(error: BaseException) -> str:
    """What kept a pack from loading, as the end of a sentence."""
    return one_line(error) if isinstance(error, Exception) else f"it ends the program ({type(error).__name__})"


def version_of(entry: importlib.metadata.EntryPoint) -> str:
    """The version of the pack's distribution; that of the built-in pack is the program's, however it is installed."""
    if entry.value == "nodes":
        return __version__
    return entry.dist.version if entry.dist else "0"


def others() -> bool:
    """Return whether packs are installed beside the built-in one."""
    return any(entry.value != "nodes" for entry in pack_entries().found)
