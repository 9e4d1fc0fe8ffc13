"""Cost of looking: scrubbing the steps of a run, fetching them, memory held, and recording itself.

    python -m benchmarks.inspector [STEPS]

Scrubbing is what the app does for a step once its frame is there: find it, show it, paint it (a view of 700 x 700).
Latents 128 wide are those of an image of 1024 pixels for Stable Diffusion. Decoded steps are those of the starter
model, whose latents are 16 cells wide for an image of 64 pixels.
Where other programs keep the machine busy, the longest step is one in which they ran; the processor's time is ours.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from nodeflow.app.inspector.frame_store import FrameCache, FrameSeries
from nodeflow.app.qt.image_view import ImageView
from nodeflow.engine.inspect.tensor_facts import facts
from nodeflow.engine.inspect.value_inspector import ValueInspector
from nodeflow.engine.protocol.messages import ViewQuery
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.protocol.value_handle import Overview, ValueHandle
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.io.files import load
from nodeflow.resources import folder
from nodeflow.views import View
from nodeflow.wires import Trajectory
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.noise import gaussian_noise
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler

KEY = "00ff"
STARTER = folder("workflows") / "latent-diffusion.json"


class Direct:
    """Answers looks in this process, with what the worker answers."""

    def __init__(self, inspector: ValueInspector, document: str) -> None:
        self.inspector, self.document = inspector, document

    def ask(self, then: Callable[[View | None, str], None], **look: Any) -> None:
        answer = self.inspector.look(ViewQuery(1, document=self.document, **look))
        assert not isinstance(answer.view, Overview)
        then(answer.view, answer.error)


class Painted(ImageView):
    """A view that counts how often it was painted."""

    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted += 1
        super().paintEvent(event)


class Pauses:
    """Hold how long the garbage collector stops everything, while this is open."""

    def __init__(self) -> None:
        self.seconds = [0.0]
        self._begun = 0.0

    def _told(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._begun = time.perf_counter()
        else:
            self.seconds.append(time.perf_counter() - self._begun)

    def __enter__(self) -> None:
        gc.callbacks.append(self._told)

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._told)


def trajectory(steps: int, side: int) -> Trajectory:
    """Random latents of four channels, as many as a run leaves in x."""
    x = tuple(torch.randn(1, 4, side, side) for _ in range(steps + 1))
    times = torch.arange(steps)
    return Trajectory(times, times.float(), x, x[1:])


def scrub(steps: int, side: int, way: str, session: WorkflowRunner) -> None:
    """The steps of a run whose latents are so many cells wide."""
    executor = session.executor
    executor.cache.put(bytes.fromhex(KEY), (trajectory(steps, side),), 1.0)
    view, cache = Painted(), FrameCache()
    view.resize(700, 700)
    view.show()
    QTest.qWaitForWindowExposed(view)
    begin = time.perf_counter()
    film = FrameSeries(
        Direct(ValueInspector(executor), "bench"),  # type: ignore[arg-type]
        cache,
        ValueHandle(KEY, 0, "Trajectory"),
        "frames",
        {"quantity": "x", "way": way},
        steps + 1,
        512,
    )
    for step in range(steps + 1):
        film.want(step)
    fetched = time.perf_counter() - begin
    taken, own, pauses = [], [], Pauses()
    with pauses:
        for step in [*range(steps + 1), *reversed(range(steps + 1))]:
            begin, begin_own = time.perf_counter(), time.thread_time()
            view.show_frame(film.frame(step))
            film.want(step)
            view.repaint()
            taken.append(time.perf_counter() - begin)
            own.append(time.thread_time() - begin_own)
    assert view.painted >= len(taken)
    taken.sort()
    print(
        f"latents {side:4} wide, {way:9} {steps} steps   scrub median {1000 * statistics.median(taken):5.2f} ms, "
        f"95 % {1000 * taken[int(len(taken) * 0.95)]:5.2f} ms, longest {1000 * taken[-1]:5.2f} ms "
        f"(of the processor {1000 * max(own):5.2f} ms, garbage {1000 * max(pauses.seconds):.2f} ms)   "
        f"fetch {1000 * fetched / (steps + 1):5.1f} ms each   held {cache.bytes / 1e6:.1f} MB"
    )
    view.close()


Record = Literal["nothing", "steps", "steps and attention"]


def run(model: LatentDiffusion, record: Record, steps: int = 20) -> float:
    """Seconds of the processor that a sampling run takes, on one thread."""
    text, nothing = (clip_text_encode(model.text_encoder, text) for text in ("a red star on a blue background", ""))
    guider = classifier_free_guidance(unet_denoiser(model.unet), text, nothing, 2.5)
    begin = time.process_time()
    for _ in sample(guider, scheduler(model.schedule, "DDIM", steps), gaussian_noise(), record=record):
        pass
    return time.process_time() - begin


def recording(times: int = 15) -> None:
    """What recording adds to a run of the starter model; ways take turns, so that a busy machine harms all alike."""
    torch.set_num_threads(1)
    model = load_latent_diffusion()
    ways: tuple[Record, ...] = ("nothing", "steps", "steps and attention")
    run(model, ways[-1])
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(times):
        for way in ways:
            seconds[way].append(run(model, way))
    for way in ways:
        best, middle = min(seconds[way]), statistics.median(seconds[way])
        more = statistics.median(one / base for one, base in zip(seconds[way], seconds["nothing"], strict=True)) - 1
        print(f"record {way:20} best {best:.3f} s, median {middle:.3f} s, to nothing beside it {100 * more:+.1f} %")


def overview() -> None:
    """The facts about a latent and about an image of 1024 pixels."""
    for shape in ((1, 4, 128, 128), (1, 3, 1024, 1024)):
        tensor = torch.randn(shape)
        facts("warm", tensor)
        begin = time.perf_counter()
        facts("tensor", tensor)
        print(f"facts of {shape}: {1000 * (time.perf_counter() - begin):.1f} ms")


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("NODEFLOW_CACHE", str(Path(tempfile.mkdtemp())))
    app = QApplication(sys.argv[:1])
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    session = WorkflowRunner()
    workflow = load(STARTER)
    list(
        session.run(
            RunRequest.of(
                workflow, STARTER.parent, Path(tempfile.mkdtemp()), ("model",), device="cpu", document="bench"
            )
        )
    )
    for side in (64, 128, 1024):
        for way in ("channels", "colours"):
            scrub(steps, side, way, session)
    for side in (16, 64):
        scrub(steps, side, "decoded", session)
    overview()
    recording()
    app.quit()


if __name__ == "__main__":
    main()
