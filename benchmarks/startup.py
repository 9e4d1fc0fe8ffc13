"""Time from the start of the app's process to a painted window, and the memory it then holds.

python -m benchmarks.startup [TIMES]
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

CHILD = """
import sys, time
from nodeflow.garbage import unsearched
with unsearched():  # as `nodeflow open` does
    from nodeflow.app.main import application, open_window
app = application()
window = open_window()
window.show()
app.processEvents()
window.canvas.view.viewport().repaint()
painted = time.time()
import json, psutil
memory = psutil.Process().memory_info().rss / 2**20
print(json.dumps([painted, memory, len(window.canvas.nodes), "torch" in sys.modules]))
"""


def once() -> tuple[float, float, int, bool]:
    """Seconds to the painted window, MiB resident, nodes shown, and whether torch was imported."""
    begin = time.time()
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    painted, memory, nodes, torch = json.loads(done.stdout.splitlines()[-1])
    return painted - begin, memory, nodes, torch


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    runs = [once() for _ in range(times)]
    seconds = [run[0] for run in runs]
    print(f"process start to painted window   median {statistics.median(seconds):.2f} s, best {min(seconds):.2f} s")
    print(f"resident memory                   {statistics.median(run[1] for run in runs):.0f} MiB")
    print(f"nodes shown                       {runs[0][2]}")
    print(f"torch imported                    {'yes' if any(run[3] for run in runs) else 'no'}")


if __name__ == "__main__":
    main()
