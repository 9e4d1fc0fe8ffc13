"""One measure, taken once in this process: ``python -P measures.py NAME`` prints its figures as JSON.

It leans on nothing of this folder, so that it measures whichever tree is on the path, an earlier one too, whose rooms
may be others (see `known`). Figures of peers have the names of ours that they stand beside. Of short work CPU seconds
are taken: other programs count little.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PICTURES = 16
PAINTED = 0.1
"""Milliseconds that a step takes at the least in which anything is painted."""
NODES, ITEMS, DEEP = 1000, 10_000, 5

ABOUT = {
    "cold_cpu": "command line or script, first picture of the starter, CPU s",
    "cold_wall": "the same, s of the clock",
    "cold_memory": "the same, peak MB",
    "ready_wall": "start to worker or server ready, s",
    "ready_memory": "the same, MB resident",
    "seed_cpu": "a picture of the starter among many, exact, CPU s",
    "seed_fast_cpu": "the same, fast, CPU s",
    "chain_cold": "chain of 1,000 trivial nodes, cold, ms",
    "chain_cached": "the same, all known, ms",
    "chain_last": "the same, last changed, ms",
    "list_cpu": "list of 10,000 items through 5 nodes, CPU s",
    "pan": "pan step at 1,000 nodes, CPU ms",
    "pan_large": "pan step at 5,000 nodes, CPU ms",
}


def known(*places: str) -> Any:
    """What the tree has at the first of these places that it has, each as ``module:name``; the newest first."""
    for place in places:
        module, _, name = place.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ModuleNotFoundError, AttributeError):
            continue
    raise SystemExit(f"this tree has no {places[0]}")


def _children(act: Callable[[], object]) -> tuple[float, float, float]:
    """CPU seconds, seconds of the clock and peak megabytes of what an act runs in other processes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    act()
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, after.ru_maxrss / 1e3


def _as_cold(taken: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("cold_cpu", "cold_wall", "cold_memory"), taken, strict=True))


def cold() -> dict[str, float]:
    """The starter from the command line, with nothing known."""
    with tempfile.TemporaryDirectory() as output:
        line = [sys.executable, "-m", "nodeflow", "run", "workflows/latent-diffusion.json", "--output", output]
        return _as_cold(_children(lambda: subprocess.run(line, check=True, capture_output=True)))


DIFFUSERS = """
import sys
import torch
from diffusers import StableDiffusionPipeline
pipe = StableDiffusionPipeline.from_pretrained(
    "assets/models/latent-diffusion",
    torch_dtype=torch.float32,
    safety_checker=None,
    feature_extractor=None,
    requires_safety_checker=False,
)
pipe.set_progress_bar_config(disable=True)
"""
"""The starter in its plain form: what a script of a few lines makes of the same folder."""


def diffusers_cold() -> dict[str, float]:
    """The same picture by StableDiffusionPipeline in a script."""
    script = DIFFUSERS + "pipe('a red star', num_inference_steps=20, guidance_scale=2.5).images[0].save(sys.argv[1])"
    with tempfile.TemporaryDirectory() as output:
        line = [sys.executable, "-c", script, f"{output}/a.png"]
        return _as_cold(_children(lambda: subprocess.run(line, check=True, capture_output=True)))


def diffusers_seeds() -> dict[str, float]:
    """Pictures in batches of eight by StableDiffusionPipeline."""
    import torch

    names: dict[str, Any] = {}
    exec(DIFFUSERS, names)
    torch.set_num_threads(1)

    def pictures(first: int) -> None:
        seeds = [torch.Generator().manual_seed(first + number) for number in range(8)]
        names["pipe"](["a red star"] * 8, num_inference_steps=20, guidance_scale=2.5, generator=seeds)

    pictures(100)
    begun = time.process_time()
    for first in range(0, PICTURES, 8):
        pictures(first)
    return {"seed_cpu": (time.process_time() - begun) / PICTURES}


def ready() -> dict[str, float]:
    """A worker from its start until it is up, and the memory that it holds then."""
    import psutil

    local = known("nodeflow.engine.client.client:LocalEngine", "nodeflow.engine.line.client:LocalEngine")
    told = known("nodeflow.engine.protocol.messages:WorkerReady", "nodeflow.engine.events:Ready")
    replies: queue.SimpleQueue[Any] = queue.SimpleQueue()
    begun = time.perf_counter()
    engine = local(replies.put)
    engine.start()
    while not isinstance(replies.get(), told):
        pass
    wall = time.perf_counter() - begun
    memory = psutil.Process(engine.pid).memory_info().rss / 1e6
    engine.close()
    return {"ready_wall": wall, "ready_memory": memory}


