"""Files of runs whose folders this machine does not see: what they read is sent, what they write is sent back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from nodeflow.engine.protocol.cluster import FileWritten
from nodeflow.engine.protocol.events import NodeFinished
from nodeflow.engine.protocol.messages import Export, Exported, JobEvent, Reply, Request, Submit
from nodeflow.graph.io.files import write_atomic
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.resources import cache_folder

KEPT_SECONDS = 7 * 24 * 3600
"""How long files stay here: what is wanted again later is sent, or computed, again."""


def _let_go(place: Path) -> None:
    """Delete old files of earlier runs, and the folders that are empty then."""
    for path in sorted(place.rglob("*"), reverse=True):
        with contextlib.suppress(OSError):  # another member is at it
            if path.is_dir():
                path.rmdir()
            elif path.stat().st_mtime < time.time() - KEPT_SECONDS:
                path.unlink()


class FarFiles:
    """Stands between client and worker: requests and replies pass through, with the paths of either side."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._place = cache_folder() / "cluster"
        _let_go(self._place)
        self._runs: dict[int, tuple[Path, str]] = {}
        """By job: where its files are written here, and the folder of the client that they are for."""
        self._exports: dict[int, tuple[Path, str]] = {}
        self._sent: dict[str, str] = {}
        """Files that were sent, by their paths at the client."""

    def take(self, path: str, data: bytes) -> None:
        """Keep a file that a run reads, under its own name, which stands in saved images. Raises OSError."""
        place = self._place / "read" / hashlib.blake2b(path.encode() + data, digest_size=16).hexdigest()
        place.mkdir(parents=True, exist_ok=True)
        kept = place / Path(path).name
        write_atomic(kept, data)
        self._sent[path] = str(kept)

    def inward(self, request: Request, sees_output: bool, sends_files: bool) -> Request:
        """Return a request as this machine's worker can follow it."""
        match request:
            case Submit(job, run):
                if sends_files:
                    run = msgspec.structs.replace(run, workflow=self._with_sent(run.workflow))
                if not sees_output:
                    name = hashlib.blake2b(run.output.encode(), digest_size=8).hexdigest()
                    folder = self._place / "written" / name
                    folder.mkdir(parents=True, exist_ok=True)
                    self._runs[job] = folder.resolve(), run.output
                    run = msgspec.structs.replace(run, output=str(folder.resolve()))
                return Submit(job, run)
            case Export(number, path):
                folder = self._place / "exported"
                folder.mkdir(parents=True, exist_ok=True)
                here = folder / f"{number}{Path(path).suffix}"
                self._exports[number] = here, path
                return msgspec.structs.replace(request, path=str(here))
        return request

    def outward(self, reply: Reply) -> Iterator[Reply | FileWritten]:
        """Yield a reply as the client can follow it, behind the files that it names."""
        match reply:
            case JobEvent(job, NodeFinished(files=files) as event) if files and job in self._runs:
                here, there = self._runs[job]
                paths = {file: str(Path(there) / Path(file).relative_to(here)) for file in files}
                for file, path in paths.items():
                    yield FileWritten(path, Path(file).read_bytes())
                yield JobEvent(job, msgspec.structs.replace(event, files=tuple(paths.values())))
            case Exported(request) if request in self._exports:
                exported, path = self._exports.pop(request)
                if not reply.error:
                    yield FileWritten(path, exported.read_bytes())
                    exported.unlink(missing_ok=True)
                yield reply
            case _:
                yield reply

    def _with_sent(self, workflow: bytes) -> bytes:
        """Return a workflow that reads what was sent."""
        document = json.loads(workflow)
        for body in (document, *document.get("subgraphs", {}).values()):
            for node in body.get("nodes", {}).values():
                spec = self._catalogue.nodes.get(node["type"])
                for param in spec.params if spec else ():
                    named = node.get("params", {}).get(param.name)
                    if param.reads and isinstance(named, str) and named in self._sent:
                        node["params"][param.name] = self._sent[named]
        return json.dumps(document).encode()
