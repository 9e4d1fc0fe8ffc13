"""Run, restart, run again: what a new process takes from disk, and what that saves.

``python -m benchmarks.restart`` runs the starter workflow as far as the latent with an empty cache, then in a new
worker each: to the image (the latent comes from disk), the same again, saved under another name (the image comes
from disk), and with another guidance scale (the texts come from disk). Seconds are those of the run, without the
worker's start.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.hands import STARTER, Driver
from nodeflow.engine.protocol.events import Event, NodeFinished, RunFinished
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import dumps, load
from nodeflow.graph.model.workflow import Workflow


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NODEFLOW_CACHE"] = str(Path(folder) / "cache")
        first = 0.0
        for what, (workflow, *targets) in cases().items():
            driver = Driver(Path(folder))
            ran: list[str] = []
            cached: list[str] = []
            seconds = 0.0

            def watch(event: Event, ran: list[str] = ran, cached: list[str] = cached) -> None:
                nonlocal seconds
                if isinstance(event, NodeFinished):
                    (ran if event.state == "ran" else cached).append(event.node)
                elif isinstance(event, RunFinished):
                    seconds = event.seconds

            assert driver.run(dumps(workflow), watch, tuple(targets)) == "done"
            driver.engine.close()
            first = first or seconds
            print(f"{what:28} {seconds:6.2f} s  {seconds / first:5.0%}   from disk: {' '.join(cached) or '-'}")
            print(f"{'':46} computed: {' '.join(ran) or '-'}")


def cases() -> dict[str, tuple[Workflow, *tuple[str, ...]]]:
    """Return what is run, and to which nodes; each in a worker of its own."""
    renamed, guided = load(STARTER), load(STARTER)
    SetParam("save", "name", "other").apply(renamed)
    SetParam("guidance", "scale", 4.0).apply(guided)
    return {
        "first run, to the latent": (load(STARTER), "sampler"),
        "on to the image": (load(STARTER),),
        "the same": (load(STARTER),),
        "saved under another name": (renamed,),
        "another guidance scale": (guided,),
    }


if __name__ == "__main__":
    main()
