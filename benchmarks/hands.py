"""Parts shared by scripts that drive a worker: the starter workflow with random changes, and waiting for replies."""

from __future__ import annotations

import hashlib
import queue
import random
from collections.abc import Callable
from pathlib import Path

from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.client.worker_log import WorkerLog
from nodeflow.engine.protocol.events import Event, RunFinished
from nodeflow.engine.protocol.limits import Limits
from nodeflow.engine.protocol.messages import Heartbeat, JobEvent, Reply
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import dumps, load
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"
CAPTIONS = (
    "a red star on a blue background",
    "a yellow fish on a black background",
    "a green tree",
    "a blue cup on the left",
)


class Driver:
    """One engine with its replies in a queue. ``below`` takes its images and its log."""

    def __init__(self, below: Path, limits: Limits = Limits()) -> None:
        self.replies: queue.Queue[Reply] = queue.Queue()
        self.output = below / "output"
        self.fullest = 0
        """Bytes of results that the worker held in memory when it held most."""
        self.engine = LocalEngine(self.replies.put, log=WorkerLog(below / "log"), limits=limits)

    def run(
        self, workflow: bytes, watch: Callable[[Event], None] = lambda _: None, targets: tuple[str, ...] = ()
    ) -> str:
        """Run a workflow to its end; done, failed or cancelled."""
        job = self.engine.submit(RunRequest(workflow, str(STARTER.parent), str(self.output), targets))
        while True:
            reply = self.replies.get(timeout=120)
            if isinstance(reply, Heartbeat):
                self.fullest = max(self.fullest, reply.usage.results.get("cpu", 0))
            if isinstance(reply, JobEvent) and reply.job == job:
                watch(reply.event)
                if isinstance(reply.event, RunFinished):
                    return reply.event.state

    def pictures(self) -> dict[str, str]:
        """The pixels of what was saved, as hashes by name."""
        from PIL import Image

        return {path.name: hashlib.sha256(Image.open(path).tobytes()).hexdigest() for path in self.output.glob("*.png")}


def changed(chance: random.Random, name: str, steps: int, **more: float) -> bytes:
    """The starter workflow with another text and scheduler, and of few seeds and scales unless ``more`` names them.

    Its image is saved under ``name``.
    """
    workflow = load(STARTER)
    settings = {
        ("noise", "seed"): more.get("seed", chance.randrange(3)),
        ("prompt", "text"): chance.choice(CAPTIONS),
        ("guidance", "scale"): more.get("scale", chance.choice((1.5, 2.5, 5.0))),
        ("scheduler", "kind"): chance.choice(("DDIM", "DPM++ 2M SDE", "Euler ancestral")),
        ("scheduler", "steps"): steps,
        ("save", "name"): name,
    }
    for (node, param), value in settings.items():
        SetParam(node, param, value).apply(workflow)
    return dumps(workflow)
