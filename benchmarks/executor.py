"""Cost of the graph beside the work: keys, plan, look-ups and events on trivial nodes.

``python -m benchmarks.executor`` prints a table: chains and diamonds, cold, with nothing changed, and with the last
node changed. Times are those of check, plan and run together, inside one process; the best of three. The last column
is what ComfyUI 0.3.64 took for the same chain on a machine of this kind (one thread, measured once: read the ratio).
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.executor import Executor
from nodeflow.engine.planning.content_keys import RunContext
from nodeflow.engine.planning.plan import plan
from nodeflow.engine.protocol.messages import JobEvent
from nodeflow.engine.worker.packs import Packs
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.node import node

PEER_COLD = {100: 0.17, 300: 3.0, 1000: 35.0}
PEER_CACHED = {100: 0.17, 300: 3.0, 1000: 38.0}


@dataclass(frozen=True)
class Number:
    value: int


@node("Source")
def source(value: int = 0) -> Number:
    """A number."""
    return Number(value)


@node("Add")
def add(number: Number, other: Number | None = None, amount: int = 1) -> Number:
    """A number and some more."""
    return Number(number.value + amount + (other.value if other else 0))


def chain(length: int) -> Workflow:
    """Each node from the one before it."""
    workflow = Workflow(nodes={"n0": Node(f"{PACK}.source")})
    for index in range(1, length):
        _put(workflow, f"n{index}", f"n{index - 1}")
    return workflow


def chains(count: int, length: int) -> Workflow:
    """Several chains side by side."""
    workflow = Workflow()
    for row in range(count):
        workflow.nodes[f"c{row}n0"] = Node(f"{PACK}.source", params={"value": row})
        for index in range(1, length):
            _put(workflow, f"c{row}n{index}", f"c{row}n{index - 1}")
    return workflow


def diamonds(count: int) -> Workflow:
    """Each node from the one before it and two beside it: 2**count paths."""
    workflow = Workflow(nodes={"n0": Node(f"{PACK}.source")})
    for index in range(1, count + 1):
        _put(workflow, f"left{index}", f"n{index - 1}")
        _put(workflow, f"right{index}", f"n{index - 1}", amount=2)
        _put(workflow, f"n{index}", f"left{index}", f"right{index}")
    return workflow


def _put(workflow: Workflow, name: str, before: str, other: str = "", amount: int = 1) -> None:
    workflow.nodes[name] = Node(f"{PACK}.add", params={"amount": amount})
    for start, port in ((before, "number"), (other, "other")):
        if start:
            link = Link(start, "number", name, port)
            workflow.links[link.socket] = link


def measure(make: Callable[[], Workflow]) -> tuple[int, list[float], int]:
    """Nodes; milliseconds cold, cached, and with the last node changed; bytes of all messages of the cold run."""
    packs = Packs()
    packs.add(sys.modules[__name__], "1")
    settings = RunContext(Path(), Path())
    best = [float("inf")] * 3
    size = nodes = 0
    for _ in range(3):
        workflow = make()
        nodes = len(workflow.nodes)
        executor = Executor(packs.functions, ResultCache({"cpu": 2**30}))
        last = next(reversed(workflow.nodes))
        for case in range(3):
            if case == 2:
                workflow.nodes[last] = msgspec.structs.replace(workflow.nodes[last], params={"amount": 99})
            gc.collect()
            begin = time.perf_counter()
            events = list(executor.run(plan(workflow, packs.catalogue), settings))
            best[case] = min(best[case], 1e3 * (time.perf_counter() - begin))
            if case == 0:
                size = sum(len(msgspec.msgpack.encode(JobEvent(1, event))) for event in events)
    return nodes, best, size


def main() -> None:
    """Print the table."""
    cases: list[tuple[str, Callable[[], Workflow], int]] = [
        (f"chain of {length}", lambda length=length: chain(length), length)  # type: ignore[misc]
        for length in (100, 300, 1000, 10_000)
    ]
    cases += [("40 chains of 25", lambda: chains(40, 25), 0), ("200 diamonds", lambda: diamonds(200), 0)]
    print(f"{'':18} {'nodes':>6} {'cold':>10} {'cached':>10} {'last node':>10} {'messages':>10}   peer cold / cached")
    for name, make, length in cases:
        nodes, (cold, cached, last), size = measure(make)
        peer = f"{PEER_COLD[length]:.2f} s / {PEER_CACHED[length]:.2f} s" if length in PEER_COLD else ""
        print(f"{name:18} {nodes:6} {cold:7.1f} ms {cached:7.1f} ms {last:7.1f} ms {size / 1024:6.0f} KiB   {peer}")


PACK = __name__.partition(".")[0]

if __name__ == "__main__":
    from benchmarks.executor import main as run

    run()
