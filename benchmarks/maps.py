"""Cost of lists beside the work: a chain of five trivial nodes behind a list of n items.

``python -m benchmarks.maps`` prints a table: milliseconds cold, with nothing changed, and with one item added, those of
check, plan and run together inside one process, the best of three; and the bytes of all messages of the cold run.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.executor import add
from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.executor import Executor
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.messages import JobEvent
from nodeflow.engine.worker.packs import Packs
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.node import node

LENGTH = 5


@node("Numbers")
def numbers(count: int = 1) -> list[int]:
    """The numbers up to a count."""
    return list(range(count))


def mapped(count: int) -> Workflow:
    """A chain behind a list."""
    workflow = Workflow(nodes={"numbers": Node(f"{PACK}.numbers", params={"count": count})})
    workflow.nodes["n0"] = Node(f"{PACK}.source")
    links = [Link("numbers", "values", "n0", "value")]
    for index in range(1, LENGTH):
        workflow.nodes[f"n{index}"] = Node(f"{PACK}.add")
        links.append(Link(f"n{index - 1}", "number", f"n{index}", "number"))
    workflow.links = {link.socket: link for link in links}
    return workflow


def measure(count: int) -> tuple[list[float], int]:
    """Milliseconds cold, cached, and with one item more; bytes of the messages of the cold run."""
    packs = Packs()
    packs.add(sys.modules[add.__module__], "1")
    packs.add(sys.modules[__name__], "1")
    best, size = [float("inf")] * 3, 0
    for _ in range(3):
        executor = Executor(packs.functions, ResultCache({"cpu": 2**30}))
        for case, workflow in enumerate((mapped(count - 1), mapped(count - 1), mapped(count))):
            gc.collect()
            begin = time.perf_counter()
            events = list(executor.run(plan(workflow, packs.catalogue), RunContext(Path(), Path())))
            best[case] = min(best[case], 1e3 * (time.perf_counter() - begin))
            if case == 0:
                size = sum(len(msgspec.msgpack.encode(JobEvent(1, event))) for event in events)
    return best, size


def main() -> None:
    """Print the table."""
    print(f"{'items':>7} {'tasks':>7} {'cold':>11} {'cached':>11} {'one more':>11} {'messages':>10}")
    for count in (10, 100, 1000, 10_000):
        (cold, cached, more), size = measure(count)
        tasks = count * LENGTH
        print(f"{count:7} {tasks:7} {cold:8.1f} ms {cached:8.1f} ms {more:8.1f} ms {size / 1024:6.0f} KiB")


PACK = __name__.partition(".")[0]

if __name__ == "__main__":
    from benchmarks.maps import main as run

    run()
