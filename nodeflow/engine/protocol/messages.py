"""Messages between app and worker: requests, and what answers them or is told by itself. Data only, no torch."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from nodeflow.engine.protocol.events import Event
from nodeflow.engine.protocol.forecast import NodeForecast
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.value_handle import Seen, ValueHandle
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Problem

# --- app to worker


class Submit(msgspec.Struct, frozen=True, tag=True):
    """A job: run a workflow."""

    job: int
    run: RunRequest


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Stop a job at its next step; what is finished stays."""

    job: int


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Let a job wait at its next step."""

    job: int


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Let a paused job go on."""

    job: int


class Peek(msgspec.Struct, frozen=True, tag=True):
    """Ask for an image of what a document's node gave last, at most ``size`` pixels wide and high."""

    request: int
    node: str
    output: str
    size: int = 512
    document: str = ""


class ViewQuery(msgspec.Struct, frozen=True, tag=True):
    """Ask to see a value: what has a handle, or what a document's node gave last (for ``item`` of a list).

    ``form`` is how it is to be seen, with ``options`` that a person chose, in so much room as ``size`` pixels; empty:
    the facts about it, and the forms that it has. ``other`` is the handle of a value of its kind: then how far the two
    are apart is to be seen.
    """

    request: int
    document: str = ""
    node: str = ""
    output: str = ""
    handle: ValueHandle | None = None
    form: str = ""
    options: dict[str, Any] = {}
    size: int = 1024
    item: int = 0
    other: ValueHandle | None = None


class Export(msgspec.Struct, frozen=True, tag=True):
    """Ask to write the value with a handle into a file: into ``.npy`` the numbers that ``form`` shows with
    ``options``, or one ``tensor``; into ``.safetensors`` all; into ``.gif``, ``.webp`` or ``.mp4`` the form at every
    step, at most ``size`` pixels wide and high."""

    request: int
    path: str
    handle: ValueHandle
    tensor: str = ""
    form: str = ""
    options: dict[str, Any] = {}
    document: str = ""
    size: int = 512


class ForecastRequest(msgspec.Struct, frozen=True, tag=True):
    """Ask what a run would compute, and how long that would take. Nothing is computed."""

    request: int
    run: RunRequest


class Close(msgspec.Struct, frozen=True, tag=True):
    """End the worker."""


Request = Submit | Cancel | Pause | Resume | Peek | ViewQuery | Export | ForecastRequest | Close


# --- worker to app


class DeviceInfo(msgspec.Struct, frozen=True):
    """A device in words, its class, and the number format that networks compute in there, by the rule of precision."""

    name: str
    kind: str
    dtypes: dict[str, str] = {}


class WorkerReady(msgspec.Struct, frozen=True, tag=True):
    """The worker is up: what it computes on, in words, the versions of what it computes with, and the nodes it has.

    ``troubles`` are sentences about node packs that do not load. ``devices`` say the same of each device that a run
    may ask for.
    """

    device: str
    versions: dict[str, str]
    catalogue: Catalogue
    troubles: tuple[str, ...] = ()
    worker: int = 0
    devices: dict[str, DeviceInfo] = {}


class Usage(msgspec.Struct, frozen=True):
    """Bytes by device class: of kept results with their networks, what those may take, of networks that were brought
    to a device, and of memory that is free there."""

    results: dict[str, int] = {}
    budget: dict[str, int] = {}
    networks: dict[str, int] = {}
    free: dict[str, int] = {}


class Heartbeat(msgspec.Struct, frozen=True, tag=True):
    """The worker lives: told every half second, also while it computes. ``resident``: bytes of memory it holds, and of
    these ``usage`` what it keeps, once it is up; ``load``: processors that it keeps busy.

    Where the engine has several workers, it fills in which one it is, from 0, here and in what else one says of itself.
    """

    resident: int
    usage: Usage = Usage()
    load: float = 0.0
    worker: int = 0


class Refused(msgspec.Struct, frozen=True, tag=True):
    """A job cannot run; nothing was computed."""

    job: int
    problems: tuple[Problem, ...]


class JobEvent(msgspec.Struct, frozen=True, tag=True):
    """Something happened in a job."""

    job: int
    event: Event


class Peeked(msgspec.Struct, frozen=True, tag=True):
    """The answer to a peek: PNG bytes, one for each image of the batch; none where there is nothing to see."""

    request: int
    pictures: tuple[bytes, ...]


class ViewReply(msgspec.Struct, frozen=True, tag=True):
    """The answer to a look: something to see, or a sentence that says why there is nothing.

    ``run``: the node whose result is missing for it, where a run to that node brings it into memory.
    """

    request: int
    view: Seen | None = None
    error: str = ""
    run: str = ""


class Exported(msgspec.Struct, frozen=True, tag=True):
    """The answer to an export: the file is written, unless a sentence says why not."""

    request: int
    error: str = ""


class ForecastReply(msgspec.Struct, frozen=True, tag=True):
    """The answer to `ForecastRequest`: each node in order. ``problems`` say what keeps the workflow from running."""

    request: int
    nodes: tuple[NodeForecast, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def seconds(self) -> float:
        """Return what the nodes that would run take together, as far as earlier runs tell."""
        return sum(node.seconds or 0.0 for node in self.nodes if node.state == "run")


# --- the client's own, beside what it passes on


JobState = Literal["waiting", "running", "left"]
"""Left is what an earlier app did not come to; it waits to be resumed."""


class JobInfo(msgspec.Struct, frozen=True):
    """A job in the queue. ``about``: a line on what makes it this run."""

    job: int
    title: str
    state: JobState
    document: str = ""
    about: str = ""


class QueueChanged(msgspec.Struct, frozen=True, tag=True):
    """The jobs that are not done, the running ones first, and whether the queue is paused."""

    jobs: tuple[JobInfo, ...]
    paused: bool


class Logged(msgspec.Struct, frozen=True, tag=True):
    """The worker has written to its standard output or error."""

    text: str


Kept = Literal["results", "queue", "changes"]
"""What is kept on disk: results of nodes, jobs that wait, changes to documents that are not saved."""


class NotKept(msgspec.Struct, frozen=True, tag=True):
    """Something cannot be written where it is to be kept: a sentence, told once. What runs goes on.

    ``lasts``: what comes is not kept either, until an empty sentence says that it is kept again.
    """

    what: Kept
    text: str
    lasts: bool = True


class Importing(msgspec.Struct, frozen=True, tag=True):
    """The worker is not up, since a node pack has been importing for so many seconds, longer than packs take."""

    pack: str
    seconds: float
    worker: int = 0


class WorkerSilent(msgspec.Struct, frozen=True, tag=True):
    """The worker lives but has said nothing for so many seconds: native code holds it. 0: it speaks again."""

    seconds: float
    worker: int = 0


class WorkerLost(msgspec.Struct, frozen=True, tag=True):
    """The worker process ended by itself; the next job starts a new one."""

    reason: str
    worker: int = 0


Answer = Peeked | ViewReply | Exported | ForecastReply
Reply = (
    WorkerReady
    | Heartbeat
    | Refused
    | JobEvent
    | NotKept
    | Answer
    | QueueChanged
    | Logged
    | Importing
    | WorkerSilent
    | WorkerLost
)
