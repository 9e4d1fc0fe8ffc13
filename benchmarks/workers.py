"""Several workers beside one: a sweep of the starter's seed, all at once, with the cores shared out.

``python -m benchmarks.workers [SEEDS [ROUNDS]]`` prints the seconds of one worker and of two, in turns, each with a
cache of its own and workers that are warm, and the ratio of the medians. What else runs on the machine shows in it.
"""

from __future__ import annotations

import os
import queue
import statistics
import sys
import tempfile
import time
from pathlib import Path

from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.events import RunFinished
from nodeflow.engine.protocol.messages import JobEvent, Reply
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.graph.io.files import load
from nodeflow.graph.validate.sweeps import Sweep
from nodeflow.resources import folder

STARTER = "latent-diffusion.json"


def seconds(workers: int, seeds: int) -> float:
    """Return how long a sweep takes with so many workers, each of which has run something before."""
    replies: queue.SimpleQueue[Reply] = queue.SimpleQueue()
    workflow = load(folder("workflows") / STARTER)
    with tempfile.TemporaryDirectory() as place:
        os.environ["NODEFLOW_CACHE"] = os.environ["NODEFLOW_DATA"] = place
        engine = LocalEngine(replies.put, workers=workers)

        def request(first: int, count: int) -> RunRequest:
            sweeps = (Sweep("noise", "seed", tuple(range(first, first + count))),)
            return RunRequest.of(workflow, Path(place), Path(place), document=str(first), sweeps=sweeps)

        try:
            _wait(replies, *(engine.submit(request(10**6 + place, 1)) for place in range(workers)))
            begin = time.perf_counter()
            _wait(replies, engine.submit(request(0, seeds)))
            return time.perf_counter() - begin
        finally:
            engine.close()


def _wait(replies: queue.SimpleQueue[Reply], *jobs: int) -> None:
    waiting = set(jobs)
    while waiting:
        reply = replies.get()
        if isinstance(reply, JobEvent) and isinstance(reply.event, RunFinished):
            assert reply.event.state == "done", reply
            waiting.discard(reply.job)


def main(seeds: int = 200, rounds: int = 5) -> None:
    """Measure in turns, and print."""
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, times in found.items():
            times.append(seconds(workers, seeds))
            print(f"{workers} workers: {times[-1]:.2f} s", flush=True)
    one, two = (statistics.median(times) for times in found.values())
    print(f"medians {one:.2f} and {two:.2f} s: {one / two:.2f} times")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
