"""Gallery and queue with very many entries: opened, scrolled and searched in the window, and what memory that takes.

    python -m benchmarks.long_lists [--images 50000] [--jobs 10000]

Images are small files of one pixel with prompts of their own, some 600 letters each, in an index that is made before;
jobs are what the engine would tell of a queue. Times are those of processors, of all threads together, until the window
has painted: other programs do not count.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QListView

from nodeflow.app.main import application
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.engine.protocol.messages import JobInfo, QueueChanged
from nodeflow.gallery.image_facts import ImageFacts
from nodeflow.gallery.image_index import ImageIndex
from nodeflow.gallery.paths import Paths

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
SUBJECTS = ("a kite", "a lighthouse", "a red star", "two foxes", "a harbour", "an old tram", "a teapot", "a comet")
STYLES = """
    oil painting, watercolour, ink drawing, pencil sketch, photograph, etching, golden hour, blue hour, heavy fog,
    soft light, hard shadows, rim light, backlit, wide angle, close up, shallow depth of field, long exposure,
    film grain, muted colours, vivid colours, pastel tones, symmetrical, low horizon, bird's eye view, rough texture,
    intricate details, smooth gradients, masterpiece, award winning, cinematic, painted by hand, on old paper
"""
NEGATIVE = "blurry, low quality, jpeg artefacts, watermark, signature, cropped, out of frame, extra fingers, deformed"
FRAMES = 120


def fill(folder: Path, many: int) -> None:
    """Write images and their index."""
    folder.mkdir(parents=True)
    facts, dice, styles = [], random.Random(0), " ".join(STYLES.split()).split(", ")
    for number in range(many):
        path = folder / f"{number:06d}.png"
        path.write_bytes(PIXEL)
        state = path.stat()
        style = ", ".join(dice.choices(styles, k=28))
        prompt = f"{SUBJECTS[number % len(SUBJECTS)]} at {number % 24} o'clock, picture {number}, {style}"
        words = f"{path.name}\nnodeflow\n{prompt}\n{NEGATIVE}\n{number}".casefold()
        facts.append(
            ImageFacts(str(path), state.st_mtime_ns, state.st_size, 1, 1, prompt=prompt, seed=str(number), words=words)
        )
    index = ImageIndex()
    index.put(facts)
    index.close()


def until(done: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.perf_counter() + seconds
    while not done():
        QApplication.processEvents()
        time.sleep(0.002)
        if time.perf_counter() > end:
            raise TimeoutError("it did not come to an end")


def _note(results: list[int], paths: Paths) -> None:
    results.append(len(paths))


def megabytes() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def scroll(view: QAbstractScrollArea) -> list[float]:
    """Milliseconds of each frame while the whole list passes by, and then while the wheel turns."""
    bar, took = view.verticalScrollBar(), []
    for frame in range(FRAMES):
        start = time.process_time()
        bar.setValue(bar.maximum() * frame // FRAMES if frame < FRAMES // 2 else bar.value() + bar.singleStep())
        view.viewport().repaint()
        QApplication.processEvents()
        took.append(1000 * (time.process_time() - start))
    return took


def told(what: str, took: list[float]) -> None:
    worst, middle = sorted(took)[int(0.99 * len(took))], statistics.median(took)
    print(f"{what:<44} median {middle:8.1f} ms   99 % {worst:8.1f} ms   n={len(took)}")


def gallery(window: MainWindow, many: int) -> None:
    """Open, scroll and search the gallery."""
    before, start, own = megabytes(), time.process_time(), time.thread_time()
    dock = window.findChild(Dock, "gallery")
    assert dock is not None
    dock.bring()
    panel = dock.widget()
    assert isinstance(panel, Gallery)
    until(lambda: len(panel.model.paths) == many)
    panel.view.viewport().repaint()
    told(f"gallery of {many}: open until images are seen", [1000 * (time.process_time() - start)])
    told("gallery: of that on the interface's thread", [1000 * (time.thread_time() - own)])
    again = []
    for _ in range(5):
        dock.close()
        QApplication.processEvents()
        start = time.process_time()
        dock.bring()
        panel.view.viewport().repaint()
        QApplication.processEvents()
        again.append(1000 * (time.process_time() - start))
    told("gallery: open again", again)
    until(lambda: not panel.images.scanning)
    assert isinstance(panel.view, QListView)
    told("gallery: a frame while it scrolls", scroll(panel.view))
    took = []
    for query in ("kite", "kite 12345", "no such thing", "watercolour ink zz", "lighthouse 7 o'clock", "49999", "tram"):
        panel.search.clear()
        until(lambda: len(panel.model.paths) == many)
        results: list[int] = []
        note = partial(_note, results)
        panel.images.found.connect(note)
        for letter in query:
            results.clear()
            start = time.process_time()
            QTest.keyClicks(panel.search, letter)
            until(results.__len__)
            panel.view.viewport().repaint()
            took.append(1000 * (time.process_time() - start))
        panel.images.found.disconnect(note)
    told("gallery: a letter of a search until it is seen", took)
    print(f"{'gallery: memory':<44} {megabytes() - before:.0f} MiB")
    dock.close()


def queue(window: MainWindow, many: int) -> None:
    """Open and scroll the queue, and let it move on."""
    jobs = tuple(JobInfo(n, f"workflow {n}", "waiting", "x", f"a kite, seed {n}") for n in range(1, many + 1))
    before = megabytes()
    window.hub._take(QueueChanged(jobs, False))
    start = time.process_time()
    dock = window.findChild(Dock, "queue")
    assert dock is not None
    dock.bring()
    panel = dock.widget()
    assert isinstance(panel, QueuePanel)
    panel.list.viewport().repaint()
    QApplication.processEvents()
    told(f"queue of {many}: open", [1000 * (time.process_time() - start)])
    told("queue: a frame while it scrolls", scroll(panel.list))
    took = []
    for gone in range(1, 20):
        start = time.process_time()
        window.hub._take(QueueChanged(jobs[gone:], False))
        panel.list.viewport().repaint()
        QApplication.processEvents()
        took.append(1000 * (time.process_time() - start))
    told("queue: a job is done", took)
    took = []
    for _ in range(20):
        start = time.process_time()
        panel.tell_time()
        panel.list.viewport().repaint()
        took.append(1000 * (time.process_time() - start))
    told("queue: the time left is told", took)
    print(f"{'queue: memory':<44} {megabytes() - before:.0f} MiB")
    window.hub._take(QueueChanged((), False))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_lists", description=__doc__)
    parser.add_argument("--images", type=int, default=50_000)
    parser.add_argument("--jobs", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NODEFLOW_DATA"], os.environ["NODEFLOW_CACHE"] = f"{folder}/data", f"{folder}/cache"
        output = Path(folder) / "images"
        fill(output, asked.images)
        application()
        window = MainWindow(DocumentSession(output=output))
        window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, False)
        window.resize(1600, 950)
        window.show()
        QTest.qWait(300)
        gallery(window, asked.images)
        queue(window, asked.jobs)
        window.close()


if __name__ == "__main__":
    main()
