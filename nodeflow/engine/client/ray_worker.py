"""A worker on a Ray cluster as its place holds it: an actor, asked by threads of this object."""

from __future__ import annotations

import contextlib
import queue
import re
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.engine.client.ray_cluster import ClusterError, RayCluster, cause, mark_name, quiet_end, replies
from nodeflow.engine.client.run_files import files_of
from nodeflow.engine.client.run_models import models_of
from nodeflow.engine.client.running_worker import End, Hear, WorkerPlace
from nodeflow.engine.client.worker_process import SILENT_AFTER_SECONDS
from nodeflow.engine.protocol.cluster import FileWritten, Lacking, Member, MemberReply, Needs
from nodeflow.engine.protocol.events import NodeFinished, RunFinished
from nodeflow.engine.protocol.messages import (
    Export,
    JobEvent,
    Refused,
    Reply,
    Request,
    Submit,
    WorkerReady,
    WorkerSilent,
)
from nodeflow.graph.io.files import write_atomic
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Problem


class RayWorker:
    """An actor, made at once on threads of this object; until the cluster has room for it, it waits."""

    def __init__(self, cluster: RayCluster, workers: int, hear: Hear, end: End) -> None:
        self.pid = 0
        self._cluster, self._workers, self._hear, self._end = cluster, workers, hear, end
        self._outbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._catalogue = Catalogue()
        self._folders: dict[Path, Path] = {}
        """Output folders of runs, with the mark that lies in each."""
        self._exports: set[str] = set()
        self._kept: dict[str, str] = {}
        """Where files from there are kept, by what they are called there."""
        self._job = 0
        self._closed = False
        self._actor: Any = None
        self._ray: Any = None
        self._host = "the cluster"
        threading.Thread(target=self._listen, name="nodeflow cluster", daemon=True).start()

    def send(self, request: Request) -> None:
        """Hand over a request, after those before it."""
        self._outbox.put(request)

    def close(self) -> None:
        """End the actor."""
        self._closed = True
        self._outbox.put(None)
        self._kill()

    def _kill(self) -> None:
        with quiet_end():
            if self._actor is not None:
                self._ray.kill(self._actor)
        for mark in self._folders.values():
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)

    def _listen(self) -> None:
        """Make the actor, and pass on what it says until it ends."""
        try:
            self._ray = self._cluster.connect()
            self._actor = self._cluster.actor(self._workers)
            if self._closed:
                self._kill()
                return
            told = msgspec.msgpack.decode(self._ray.get(self._actor.about.remote()), type=Member)
            self._host = told.host
            if sentence := Member.here().disagreement(told):
                raise ClusterError(sentence)
            for job in (self._write, self._forward):
                threading.Thread(target=job, name="nodeflow cluster", daemon=True).start()
            self._follow()
        except ClusterError as error:
            reason = str(error)
        except Exception as error:  # whatever Ray raises, the worker is gone
            reason = f"the worker on {self._host} is gone ({cause(error)})"
        self._outbox.put(None)
        self._kill()
        if not self._closed:
            self._end(self, reason)

    def _follow(self) -> None:
        decoder = msgspec.msgpack.Decoder(MemberReply)
        said = self._actor.replies.options(num_returns="streaming").remote()
        heard, silent = time.monotonic(), False
        for data in replies(self._ray, said, SILENT_AFTER_SECONDS):
            if data is None:
                silent = True
                self._hear(self, WorkerSilent(time.monotonic() - heard))
                continue
            heard = time.monotonic()
            if silent:
                silent = False
                self._hear(self, WorkerSilent(0.0))
            reply = decoder.decode(data)
            if isinstance(reply, FileWritten):
                self._keep(reply)
                continue
            self._hear(self, self._as_here(reply))

    # --- what goes there

    def _write(self) -> None:
        """Hand over requests, each when the one before it has arrived."""
        with quiet_end():  # an actor that is gone: who listens to it says so
            while (request := self._outbox.get()) is not None:
                if isinstance(request, Submit) and not self._ready_for(request):
                    continue
                if isinstance(request, Export):
                    self._exports.add(request.path)
                self._ray.get(self._actor.send.remote(msgspec.msgpack.encode(request)))

    def _ready_for(self, job: Submit) -> bool:
        """Send what a run reads and its machine does not see; refuse one that it cannot run."""
        run = job.run
        files = files_of(run, self._catalogue)
        models = tuple(sorted(models_of(run, self._catalogue)))
        sizes = {str(path): path.stat().st_size for path in files}
        needs = Needs(run.base, run.output, self._marked(Path(run.output)), sizes, models)
        answer = self._ray.get(self._actor.lacking.remote(msgspec.msgpack.encode(needs)))
        lacking = msgspec.msgpack.decode(answer, type=Lacking)
        if problems := (*lacking.problems, *self._other_models(lacking.models)):
            self._hear(self, Refused(job.job, problems))
            return False
        for path, told in files.items() if lacking.files else ():
            self._ray.get(self._actor.take_file.remote(told, path.read_bytes()))
        if not run.share.helps:
            self._cluster.mains[job.job] = self._actor
        self._job = job.job
        return True

    def _other_models(self, found: dict[str, str]) -> list[Problem]:
        """Models that are other files here than where they were seen first."""
        problems = []
        for name, fingerprint in found.items():
            first, host = self._cluster.models.setdefault(name, (fingerprint, self._host))
            if first != fingerprint:
                where = f"the model {name} is another file on {self._host} than on {host}"
                problems.append(Problem("", "", f"{where}; put the same file on all machines"))
        return problems

    def _marked(self, folder: Path) -> str:
        """The name of a file in an output folder, by which its machine knows whether it sees the same folder."""
        if folder not in self._folders:
            self._folders[folder] = folder / mark_name()
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                self._folders[folder].touch()
        return mark_name()

    # --- what comes from there

    def _as_here(self, reply: Reply) -> Reply:
        """Return what was said there with the names that things have here."""
        match reply:
            case WorkerReady(device, _, catalogue):
                self._catalogue = catalogue
                return msgspec.structs.replace(reply, device=f"{device}, {self._host}")
            case JobEvent(job, NodeFinished(files=files) as event) if files:
                paths = tuple(self._kept.pop(path, path) for path in files)
                return JobEvent(job, msgspec.structs.replace(event, files=paths))
            case JobEvent(job, RunFinished()) if self._cluster.mains.get(job) is self._actor:
                del self._cluster.mains[job]
        return reply

    def _keep(self, file: FileWritten) -> None:
        """Write a file that was written there for us: below an output folder of ours, or where an export was asked."""
        if file.path in self._exports:
            self._exports.discard(file.path)
            write_atomic(Path(file.path), file.data)
        elif any(Path(file.path).resolve().is_relative_to(folder.resolve()) for folder in self._folders):
            path = free_path(Path(file.path), file.data)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, file.data)
            self._kept[file.path] = str(path)

    def _forward(self) -> None:
        """Pass on what is computed there to the machine that runs the whole; it does not come by here."""
        with quiet_end():
            results = self._actor.results.options(num_returns="streaming").remote()
            for result in results:
                main = self._cluster.mains.get(self._job)
                if main is not None and main is not self._actor:
                    main.take_result.remote(result)


def cluster_places(cluster: RayCluster, workers: int) -> list[WorkerPlace]:
    """Return places for so many workers, spread over the machines of a cluster."""
    return [WorkerPlace(partial(RayWorker, cluster, workers), far=True) for _ in range(workers)]


def free_path(path: Path, data: bytes) -> Path:
    """Return the path, or the next number's that no other file has; what is there already with these bytes counts."""
    numbered = re.fullmatch(r"(.*-)(\d+)", path.stem)
    name, number = (numbered[1], int(numbered[2])) if numbered else (f"{path.stem}-", 1)
    while path.exists() and path.read_bytes() != data:
        number += 1
        path = path.with_name(f"{name}{number:05}{path.suffix}")
    return path