def comfyui_ready() -> dict[str, float]:
    """ComfyUI's server, from its start until it answers; its folder is told by the environment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    line = [sys.executable, "main.py", "--cpu", "--port", str(port), "--dont-print-server"]
    begun = time.perf_counter()
    with subprocess.Popen(line, cwd=os.environ["COMFYUI"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as one:
        try:
            while one.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            if one.returncode is not None:
                raise SystemExit(f"ComfyUI ends with status {one.returncode}")
            wall = time.perf_counter() - begun
            import psutil

            return {"ready_wall": wall, "ready_memory": psutil.Process(one.pid).memory_info().rss / 1e6}
        finally:
            one.kill()


def seeds() -> dict[str, float]:
    """Pictures of the starter by their seeds, one sweep, warm, in one thread; exact, and fast where that is known."""
    import torch

    load = known("nodeflow.graph.io.files:load", "nodeflow.graph.files:load")
    set_param = known("nodeflow.graph.edits.edits:SetParam", "nodeflow.graph.edits:SetParam")
    sweep = known("nodeflow.graph.validate.sweeps:Sweep", "nodeflow.graph.sweeps:Sweep")
    runner = known("nodeflow.engine.worker.workflow_runner:WorkflowRunner", "nodeflow.engine.worker.session:Session")()
    requests = known("nodeflow.engine.protocol.run_request:RunRequest", "builtins:tuple")
    torch.set_num_threads(1)
    workflow = load(Path("workflows/latent-diffusion.json"))
    set_param("scheduler", "steps", 20).apply(workflow)
    found = {}
    rules = ("exact", "fast") if "precision" in getattr(requests, "__struct_fields__", ()) else ("exact",)
    for rule in rules:
        more: dict[str, Any] = {} if rule == "exact" else {"precision": rule}
        with tempfile.TemporaryDirectory() as output:
            for values in ((10**6,), tuple(range(PICTURES))):
                begun = time.process_time()
                about = (workflow, Path("workflows"), Path(output))
                sweeps = (sweep("noise", "seed", values),)
                early = requests is tuple  # a run was asked for with arguments then
                events = (
                    runner.run(*about, on="cpu", sweeps=sweeps)
                    if early
                    else runner.run(requests.of(*about, device="cpu", sweeps=sweeps, **more))
                )
                for _ in events:
                    pass
        found["seed_cpu" if rule == "exact" else "seed_fast_cpu"] = (time.process_time() - begun) / PICTURES
    return found


TOYS = '''
from dataclasses import dataclass
from nodeflow.node import node

@dataclass(frozen=True)
class Number:
    value: int

@node("Source")
def source(value: int = 0) -> Number:
    """A number."""
    return Number(value)

@node("Add")
def add(number: Number, amount: int = 1) -> Number:
    """A number and some more."""
    return Number(number.value + amount)

@node("Many")
def many(count: int = 10) -> list[Number]:
    """Several numbers."""
    return [Number(value) for value in range(count)]
'''


def _toys() -> Any:
    """An executor and what runs a workflow of toy nodes."""
    import types

    cache = known("nodeflow.engine.cache.result_cache:ResultCache", "nodeflow.engine.store.cache:Cache")
    executors = known("nodeflow.engine.execution.executor:Executor", "nodeflow.engine.run.executor:Executor")
    context = known("nodeflow.engine.planning.content_keys:RunContext", "nodeflow.engine.plan.keys:Settings")
    plan = known("nodeflow.engine.planning.plan:plan", "nodeflow.engine.plan.plan:plan")
    module = types.ModuleType("toys")
    sys.modules["toys"] = module
    exec(TOYS, module.__dict__)
    for name in ("Number", "source", "add", "many"):
        getattr(module, name).__module__ = "toys"
    packs = known("nodeflow.engine.worker.packs:Packs")()
    packs.add(module, "1")
    executor = executors(packs.functions, cache({"cpu": 2**30}))
    return lambda workflow: list(executor.run(plan(workflow, packs.catalogue), context(Path(), Path())))


def _parts(*names: str) -> Iterator[Any]:
    """Parts of a workflow."""
    return (known(f"nodeflow.graph.model.workflow:{name}", f"nodeflow.graph.workflow:{name}") for name in names)


def _chain(length: int, first: str) -> Any:
    link_of, node, workflows = _parts("Link", "Node", "Workflow")
    workflow = workflows(nodes={"n0": node(f"toys.{first}")})
    for index in range(1, length):
        output = "numbers" if first == "many" and index == 1 else "number"
        workflow.nodes[f"n{index}"] = node("toys.add")
        link = link_of(f"n{index - 1}", output, f"n{index}", "number")
        workflow.links[link.socket] = link
    return workflow


def chain() -> dict[str, float]:
    """A chain of trivial nodes: cold, cached, and with the last node changed; the best of three."""
    (node,) = _parts("Node")
    found: dict[str, float] = {}
    for _ in range(3):
        run, workflow = _toys(), _chain(NODES, "source")
        for name in ("chain_cold", "chain_cached", "chain_last"):
            if name == "chain_last":
                workflow.nodes[f"n{NODES - 1}"] = node("toys.add", params={"amount": 9})
            begun = time.process_time()
            run(workflow)
            found[name] = min(found.get(name, 1e9), 1e3 * (time.process_time() - begun))
    return found


def long_list() -> dict[str, float]:
    """A list of trivial items through some nodes, cold."""
    run, workflow = _toys(), _chain(DEEP + 1, "many")
    first = workflow.nodes["n0"]
    workflow.nodes["n0"] = type(first)(first.type, params={"count": ITEMS})
    begun = time.process_time()
    run(workflow)
    return {"list_cpu": time.process_time() - begun}


def pan() -> dict[str, float]:
    """A step of panning, with its painting, over a small and a large document."""
    import statistics

    from PySide6.QtWidgets import QApplication

    canvases = known("nodeflow.app.canvas.controller.canvas_controller:Canvas", "nodeflow.app.canvas.canvas:Canvas")
    sessions = known("nodeflow.app.model.document_session:DocumentSession", "nodeflow.app.session:Session")
    theme = known("nodeflow.app.qt:theme", "nodeflow.app:theme")
    save = known("nodeflow.graph.io.files:save", "nodeflow.graph.files:save")
    catalogues, port, specs, given = (
        known(f"nodeflow.graph.model.catalogue:{name}", f"nodeflow.graph.catalog:{name}")
        for name in ("Catalogue", "Input", "NodeSpec", "Output")
    )
    link_of, node, workflows, placement = _parts("Link", "Node", "Workflow", "Placement")
    app = QApplication([])
    theme.apply(app, "dark")
    spec = specs("t.s", "Step", 1, "t", "A step.", (port("a", "Latent", required=False),), (), (given("b", "Latent"),))
    found = {}
    for name, count in (("pan", 1000), ("pan_large", 5000)):
        links = (link_of(f"n{index - 1}", "b", f"n{index}", "a") for index in range(1, count))
        workflow = workflows(
            {f"n{index}": node("t.s") for index in range(count)},
            {link.socket: link for link in links},
            {f"n{index}": placement(index % 40 * 300.0, index // 40 * 220.0) for index in range(count)},
        )
        with tempfile.TemporaryDirectory() as place:
            save(workflow, Path(place) / "a.json")
            session = sessions(catalogues({}, {spec.type: spec}))
            canvas = canvases(session)
            canvas.view.resize(1600, 1000)
            canvas.view.show()
            session.open(Path(place) / "a.json")
            if hasattr(canvas, "items"):  # opened in slices
                canvas.items.complete()
        camera = getattr(canvas.view, "camera", canvas.view)
        camera.set_scale(1.0)
        canvas.view.centerOn(canvas.nodes[f"n{count // 2}"])
        app.processEvents()
        spans = []
        for _ in range(40):
            begun = time.process_time()
            camera.pan_by(9, 4)
            app.processEvents()
            spans.append(1e3 * (time.process_time() - begun))
        found[name] = statistics.median(spans)
        if found[name] < PAINTED:
            raise SystemExit("its canvas paints nothing without a screen")
        canvas.view.hide()
    return found


MEASURES: dict[str, Callable[[], dict[str, float]]] = {
    "cold": cold,
    "ready": ready,
    "seeds": seeds,
    "chain": chain,
    "list": long_list,
    "pan": pan,
}
PEERS: dict[str, Callable[[], dict[str, float]]] = {
    "diffusers_cold": diffusers_cold,
    "diffusers_seeds": diffusers_seeds,
    "comfyui": comfyui_ready,
}

if __name__ == "__main__":
    print(json.dumps({**MEASURES, **PEERS}[sys.argv[1]]()))
