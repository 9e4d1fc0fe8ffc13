"""The user's own subgraphs: one workflow file each in a folder, from which they are copied into workflows. No Qt.

Files are read by `specs` and written by `save`, which belong off the interface's thread; the rest speaks from memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from nodeflow import resources
from nodeflow.graph.io import files
from nodeflow.graph.model.catalogue import Catalogue, NodeSpec
from nodeflow.graph.model.workflow import Problem, Workflow, WorkflowError
from nodeflow.graph.subgraphs.instances import definition_of, with_subgraphs

PACK = "library"
MAX_BYTES = 2**20


class _Item(NamedTuple):
    """A file as it was read: its stamp, and the workflow with the one instance, or why it holds none."""

    stamp: tuple[int, ...]
    workflow: Workflow | None
    text: str
    trouble: str


class SubgraphLibrary:
    """The subgraphs in a folder. A file that cannot be read costs only itself; `new_troubles` says why."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or resources.data_folder() / PACK
        self._items: dict[str, _Item] = {}
        self._told: set[tuple[int, ...]] = set()

    def specs(self, catalogue: Catalogue) -> list[NodeSpec]:
        """Return what the folder holds as nodes, of types ``library.NAME``."""
        self._read()
        found = []
        for name, item in sorted(self._items.items()):
            if item.workflow is not None:
                [node] = item.workflow.nodes.values()
                spec = with_subgraphs(catalogue, item.workflow).nodes[node.type]
                found.append(msgspec.structs.replace(spec, type=f"{PACK}.{name}", station=PACK))
        return found

    def new_troubles(self) -> list[str]:
        """A sentence about each file that is no subgraph, where it has not been said of the file as it is."""
        found = {item.stamp: item.trouble for item in self._items.values() if item.trouble}
        fresh = [sentence for stamp, sentence in found.items() if stamp not in self._told]
        self._told.update(found)
        return fresh

    def text(self, node_type: str) -> str:
        """The text of a subgraph's file, by the type that `specs` gave it last. Raises WorkflowError."""
        name = node_type.partition(".")[2]
        item = self._items.get(name)
        if item is None or item.workflow is None:
            raise WorkflowError(Problem("", "", f"{name} is no longer in the library"))
        return item.text

    def holds(self, name: str) -> bool:
        """Return whether a file of this name was there when `specs` looked."""
        return name in self._items

    def path_of(self, name: str) -> Path:
        """Return where a subgraph of this name is kept."""
        return self.folder / f"{name}.json"

    def save(self, name: str, text: str) -> Path:
        """Keep a workflow with one instance, and what it needs. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files.write_atomic(self.path_of(name), text.encode())
        return self.path_of(name)

    def _read(self) -> None:
        """Look what is in the folder; only what has changed is read again."""
        before, found = self._items, dict[str, _Item]()
        try:
            paths = sorted(self.folder.glob("*.json"))
        except OSError:
            paths = []
        for path in paths:
            try:
                status = path.stat()
            except OSError:
                continue
            known = before.get(path.stem)
            stamp = (status.st_mtime_ns, status.st_size, status.st_ctime_ns, status.st_ino)
            found[path.stem] = known if known is not None and known.stamp == stamp else _item(path, stamp)
        self._items = found


def is_library(node_type: str) -> bool:
    """Return whether a type is that of something in the library."""
    return node_type.startswith(f"{PACK}.")


def _item(path: Path, stamp: tuple[int, ...]) -> _Item:
    try:
        if stamp[1] > MAX_BYTES:
            raise WorkflowError(Problem("", "", f"{path.name} is larger than a subgraph can be (1 MiB)"))
        text = path.read_bytes()
        workflow = files.loads(text)
        nodes = list(workflow.nodes.values())
        if len(nodes) != 1 or definition_of(nodes[0].type) not in workflow.subgraphs:
            raise WorkflowError(Problem("", "", f"{path.name} does not hold one instance of a subgraph"))
    except OSError as error:
        return _Item(stamp, None, "", f"{path} in the library is left out: {error.strerror or error}")
    except WorkflowError as error:
        return _Item(stamp, None, "", f"{path} in the library is left out: {error.problems[0]}")
    return _Item(stamp, workflow, text.decode(), "")
