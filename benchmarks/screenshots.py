"""Images of the app at work, made by running it: for README, and for looking at every change.

    python -m benchmarks.screenshots FOLDER [light] [chinese] [SCENE...]

The engine is the real one; the starter model must be there.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from nodeflow.app.canvas.controller import layout_commands
from nodeflow.app.canvas.editors.param_editors import LineEditor
from nodeflow.app.canvas.editors.text_editor import TextEditor
from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.main import application
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.panels.node_library import NodeLibrary
from nodeflow.app.qt import theme
from nodeflow.app.window.docks import Dock, PerTab
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Disconnect, SetParam
from nodeflow.graph.model.workflow import INPUTS, Link, Socket
from nodeflow.graph.subgraphs.instances import MORE
from nodeflow.resources import folder


def wait(until: Callable[[], object] = lambda: False, seconds: float = 90.0) -> None:
    """Let the app go on until something holds."""
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


SCENES = (
    "opened",
    "search",
    "wire_search",
    "refused",
    "editing",
    "text",
    "choices",
    "frames",
    "minimap",
    "sampling",
    "finished",
    "starter",
    "inspector",
    "subgraph",
    "batch",
    "failed",
    "problems",
    "palette",
    "keys",
    "settings",
    "key_settings",
    "library",
    "tabs",
    "queue",
    "gallery",
    "large",
    "log",
    "start_page",
)


class Scenes:
    """The app in one situation after another."""

    def __init__(self, window: MainWindow, target: Path) -> None:
        self.window, self.target, self.canvas = window, target, window.canvas
        self.view = window.canvas.view

    def take(self, name: str) -> None:
        wait(seconds=0.3)
        self.window.grab().save(str(self.target / f"{name}.png"))
        print(name)

    def opened(self) -> None:
        self.canvas.framing.frame(self.canvas.nodes.values())
        self.take("opened")

    def search(self) -> None:
        self.window.gestures.search(QPointF(700, 160))
        QTest.keyClicks(self.view.search.field, "no")
        self.take("search")
        self.view.search.leave()

    def wire_search(self) -> None:
        port = self.canvas.nodes["decode"].output_port("image")
        assert port is not None
        self.window.gestures.search_for_wire(port, port.centre() + QPointF(80, 160))
        self.take("wire_search")
        self.view.search.leave()

    def refused(self) -> None:
        noise, decode = self.canvas.nodes["noise"], self.canvas.nodes["decode"]
        start, end = noise.output_port("noise"), decode.input_port("latent", 0)
        assert start is not None and end is not None
        self.view.wire.begin(start, end.centre())
        self.view.wire.loose.follow(start, end.centre(), True)
        self.view.wire.reason(start, end)
        self.take("refused")
        self.view.wire.drop()
        self.view.toast.hide()

    def editing(self) -> None:
        self.view.camera.set_scale(1.0)
        card = self.canvas.nodes["prompt"]
        self.view.centerOn(card.pos() + QPointF(300, 250))
        self.canvas.selection.choose(["prompt"])
        self.view.rows.edit(card, 0)
        self.take("editing")
        self.view.rows.close()

    def text(self) -> None:
        self.canvas.framing.frame([self.canvas.nodes["prompt"], self.canvas.nodes["guidance"]])
        self.view.rows.edit(self.canvas.nodes["prompt"], 0)
        wait(seconds=1.0)
        self.take("text")
        self.view.rows.close()

    def choices(self) -> None:
        self.canvas.framing.frame([self.canvas.nodes["scheduler"], self.canvas.nodes["noise"]])
        self.view.rows.edit(self.canvas.nodes["scheduler"], 0)
        self.take("choices")
        self.view.rows.close()

    def frames(self) -> None:
        stack = self.window.session.stack
        before = stack.index()
        for names, title, colour in ((["prompt", "negative"], "Texts", "purple"), (["decode", "save"], "Picture", "")):
            self.canvas.selection.choose(names)
            self.canvas.annotation_commands.add_frame()
            if isinstance(self.view.rows.editor, LineEditor):
                self.view.rows.editor.setText(title)
            self.view.rows.finish()
            if colour:
                self.window.gestures.colour(colour)
        self.canvas.annotation_commands.add_note()
        if isinstance(self.view.rows.editor, TextEditor):
            self.view.rows.editor.setPlainText("# Try\n\n- another **text**\n- 4 in `batch`")
        self.view.rows.finish()
        self.canvas.selection.choose([])
        layout_commands.tidy(self.canvas)
        self.canvas.framing.frame_all()
        self.take("frames")
        stack.setIndex(before)

    def minimap(self) -> None:
        self.view.camera.set_scale(1.4)
        self.view.centerOn(self.canvas.nodes["sampler"])
        self.take("minimap")
        self.canvas.framing.frame_all()

    def sampling(self) -> None:
        self.canvas.framing.frame(self.canvas.nodes.values())
        self.window.session.do("Set", SetParam("scheduler", "steps", 60))
        self.window.run()
        wait(lambda: self.window.session.state("sampler").step >= 25)
        self.take("sampling")
        self.window.session.cancel()
        wait(lambda: not self.window.session.running)
        self.window.session.stack.undo()

    def finished(self) -> None:
        self.window.run()
        wait(lambda: not self.window.session.running and not self.window.session.images.waiting)
        self.canvas.framing.frame(self.canvas.nodes.values())
        self.take("finished")

    def starter(self) -> None:
        self.canvas.selection.choose(["guidance"])
        self.take("starter")
        self.canvas.selection.choose([])

    def inspector(self) -> None:
        self.finished()
        pages = self._panel("inspector").widget()
        assert isinstance(pages, PerTab)
        panel = pages.currentWidget()
        assert isinstance(panel, InspectorPanel)
        self.window.resizeDocks([self._panel("inspector")], [520], Qt.Orientation.Horizontal)
        self.canvas.selection.choose(["sampler"])
        wait(lambda: panel.overview)
        panel.output_box.setCurrentIndex(panel.output_box.findData("trajectory"))
        wait(lambda: panel.film)
        panel.choices.choose("quantity", "predicted x_0")
        panel.choices.choose("way", "decoded")
        panel.scrubber.go(8)
        wait(lambda: panel.film and panel.film.held == panel.film.steps)
        self.canvas.framing.frame_all()
        self.take("inspector")
        self._panel("preview")
        self.canvas.selection.choose([])

    def subgraph(self) -> None:
        groups, stack = self.window.gestures.groups, self.window.session.stack
        before = stack.index()
        self.canvas.selection.choose(["noise", "scheduler", "sampler", "guidance", "denoiser"])
        groups.group()
        self.canvas.values.set_title("group", "Sampling")
        groups.open()
        level = self.canvas.scope
        for node, name in (("guidance", "scale"), ("scheduler", "steps"), ("noise", "seed")):
            self.window.session.do("Expose", level.wire(Link(INPUTS, MORE, node, name)))
        self.canvas.framing.frame_all()
        self.take("subgraph_inside")
        groups.go_up()
        self.canvas.framing.frame_all()
        self.take("subgraph")
        stack.setIndex(before)

    def batch(self) -> None:
        self.window.session.do("Set", SetParam("noise", "batch", 4))
        self.finished()
        self.take("batch")
        self.window.session.stack.undo()

    def failed(self) -> None:
        self.window.session.do("Set", SetParam("model", "model", "starter:no-such-model"))
        self.window.run()
        wait(lambda: not self.window.session.running)
        self.take("failed")
        self.window.session.stack.undo()

    def problems(self) -> None:
        self.window.session.do("Disconnect", Disconnect(Socket("decode", "vae")))
        self.window.session.do("Set", SetParam("guidance", "scale", 99))
        self.window.run()
        self.take("problems")

    # --- the window around the canvas

    def palette(self) -> None:
        self.window.palette_.ask()
        QTest.keyClicks(self.window.palette_.field, "show")
        self.take("palette")
        self.window.palette_.leave()

    def keys(self) -> None:
        self.window.dialogs.show_cheat_sheet()
        self._dialog("keys")

    def settings(self) -> None:
        self.window.dialogs.show_settings()
        self._dialog("settings")

    def key_settings(self) -> None:
        self.window.dialogs.show_keys()
        self._dialog("key_settings")

    def library(self) -> None:
        library = self._panel("library").widget()
        assert isinstance(library, NodeLibrary)
        QTest.keyClicks(library.search, "noise")
        self.take("library")
        library.search.clear()

    def tabs(self) -> None:
        self.window.documents.new()
        self.take("tabs")
        self.window.documents.close(self.window.tabs.front)

    def queue(self) -> None:
        dock = self._panel("queue")
        self.window.session.do("Set", SetParam("scheduler", "steps", 400))
        for _ in range(4):
            self.window.run()
        wait(lambda: self.window.session.state("sampler").step >= 5)
        self.take("queue")
        self.window.session.cancel()
        wait(lambda: not self.window.session.running)
        self.window.session.stack.undo()
        dock.hide()

    def gallery(self) -> None:
        for seed in range(9):
            self.window.session.do("Set", SetParam("noise", "seed", seed))
            self.window.run()
        wait(lambda: not self.window.session.running)
        dock = self._panel("gallery")
        wait(seconds=1)
        self.take("gallery")
        dock.hide()

    def large(self) -> None:
        dock = self._panel("gallery")
        wait(seconds=1)
        gallery = dock.widget()
        assert isinstance(gallery, Gallery)
        gallery.show_large(0)
        self._dialog("large")
        dock.hide()

    def log(self) -> None:
        dock = self._panel("log")
        self.take("log")
        dock.hide()

    def start_page(self) -> None:
        self.window.show_start_page()
        wait(seconds=1)
        self.take("start_page")
        self.window.documents.shown.emit()

    def _panel(self, id: str) -> Dock:
        dock = self.window.findChild(Dock, id)
        assert dock is not None
        dock.bring()
        return dock

    def _dialog(self, name: str) -> None:
        """The window with the dialog on it, as a person sees it."""
        wait(seconds=0.5)
        dialog = self.window.findChildren(QDialog)[-1]
        whole, above = self.window.grab(), dialog.grab()
        painter = QPainter(whole)
        painter.drawPixmap((self.window.rect().center() - dialog.rect().center()), above)
        painter.end()
        whole.save(str(self.target / f"{name}.png"))
        print(name)
        dialog.close()
        wait(seconds=0.1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("scene", nargs="*", help=f"light, chinese, and what to show: {', '.join(SCENES)} (all of them)")
    arguments = parser.parse_args()
    said, target = set(arguments.scene), arguments.folder
    if unknown := said - {*SCENES, "light", "chinese"}:
        parser.error(f"{', '.join(sorted(unknown))}: no such scene")
    target.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("NODEFLOW_CACHE", tempfile.mkdtemp())
    os.environ["NODEFLOW_DATA"] = tempfile.mkdtemp()
    Settings().language = "zh_CN" if "chinese" in said else "en"
    app = application()
    theme.apply(app, "light" if "light" in said else "dark")
    window = MainWindow(DocumentSession(output=Path(tempfile.mkdtemp())))
    window.session.open(folder("workflows") / "latent-diffusion.json")
    window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating, False)
    window.show()
    window.activateWindow()
    scenes = Scenes(window, target)
    for name in [name for name in arguments.scene if name in SCENES] or SCENES:
        getattr(scenes, name)()
    for tab in window.tabs:
        tab.session.stack.setClean()
    window.close()


if __name__ == "__main__":
    main()
