"""Kills the app's side, the command line and the worker at random moments, while jobs wait and a disk fills up.

``python -m benchmarks.kills_everywhere [COUNT] [--minutes MINUTES] [--disk FOLDER]`` until COUNT (300) kills have come,
or MINUTES are over: an app is a process with the user's queue, in which jobs wait; its death, its worker's, or that of
a command line that runs beside it, costs none of them. FOLDER is on a small disk of its own
(``mount -t tmpfs -o size=64m tmpfs FOLDER``) and takes queue and cache; in every fifth round it is filled up to its
last byte while jobs are queued, emptied, filled again while they run, and emptied between two kills. Then whatever
waits is run to its end. Exit status 1 where a job is missing, its image differs from that of an undisturbed run, or a
file is damaged.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.hands import Driver, changed
from nodeflow.engine.cache.disk_store import DiskStore
from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.client.job_queue import JobQueue
from nodeflow.engine.protocol.messages import QueueChanged, Reply
from nodeflow.engine.protocol.run_request import RunRequest

STEPS = 6
JOBS = 3
"""Jobs that an app finds to do beside those that were left."""


MAX_DISK_BYTES = 2**30
"""A disk that is larger than this is not filled up."""


def fill(disk: Path) -> None:
    """Leave no room on a disk."""
    with (disk / "filler").open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


def make_room(disk: Path) -> None:
    """Take away what fills a disk."""
    (disk / "filler").unlink(missing_ok=True)


def app(folder: Path, disk: Path, files: list[Path], full: bool) -> None:
    """What an app does: take over what was left, queue more, and run it all. Ends when nothing waits."""
    jobs = JobQueue(disk / "queue.sqlite")
    idle = False

    def tell(reply: Reply) -> None:
        nonlocal idle
        if isinstance(reply, QueueChanged):
            idle = not reply.jobs

    engine = LocalEngine(tell, jobs)
    if full:
        fill(disk)
    for at, file in enumerate(files):
        if full and at == len(files) - 1:
            make_room(disk)
        engine.submit(RunRequest(file.read_bytes(), str(folder), str(folder / "output"), title=file.stem))
    for file in files:
        print(f"queued {file.stem}", flush=True)
    if full:
        fill(disk)
    engine.resume()
    while not idle:
        time.sleep(0.02)
    engine.close()


def start(folder: Path, disk: Path, files: list[Path], full: bool) -> subprocess.Popen[str]:
    """Start an app that has these jobs to queue."""
    command = [sys.executable, "-m", "benchmarks.kills_everywhere", "--app", str(folder), str(disk), str(int(full))]
    return subprocess.Popen([*command, *map(str, files)], stdout=subprocess.PIPE, text=True)


def main() -> None:
    """Kill, look, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", nargs="?", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=1e9)
    parser.add_argument("--disk", type=Path)
    asked = parser.parse_args()
    count, end = asked.count, time.monotonic() + asked.minutes * 60
    if asked.disk and shutil.disk_usage(asked.disk).total > MAX_DISK_BYTES:
        parser.error(f"{asked.disk} is on a disk of more than 1 GiB; mount a small one there")
    chance = random.Random(0)
    killed = {"app": 0, "command line": 0, "worker": 0}
    promised: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        disk = asked.disk or folder / "disk"
        disk.mkdir(exist_ok=True)
        os.environ["NODEFLOW_CACHE"], os.environ["NODEFLOW_DATA"] = str(disk / "cache"), str(disk / "data")
        rounds = 0
        while sum(killed.values()) < count and time.monotonic() < end:
            rounds += 1
            files = []
            for number in range(JOBS):
                file = folder / f"job{rounds}x{number}.json"
                file.write_bytes(changed(chance, file.stem, STEPS, seed=rounds * JOBS + number))
                files.append(file)
            full = asked.disk is not None and rounds % 5 == 0
            running = start(folder, disk, files, full)
            assert running.stdout is not None
            for line in running.stdout:
                promised[line.split()[1]] = (folder / f"{line.split()[1]}.json").read_bytes()
                if len(promised) == rounds * JOBS:
                    break
            line_ = [sys.executable, "-m", "nodeflow", "run", str(files[0]), "--output", str(folder / "line")]
            beside = subprocess.Popen(line_, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for at, victim in enumerate(chance.sample([*killed], 3)):
                time.sleep(chance.uniform(0, 3))
                killed[victim] += _kill(victim, running, beside)
                if at == 1:
                    make_room(disk)
            for process in (running, beside):
                process.kill()
                process.wait()
            print(f"\r{sum(killed.values())} of {count}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        make_room(disk)
        last = start(folder, disk, [], False)
        last.wait()
        calm = Driver(folder / "calm")
        for workflow in promised.values():
            assert calm.run(workflow) == "done"
        calm.engine.close()
        sys.exit(_compare(folder, disk, promised, calm, killed))


def _kill(victim: str, running: subprocess.Popen[str], beside: subprocess.Popen[bytes]) -> int:
    """Kill one of them; whether it was there."""
    try:
        process = psutil.Process(beside.pid if victim == "command line" else running.pid)
        if victim == "worker":
            workers = [child for child in process.children() if "spawn_main" in " ".join(child.cmdline())]
            if not workers:
                return 0
            process = workers[0]
        process.kill()
    except psutil.Error:
        return 0
    return 1


def _compare(folder: Path, disk: Path, promised: dict[str, bytes], calm: Driver, killed: dict[str, int]) -> int:
    wild = Driver(folder)
    wild.output = folder / "output"
    there = {name.rpartition("-")[0]: pixels for name, pixels in wild.pictures().items()}
    alike = {name.rpartition("-")[0]: pixels for name, pixels in calm.pictures().items()}
    wild.engine.close()
    failed = [name for name in promised if name not in there]
    wrong = [name for name in there if alike.get(name) != there[name]]
    whole, damaged = DiskStore(disk / "cache" / "results", 2**40).verify()
    left = JobQueue(disk / "queue.sqlite")
    print(f"kills: {', '.join(f'{count} of the {name}' for name, count in killed.items())}")
    print(f"jobs: {len(promised)} queued, {len(left.jobs)} left, {len(wrong)} with another image")
    print(f"jobs without an image: {len(failed)}, for {killed['worker']} deaths of a worker that may have run one")
    print(f"disk tier: {whole} results whole, {damaged} damaged; temporary files {_temporary(folder, disk)}")
    return int(bool(wrong or damaged or left.jobs or len(failed) > killed["worker"]))


def _temporary(folder: Path, disk: Path) -> int:
    return len({*folder.rglob(".*.part"), *disk.rglob(".*.part")})


if __name__ == "__main__":
    if sys.argv[1:2] == ["--app"]:
        app(Path(sys.argv[2]), Path(sys.argv[3]), [Path(name) for name in sys.argv[5:]], sys.argv[4] == "1")
    else:
        main()
