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
import traceback
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from benchmarks import more_tasks, start_tasks
from benchmarks.task_person import ALT, CTRL, KEY, SHIFT, Person
from nodeflow.app.dialogs.file_conflict import FileConflict
from nodeflow.app.i18n import language
from nodeflow.app.main import application
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.panels.queue_panel import QueuePanel
from nodeflow.app.qt import theme
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.io.files import load
from nodeflow.library.folders import VARIABLE

COMFYUI = {
    "KSampler": "nodes.sample",
    "Load Checkpoint": "nodes.load_",
    "Empty Latent": "nodes.empty_latent",
    "Preview Image": "nodes.",
    "Apply ControlNet": "nodes.",
}


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
    person.click_row("prompt", "text")
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
    person.click_row("noise", "batch")
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
    file.write_text(file.read_text().replace('"scale": 2.5', '"scale": 9.0'))  # by another program
    window.gestures.frame_all()
    person.click_row("guidance", "scale")
    person.key(KEY.Key_A, CTRL)
    person.type("3.5")
    person.key(KEY.Key_Return)
    person.key(KEY.Key_S, CTRL)
    person.wait(lambda: window.findChild(FileConflict) is not None)
    assert load(file).nodes["guidance"].params["scale"] == 9.0
    question = window.findChild(FileConflict)
    assert question is not None
    person.key(KEY.Key_Return, into=question.defaultButton())
    both = file.with_name("mine (2).json")
    person.wait(lambda: both.exists() and not window.documents.writing)
    assert load(both).nodes["guidance"].params["scale"] == 3.5 and load(file).nodes["guidance"].params["scale"] == 9.0
    person.did(18, "save after another program changed the file: both are kept")


TASKS = {
    1: first_image,
    2: another_prompt,
    3: batch,
    7: comfyui_names,
    11: queue,
    12: find_image,
    18: save_again,
    14: form,
    15: more_tasks.look_at_a_step,
    16: more_tasks.one_word,
    17: more_tasks.animation,
    13: more_tasks.subgraph,
    4: more_tasks.from_an_empty_document,
    5: more_tasks.own_model,
    6: more_tasks.lora_by_name,
    8: more_tasks.comfyui_picture,
    9: more_tasks.inpaint,
    10: more_tasks.control,
    19: start_tasks.another_language,
    20: start_tasks.after_a_crash,
}
"""In an order in which one can follow the other in the same window."""


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
        os.environ[VARIABLE] = f"{temporary}/models"
        Settings().language = asked.language
        app = application()
        language.install(app, asked.language)
        theme.apply(app, asked.theme)
        window = MainWindow(DocumentSession(output=Path(temporary) / "images"))
        window.resize(*map(int, asked.size.split("x")))
        window.show()
        window.hub.models.start()
        window.activateWindow()
        QTest.qWait(300)
        if asked.pictures is not None:
            asked.pictures.mkdir(parents=True, exist_ok=True)
        person = Person(window, asked.pictures)
        failed: list[int] = []
        only = {int(number) for number in asked.only.split(",") if number}
        for number, task in TASKS.items():
            if not only or number in only or number < 3:
                try:
                    task(person)
                except (AssertionError, TimeoutError, StopIteration, ValueError) as error:
                    failed.append(number)
                    at = traceback.extract_tb(error.__traceback__)
                    lines = ", ".join(f"{Path(one.filename).name}:{one.lineno}" for one in at[1:4])
                    print(f"{number:>2}    –  not reached: {error!r} ({lines})", flush=True)
                    person.begin_anew()
        for tab in person.window.tabs:
            tab.session.stack.setClean()
        person.window.close()
    if failed:
        raise SystemExit(f"not reached: {', '.join(map(str, failed))}")


if __name__ == "__main__":
    main()
