"""A worker that an actor of a cluster holds. What goes in and out is bytes: nothing of ours is pickled."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import threading
import traceback
import uuid
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nodeflow.engine.protocol.cluster import Lacking, Member, Needs
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import Export, Reply, Request, Submit
from nodeflow.graph.model.workflow import Problem
from nodeflow.resources import cache_folder

if TYPE_CHECKING:
    from nodeflow.engine.worker.worker import Worker

MAX_RESULT_BYTES = 64 * 2**20
"""Of a result that is sent to another machine; computing larger ones again is no slower."""


class ClusterMember:
    """Methods are called from several threads at once, by the client on another machine."""

    def __init__(self, limits: bytes) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._up = threading.Event()
        self._sees_output, self._sends_files = True, False
        self._results: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._helping = False
        given = msgspec.msgpack.decode(limits, type=Limits)
        threading.Thread(target=self._work, args=(theirs, given), name="nodeflow worker", daemon=True).start()

    def _work(self, pipe: Connection, limits: Limits) -> None:
        try:
            from nodeflow.engine.worker.main import serve

            serve(pipe, limits, self._begun)
        except BaseException:
            traceback.print_exc()
            os._exit(1)

    def _begun(self, worker: Worker) -> None:
        from nodeflow.engine.worker.far_files import FarFiles

        self._worker, self._files = worker, FarFiles(worker.session.packs.catalogue)
        if (store := worker.session.disk) is not None:
            store.written = self._kept
        self._up.set()

    def about(self) -> bytes:
        """Tell of this machine, once the worker is up."""
        self._up.wait()
        return msgspec.msgpack.encode(Member.here(_name_of(cache_folder())))

    def lacking(self, needs: bytes) -> bytes:
        """Tell what this machine lacks for a run, and remember it for the next request, which is that run."""
        self._up.wait()
        asked = msgspec.msgpack.decode(needs, type=Needs)
        self._sees_output = (Path(asked.output) / asked.mark).is_file()
        self._sends_files = not all(_is_here(path, size) for path, size in asked.files.items())
        from nodeflow.engine.worker.library_models import fingerprints

        found, problems = fingerprints(asked.models, Path(asked.base), self._worker.session.fingerprints)
        host = Member.here().host
        said = tuple(Problem("", "", f"{sentence} (on {host})") for sentence in problems)
        return msgspec.msgpack.encode(Lacking(self._sends_files, said, found))

    def take_file(self, path: str, data: bytes) -> None:
        """Keep a file that the next run reads."""
        self._files.take(path, data)

    def send(self, data: bytes) -> None:
        """Hand a request to the worker."""
        self._up.wait()
        request = msgspec.msgpack.decode(data, type=Request)
        if isinstance(request, (Submit, Export)):
            request = self._files.inward(request, self._sees_output, self._sends_files)
        if isinstance(request, Submit):
            self._helping = request.run.share.helps
        self._pipe.send_bytes(msgspec.msgpack.encode(request))

    def replies(self) -> Iterator[bytes]:
        """Yield what the worker says, for ever."""
        self._up.wait()
        decoder = msgspec.msgpack.Decoder(Reply)
        while True:
            with contextlib.suppress(EOFError):
                for reply in self._files.outward(decoder.decode(self._pipe.recv_bytes())):
                    yield msgspec.msgpack.encode(reply)

    def results(self) -> Iterator[bytes]:
        """Yield what is computed here for another machine that runs the whole, for ever."""
        while True:
            yield self._results.get()

    def take_result(self, result: bytes) -> None:
        """Keep a result that another machine computed."""
        name, seconds, data = msgspec.msgpack.decode(result, type=tuple[bytes, float, bytes])
        if (store := self._worker.session.disk) is not None:
            store.take(name, data, seconds)

    def _kept(self, name: bytes, data: bytes, seconds: float) -> None:
        if self._helping and len(data) <= MAX_RESULT_BYTES:
            self._results.put(msgspec.msgpack.encode((name, seconds, data)))


def _is_here(path: str, size: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(path).is_file() and Path(path).stat().st_size == size
    return False


def _name_of(folder: Path) -> str:
    """The random name that lies in a folder, written there by whoever comes first; one of its own where none can be."""
    own, file = uuid.uuid4().hex, folder / "name"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), file.open("x", encoding="ascii") as written:
            written.write(own)
        return file.read_text(encoding="ascii") or own
    return own
