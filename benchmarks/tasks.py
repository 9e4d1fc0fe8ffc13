"""Everyday tasks, done in a window by mouse and keys alone, with the number of actions that each takes.

    python -m benchmarks.tasks [--size 1366x768] [--language en|zh_CN] [--theme dark|light] [--pictures FOLDER]

A key with those held, a click, a drag, and a text typed in one go are one action each; an entry of a menu or the tool
bar counts as the clicks that it takes, and is called. The engine is the real one. Each task looks at the document, the
queue or the file afterwards, and fails where it was not reached.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from nodeflow.app.i18n import language
from nodeflow.app.main import application
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.qt import theme
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.io.files import load

KEY, LEFT = Qt.Key, Qt.MouseButton.LeftButton
NONE, CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
COMFYUI = {
    "KSampler": "nodes.sample",
    "Load Checkpoint": "nodes.load_",
    "Empty Latent": "nodes.empty_latent",
    "Preview Image": "nodes.",
    "Apply ControlNet": "nodes.",
}


class Person:
    """Counts what the hands do."""

    def __init__(self, window: MainWindow, pictures: Path | None) -> None:
        self.window, self.pictures, self.actions = window, pictures, 0

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        self.actions += 1
        QTest.keyPress(QApplication.focusWidget() or self.window, key, held)
        self.wait()

    def type(self, words: str) -> None:
        self.actions += 1
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClicks(focus, words)
        self.wait()

    def click(self, widget: QWidget) -> None:
        self.actions += 1
        QTest.mouseClick(widget, LEFT)
        self.wait()

    def click_on_canvas(self, place: QPointF) -> None:
        self.actions += 1
        view = self.window.canvas.view
        QTest.mouseClick(view.viewport(), LEFT, pos=view.mapFromScene(place))
        self.wait()

    def row(self, node: str, param: str) -> QPointF:
        """The middle of a row of a node."""
        card = self.window.canvas.nodes[node]
        return card.pos() + card.rows[[row.name for row in card.face.rows].index(param)].center()

    def title(self, node: str) -> QPointF:
        return self.window.canvas.nodes[node].pos() + QPointF(60, 12)

    def panel(self, id: str) -> QWidget:
        dock = self.window.findChild(Dock, id)
        assert dock is not None
        return dock.fill()

    def wait(self, until: Callable[[], object] = lambda: True, seconds: float = 240.0) -> None:
        end = time.monotonic() + seconds
        QApplication.processEvents()
        while not until():
            QApplication.processEvents()
            time.sleep(0.005)
            if time.monotonic() > end:
                raise TimeoutError("the task was not reached")

    def finished(self) -> None:
        self.wait(lambda: not self.window.session.running)

    def did(self, number: int, what: str) -> None:
        """Tell how many actions a task took, and begin to count anew."""
        print(f"{number:>2}  {self.actions:>3}  {what}", flush=True)
        if self.pictures is not None:
            self.window.grab().save(str(self.pictures / f"{number:02}.png"))
        self.actions = 0
        self.window.canvas.view.setFocus()


def first_image(person: Person) -> None:
    window = person.window
    window.show_start_page()
    assert window.start_page is not None
    window.start_page.workflows.setFocus()
    person.key(KEY.Key_Return, CTRL)
    person.wait(lambda: window.session.states.outcome == "done")
    person.wait(lambda: window.preview.view.images)
    person.did(1, "start, first image of the starter")


def another_prompt(person: Person) -> None:
    window = person.window
    window.gestures.frame_all()
    person.click_on_canvas(person.row("prompt", "text"))
    person.key(KEY.Key_A, CTRL)
    person.type("a blue star on a red background")
    person.key(KEY.Key_Return, CTRL)
    person.finished()
    state = window.session.state("sampler")
    assert state.phase == "ran" and state.why and window.session.state("noise").phase == "cached"
    assert "blue" in str(window.session.workflow.nodes["prompt"].params["text"])
    person.did(2, "change the prompt, run, read why each node ran")


def batch(person: Person) -> None:
    window = person.window
    person.click_on_canvas(person.row("noise", "batch"))
    person.key(KEY.Key_A, CTRL)
    person.type("3")
    person.key(KEY.Key_Return)
    person.key(KEY.Key_Return, CTRL)
    person.finished()
    preview = window.preview
    person.wait(lambda: len(preview.view.images) == 3)
    for _ in range(3):
        person.click(preview.tools.after)
    assert preview.view.chosen == 2
    person.click(preview.tools.copy)
    person.actions += 2  # the menu Use, and its entry
    preview.tools.seed.trigger()
    person.wait()
    assert not QGuiApplication.clipboard().image().isNull()
    assert window.session.workflow.nodes["noise"].params["batch"] == 1
    person.did(3, "batch of three: enlarge the third, copy it, take its seed")


def comfyui_names(person: Person) -> None:
    window = person.window
    for name, kind in COMFYUI.items():
        before = set(window.session.workflow.nodes)
        person.key(KEY.Key_Tab)
        person.type(name)
        person.key(KEY.Key_Return)
        (new,) = set(window.session.workflow.nodes) - before
        assert window.session.workflow.nodes[new].type.startswith(kind), (name, window.session.workflow.nodes[new].type)
    for _ in COMFYUI:
        window.session.stack.undo()
    person.did(7, "find five nodes by ComfyUI's names")


def queue(person: Person) -> None:
    window = person.window
    person.click_on_canvas(person.title("noise"))
    window.canvas.values.next_seed_mode()
    person.actions += 1
    person.actions += 1  # the button Queue of the tool bar
    window.actions_["view.queue"].trigger()
    person.wait()
    panel = person.panel("queue")
    assert isinstance(panel, QueuePanel)
    panel.times.setFocus()
    person.key(KEY.Key_A, CTRL)
    person.type("6")
    person.click(panel.repeat)
    person.wait(lambda: panel.list.count() >= 5)
    panel.list.setCurrentRow(panel.list.count() - 1)
    person.actions += 1
    panel.list.setFocus()
    last = panel.list.currentItem().data(Qt.ItemDataRole.UserRole).job
    person.key(KEY.Key_Up, ALT)
    person.wait(lambda: window.hub.jobs[-1].job != last)
    window.canvas.view.setFocus()
    person.key(KEY.Key_Period, CTRL)
    person.click(panel.clear)
    person.wait(lambda: not window.hub.jobs)
    person.did(11, "queue six seeds, move one up, cancel the running one, clear the rest")


def find_image(person: Person) -> None:
    window = person.window
    person.actions += 1
    window.actions_["view.gallery"].trigger()
    gallery = person.panel("gallery")
    assert isinstance(gallery, Gallery)
    person.click(gallery.search)
    person.type("blue star")
    person.wait(lambda: gallery.images.query == "blue star" and len(gallery.model.paths) > 0)
    gallery.view.setCurrentIndex(gallery.model.index(0))
    person.actions += 1
    tabs = window.tabs.count()
    person.click(gallery.buttons["open"])
    person.wait(lambda: window.tabs.count() > tabs)
    assert "blue" in str(window.session.workflow.nodes["prompt"].params["text"])
    window.tabs.step(-1)
    window.actions_["view.gallery"].trigger()
    person.did(12, "find an image by a word of its prompt, open its workflow")


def form(person: Person) -> None:
    window = person.window
    window.gestures.frame_all()
    for node, words in (("prompt", "text"), ("guidance", "scale"), ("decode", "image")):
        person.click_on_canvas(person.title(node))
        person.key(KEY.Key_F, CTRL | ALT)
        person.type(words)
        person.key(KEY.Key_Return)
    person.key(KEY.Key_F, CTRL | SHIFT)
    made = window.session.workflow.form
    assert made is not None and len(made.fields) == 2 and len(made.outputs) == 1 and not window.tabs.front.on_canvas
    person.did(14, "make it a form for somebody else: two values and an image")
    window.forms.turn()


def save_again(person: Person) -> None:
    window, file = person.window, person.window.hub.output / "mine.json"
    window.session.save(file)
    person.click_on_canvas(person.row("guidance", "scale"))
    person.key(KEY.Key_A, CTRL)
    person.type("3.5")
    person.key(KEY.Key_Return)
    person.key(KEY.Key_S, CTRL)
    person.wait(lambda: not window.documents.writing)
    assert load(file).nodes["guidance"].params["scale"] == 3.5
    person.did(18, "change a value and save")


TASKS = {
    1: first_image,
    2: another_prompt,
    3: batch,
    7: comfyui_names,
    11: queue,
    12: find_image,
    14: form,
    18: save_again,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tasks", description=__doc__)
    parser.add_argument("--size", default="1366x768")
    parser.add_argument("--language", default="en", choices=("en", "zh_CN"))
    parser.add_argument("--theme", default="dark", choices=("dark", "light"))
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--only", default="", help="Numbers of tasks, with commas between; 1 and 2 come before all.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        os.environ["NODEFLOW_DATA"], os.environ["NODEFLOW_CACHE"] = f"{temporary}/data", f"{temporary}/cache"
        Settings().language = asked.language
        app = application()
        language.install(app, asked.language)
        theme.apply(app, asked.theme)
        window = MainWindow(DocumentSession(output=Path(temporary) / "images"))
        window.resize(*map(int, asked.size.split("x")))
        window.show()
        window.activateWindow()
        QTest.qWait(300)
        if asked.pictures is not None:
            asked.pictures.mkdir(parents=True, exist_ok=True)
        person = Person(window, asked.pictures)
        only = {int(number) for number in asked.only.split(",") if number}
        for number, task in TASKS.items():
            if not only or number in only or number < 3:
                task(person)
        for tab in window.tabs:
            tab.session.stack.setClean()
        window.close()


if __name__ == "__main__":
    main()
