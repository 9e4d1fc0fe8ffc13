"""A thousand runs with random edits in one worker: does memory stay level, do budgets hold?

``python -m benchmarks.soak [COUNT]`` prints resident memory of this process (the app's side) and of the worker, and
the bytes on disk, every tenth of the way. Budgets are small, so that the cache is full early.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.hands import Driver, changed
from nodeflow.engine.protocol.limits import Limits

MEMORY, DISK = 80_000_000, 20_000_000


def main() -> None:
    """Run, print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NODEFLOW_CACHE"] = str(Path(folder) / "cache")
        driver = Driver(Path(folder), Limits(MEMORY, DISK))
        ours, chance = psutil.Process(), random.Random(0)
        most = held = 0
        print(f"budgets: {MEMORY / 1e6:.0f} MB of results in memory, {DISK / 1e6:.0f} MB on disk")
        print(f"{'runs':>6} {'app side':>10} {'worker':>10} {'disk':>9} {'handles':>8} {'s a run':>8}")
        begin = time.monotonic()
        for number in range(1, count + 1):
            state = driver.run(_edited(chance))
            assert state == "done", state
            if number % 10 == 0:
                most = max(most, held := _on_disk(Path(folder)))
            if number % max(count // 10, 1) == 0:
                worker = psutil.Process(driver.engine.pid)
                print(
                    f"{number:6} {ours.memory_info().rss / 1e6:7.0f} MB {worker.memory_info().rss / 1e6:7.0f} MB "
                    f"{held / 1e6:6.1f} MB {ours.num_fds():8} {(time.monotonic() - begin) / number:8.2f}",
                    flush=True,
                )
        print(f"most on disk: {most / 1e6:.1f} MB{' EXCEEDED' if most > DISK else ''}")
        print(f"most in memory: {driver.fullest / 1e6:.1f} MB{' EXCEEDED' if driver.fullest > MEMORY else ''}")
        driver.engine.close()


def _on_disk(folder: Path) -> int:
    """Bytes of results. Looked up without the disk tier's own code, which would bring torch to the app's side."""
    return sum(path.stat().st_size for path in (folder / "cache" / "results").glob("*/*.safetensors") if path.exists())


def _edited(chance: random.Random) -> bytes:
    return changed(chance, "soak", chance.randint(1, 6), seed=chance.randrange(2**32), scale=chance.uniform(1, 9))


if __name__ == "__main__":
    main()
