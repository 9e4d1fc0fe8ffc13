"""Shares of the machine for several workers: processor cores as threads, and a card each where there are some."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

import msgspec
import psutil

from nodeflow.engine.client.running_worker import WorkerPlace
from nodeflow.engine.client.worker_log import WorkerLog
from nodeflow.engine.client.worker_process import WorkerProcess
from nodeflow.engine.protocol.limits import Limits

THREADS = "OMP_NUM_THREADS"
CARDS = "CUDA_VISIBLE_DEVICES"
LOOK_SECONDS = 10.0
"""How long the driver's tool may take to list the cards."""


def local_places(workers: int, log: WorkerLog, limits: Limits) -> list[WorkerPlace]:
    """Return places on this machine for so many workers, each with its share."""
    limits = msgspec.structs.replace(limits, workers=workers)

    def place(number: int) -> WorkerPlace:
        share = share_of_machine(number, workers)
        return WorkerPlace(lambda hear, end: WorkerProcess(hear, end, log, limits, share))

    return [place(number) for number in range(workers)]


def share_of_machine(place: int, workers: int) -> dict[str, str]:
    """Return what the environment of a worker says of its share; nothing where it is the only one."""
    if workers == 1:
        return {}
    found = {THREADS: str(max(_threads() // workers, 1))}
    if cards := _cards():
        found[CARDS] = cards[place % len(cards)]
    return found


def _threads() -> int:
    """Threads that one worker would have: as many as it is told, or as there are cores for it."""
    told = os.environ.get(THREADS, "")
    if told.isdigit() and int(told):
        return int(told)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return psutil.cpu_count(logical=False) or 1


@functools.cache
def _cards() -> list[str]:
    """The graphics cards that may be used, by their numbers; none where the driver's tool is not there."""
    if CARDS in os.environ:
        return [card for card in os.environ[CARDS].split(",") if card.strip()]
    if shutil.which("nvidia-smi") is None:
        return []
    line = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    try:
        told = subprocess.run(line, capture_output=True, text=True, timeout=LOOK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return told.stdout.split() if told.returncode == 0 else []
