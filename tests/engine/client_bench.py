"""An engine with a worker of its own, what it says, and a pack that takes its time or ends the process."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.events import RunFinished
from nodeflow.engine.protocol.messages import JobEvent, Reply
from nodeflow.engine.protocol.run_request import RunRequest

PACK = '''
import ctypes, os, signal, sys, time
from collections.abc import Generator
from dataclasses import dataclass
import torch
from nodeflow.node import Step, node
from nodeflow.wires import Latent

@node("Walk")
def walk(steps: int = 3, seconds: float = 0.02, value: float = 1.0) -> Generator[Step, None, Latent]:
    """Takes its time."""
    for index in range(steps):
        time.sleep(seconds)
        yield Step(index + 1, steps)
    return Latent(torch.full((1, 4, 2, 2), value))

@node("Crash")
def crash(latent: Latent, how: int = 11) -> Latent:
    """Ends the process."""
    print("about to crash")
    os.kill(os.getpid(), how)
    time.sleep(5)
    return latent

@node("Say")
def say(text: str = "") -> str:
    """Prints, on both streams and from native code."""
    print("printed", text)
    print("warned", text, file=sys.stderr)
    os.write(1, f"native {text}\\n".encode())
    raise RuntimeError(f"raised {text}")

@node("Hold")
def hold(seconds: int = 1) -> int:
    """Native code that lets no other thread run."""
    ctypes.PyDLL(None).sleep(seconds)
    return seconds
'''


class Replies:
    def __init__(self) -> None:
        self.queue: queue.Queue[Reply] = queue.Queue()
        self.seen: list[Reply] = []

    def wait(self, wanted: Callable[[Reply], bool]) -> Reply:
        while True:
            reply = self.queue.get(timeout=60)
            self.seen.append(reply)
            if wanted(reply):
                return reply

    def end(self, job: int) -> RunFinished:
        """How a job ended."""
        return self.wait(lambda reply: _is(reply, job, RunFinished)).event

    def event(self, job: int, kind: type) -> object:
        return self.wait(lambda reply: _is(reply, job, kind)).event


def _is(reply: Reply, job: int, kind: type) -> bool:
    return isinstance(reply, JobEvent) and reply.job == job and isinstance(reply.event, kind)


def kind(wanted: type) -> Callable[[Reply], bool]:
    return lambda reply: isinstance(reply, wanted)


def flow(**nodes: tuple[str, dict[str, object], dict[str, str]]) -> bytes:
    """A workflow's file from ``name=(type, params, inputs)``."""
    found = {name: {"type": type, "params": params, "inputs": inputs} for name, (type, params, inputs) in nodes.items()}
    return json.dumps({"nodeflow": 1, "nodes": found}).encode()


NOISE = flow(noise=("nodes.gaussian_noise", {}, {}))


def walking(steps: int, seconds: float = 0.02, value: float = 1.0) -> bytes:
    return flow(walk=("toypack.walk", {"steps": steps, "seconds": seconds, "value": value}, {}))


@pytest.fixture
def replies() -> Replies:
    return Replies()


def request(workflow: bytes, folder: Path, **more: Any) -> RunRequest:
    return RunRequest(workflow, str(folder), str(folder), **more)


@pytest.fixture
def engine(replies: Replies, install_pack: Callable[[str, str], None]) -> Iterator[LocalEngine]:
    install_pack("toypack", PACK)
    engine = LocalEngine(replies.queue.put)
    yield engine
    engine.close()


@pytest.fixture
def submit(engine: LocalEngine, tmp_path: Path) -> Callable[..., int]:
    return lambda workflow, **more: engine.submit(request(workflow, tmp_path, **more))
