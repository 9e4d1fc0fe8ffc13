"""Kills the worker at random moments of runs, and looks whether anything was lost.

``python -m benchmarks.kills [COUNT]`` runs random versions of the starter workflow, kills the worker (SIGKILL) at a
random moment after each began, and runs each again, until COUNT (100) kills have come in mid-run. Then it runs them all
undisturbed with another cache. Prints what the client recovered from, whether all images are equal, what the disk
tier holds, and what is left over of processes, threads and handles. Exit status 1 where anything is lost.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from benchmarks.hands import Driver, changed
from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.protocol.events import Event, NodeFailed, NodeFinished, RunStarted

STEPS = 12
LONGEST = 2.5
"""Seconds after which a kill comes at the latest: about what the first run of a worker takes."""


def main() -> None:
    """Run both, print the comparison."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        wild, told, jobs = disturbed(Path(folder) / "wild", count)
        calm = undisturbed(Path(folder) / "calm", jobs)
        wrong = [name for name, pixels in wild.items() if calm.get(name.rpartition("-")[0]) != pixels]
        missing = calm.keys() - {name.rpartition("-")[0] for name in wild}
        print(f"images: {len(calm)} undisturbed; after kills {len(missing)} missing, {len(wrong)} different")
        for line in told:
            print(line)
        sys.exit(bool(wrong or missing or any("LOST" in line for line in told)))


def undisturbed(folder: Path, jobs: list[bytes]) -> dict[str, str]:
    """The images by job."""
    os.environ["NODEFLOW_CACHE"] = str(folder / "cache")
    driver = Driver(folder)
    for job in jobs:
        assert driver.run(job) == "done"
    driver.engine.close()
    return {name.rpartition("-")[0]: pixels for name, pixels in driver.pictures().items()}


def disturbed(folder: Path, count: int) -> tuple[dict[str, str], list[str], list[bytes]]:
    """The images of killed and repeated runs by file, lines about what was left, and the jobs."""
    os.environ["NODEFLOW_CACHE"] = str(folder / "cache")
    driver = Driver(folder)
    ours = psutil.Process()
    chance, moment = random.Random(0), random.Random(2)
    killed = in_node = most = lost = 0
    cached: set[str] = set()
    resting: list[tuple[int, int]] = []
    pids: set[int] = set()
    jobs: list[bytes] = []

    def kill_later(event: Event) -> None:
        nonlocal killed, in_node
        if isinstance(event, RunStarted):
            pid = driver.engine.pid
            pids.add(pid)
            wait = moment.uniform(0, LONGEST)
            threading.Timer(wait, _kill, (pid,)).start()
        elif isinstance(event, NodeFailed):
            in_node += 1
            assert "it was killed" in event.error, event.error

    def look(event: Event) -> None:
        if isinstance(event, NodeFinished) and event.state == "cached":
            cached.add(event.node)

    while killed < count:
        jobs.append(changed(chance, f"job{len(jobs)}", STEPS, seed=len(jobs)))
        if driver.run(jobs[-1], kill_later) == "failed":
            killed += 1
            assert driver.run(jobs[-1], look) == "done"
        else:
            _wait_for_death(driver.engine.pid)
        disk = DiskStore(folder / "cache" / "results", 2**40)
        held = disk.info().results
        disk.close()
        lost += max(most - held, 0)
        most = max(most, held)
        resting.append((ours.num_fds(), ours.num_threads()))
        print(f"\r{killed} of {count}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    driver.engine.close()
    disk = DiskStore(folder / "cache" / "results", 2**40)
    whole, damaged = disk.verify()
    orphans = [pid for pid in pids if psutil.pid_exists(pid)]
    early, late = resting[min(4, len(resting) - 1)], resting[-1]
    told = [
        f"kills in mid-run: {killed}, {in_node} of them inside a node; {len(jobs) - killed} came after the end",
        f"nodes found in the cache by repeated runs: {', '.join(sorted(cached))}",
        f"disk tier: {whole} results whole, {damaged} damaged{' LOST' if damaged else ''}, "
        f"{lost} gone{' LOST' if lost else ''}",
        f"worker processes left over: {len(orphans)}{' LOST' if orphans else ''}",
        f"handles {early[0]} after 5 kills, {late[0]} at the end; threads {early[1]}, {late[1]}"
        f"{' LOST' if late[0] > early[0] + 8 else ''}",
    ]
    return driver.pictures(), told, jobs


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _wait_for_death(pid: int) -> None:
    """A run that ended before its kill: the kill is still to come."""
    while pid and psutil.pid_exists(pid):
        time.sleep(0.05)


if __name__ == "__main__":
    main()
