"""Our canvas beside stock NodeGraphQt, with 1,000 nodes and 2,000 links, each in a process of its own.

    python -m benchmarks.canvas [NODES]

Both draw the same graph: nodes with two inputs, an output, a number and a choice. Ours has frames and notes behind the
nodes beside that, and the minimap on. Stock NodeGraphQt cannot lay out a graph of this size (its recursion ends).
"""

from __future__ import annotations

import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_PREFERRED_BINDING", "PySide6")

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

SIZE = (1600, 1000)
COLUMNS = 40
CHOICES = ("euler", "ddim", "heun")
ROWS = {
    "open": "open, JSON file to first paint",
    "fit": "full repaint, zoomed to fit",
    "pan": "pan step at 100 %",
    "drag": "drag step of a node at 100 %",
    "delete": "delete everything",
    "undo": "undo of deleting everything",
    "tidy": "tidy everything",
    "untidy": "undo of that",
}


def shape(count: int) -> tuple[list[tuple[str, float, float]], list[tuple[str, str, str]]]:
    """Nodes with their places, and links as (source, target, input): each node feeds the next and the one below."""
    nodes = [(f"n{i}", i % COLUMNS * 300.0, i // COLUMNS * 220.0) for i in range(count)]
    links = [(f"n{i - 1}", f"n{i}", "model") for i in range(1, count)]
    links += [(f"n{max(0, i - COLUMNS)}", f"n{i}", "latent") for i in range(1, count)]
    return nodes, links


def milliseconds(act: Callable[[], object], times: int = 1) -> float:
    """The median time of an act together with the painting that follows from it."""
    spans = []
    for _ in range(times):
        begin = time.perf_counter()
        act()
        QApplication.processEvents()
        spans.append((time.perf_counter() - begin) * 1000)
    return statistics.median(spans)


def ours(count: int) -> dict[str, float]:
    """The figures of our canvas."""
    from nodeflow.app.canvas.controller import layout_commands
    from nodeflow.app.canvas.controller.canvas_controller import Canvas
    from nodeflow.app.canvas.controller.node_commands import NodeCommands
    from nodeflow.app.model.document_session import DocumentSession
    from nodeflow.app.qt import theme
    from nodeflow.app.qt.gc_scheduler import Collector
    from nodeflow.graph.io import files
    from nodeflow.graph.model.annotation import Annotation
    from nodeflow.graph.model.catalogue import Catalogue, Input, NodeSpec, Output, Param
    from nodeflow.graph.model.workflow import Link, Node, Placement, Workflow

    app = QApplication([])
    Collector(app)
    theme.apply(app, "dark")
    spec = NodeSpec(
        "bench.step",
        "Step",
        1,
        "bench",
        "A step.",
        (Input("model", "Latent", required=False), Input("latent", "Latent", required=False)),
        (Param("seed", "int", 0), Param("sampler", "choice", "euler", choices=CHOICES)),
        (Output("latent", "Latent"),),
    )
    nodes, links = shape(count)
    workflow = Workflow(
        {name: Node(spec.type, 1, {"seed": number}) for number, (name, _, _) in enumerate(nodes)},
        {link.socket: link for link in (Link(a, "latent", b, port) for a, b, port in links)},
        {name: Placement(x, y) for name, x, y in nodes},
    )
    for number, (_, x, y) in enumerate(nodes[::COLUMNS]):
        box = (x - 30, y - 40, 3000, 200)
        workflow.annotations[f"frame{number}"] = Annotation("frame", *box, text=f"Row {number}", colour="teal")
        workflow.annotations[f"note{number}"] = Annotation("note", x - 300, y, 240, 120, text="# Why\n\n- **so**")
    file = Path(tempfile.mkdtemp()) / "bench.json"
    files.save(workflow, file)
    session = DocumentSession(Catalogue({}, {spec.type: spec}))
    canvas = Canvas(session)
    view = canvas.view
    view.resize(*SIZE)
    view.show()
    app.processEvents()

    def open_it() -> None:
        session.open(file)
        canvas.items.complete()
        view.viewport().repaint()

    found = {"open": milliseconds(open_it)}
    assert len(canvas.links) == len(links)
    canvas.framing.frame(canvas.nodes.values())
    found["fit"] = milliseconds(view.viewport().repaint, 9)
    card = canvas.nodes[f"n{count // 2}"]
    view.camera.set_scale(1.0)
    view.centerOn(card)
    app.processEvents()
    found["pan"] = milliseconds(lambda: view.camera.pan_by(9, 4), 40)
    view.centerOn(card)
    app.processEvents()
    found["drag"] = milliseconds(lambda: card.moveBy(3, 2), 40)
    canvas.framing.frame(canvas.nodes.values())
    app.processEvents()
    gestures = NodeCommands(canvas)
    gestures.select_all()
    found["delete"] = milliseconds(gestures.delete)
    found["undo"] = milliseconds(session.stack.undo)
    assert len(canvas.links) == len(links)
    view.scene().clearSelection()
    found["tidy"] = milliseconds(lambda: layout_commands.tidy(canvas))
    found["untidy"] = milliseconds(session.stack.undo)
    assert canvas.nodes["n7"].x() == nodes[7][1]
    return found


def stock(count: int) -> dict[str, float]:
    """The figures of NodeGraphQt as it comes, with its own embedded widgets."""
    library: Any = importlib.import_module("NodeGraphQt")  # untyped: more of it is used here than in the app

    class Step(library.BaseNode):
        __identifier__ = "bench"
        NODE_NAME = "Step"

        def __init__(self) -> None:
            super().__init__()
            self.add_input("model")
            self.add_input("latent")
            self.add_output("out")
            self.add_text_input("seed", "seed", "0")
            self.add_combo_menu("sampler", "sampler", list(CHOICES))

    app = QApplication([])
    graph = library.NodeGraph()
    graph.register_node(Step)
    view = graph.viewer()
    first, second = (graph.create_node("bench.Step", name=name, push_undo=False) for name in ("a", "b"))
    first.set_output(0, second.input(0))
    form = graph.serialize_session()
    graph.clear_session()
    body = next(iter(form["nodes"].values()))
    nodes, links = shape(count)
    form["nodes"] = {name: {**body, "name": name, "pos": [x, y]} for name, x, y in nodes}
    form["connections"] = [{"out": [a, "out"], "in": [b, port]} for a, b, port in links]
    file = Path(tempfile.mkdtemp()) / "bench.json"
    file.write_text(json.dumps(form))
    view.resize(*SIZE)
    view.show()
    app.processEvents()

    def open_it() -> None:
        graph.deserialize_session(json.loads(file.read_text()))
        view.viewport().repaint()

    found = {"open": milliseconds(open_it)}
    cards = view.all_nodes()
    view.zoom_to_nodes(cards)
    found["fit"] = milliseconds(view.viewport().repaint, 5)
    card = cards[len(cards) // 2]
    view.reset_zoom(QPointF(card.scenePos()))
    app.processEvents()
    found["pan"] = milliseconds(lambda: view._set_viewer_pan(-9, -4), 20)
    view.reset_zoom(QPointF(card.scenePos()))
    app.processEvents()
    found["drag"] = milliseconds(lambda: card.moveBy(3, 2), 20)
    view.zoom_to_nodes(cards)
    app.processEvents()
    found["delete"] = milliseconds(lambda: graph.delete_nodes(graph.all_nodes()))
    found["undo"] = milliseconds(graph.undo_stack().undo)
    return found


def main() -> None:
    if len(sys.argv) == 3:
        print(json.dumps({"ours": ours, "stock": stock}[sys.argv[1]](int(sys.argv[2]))))
        sys.stdout.flush()
        os._exit(0)
    count = int(sys.argv[1]) if len(sys.argv) == 2 else 1000
    figures = []
    for side in ("stock", "ours"):
        command = [sys.executable, "-m", "benchmarks.canvas", side, str(count)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        figures.append(json.loads(done.stdout.splitlines()[-1]))
    print(f"{count} nodes, {len(shape(count)[1])} links, {SIZE[0]} x {SIZE[1]}, milliseconds\n")
    print(f"{'':<34}{'NodeGraphQt':>12}{'nodeflow':>12}{'ratio':>9}")
    for key, words in ROWS.items():
        before, after = figures[0].get(key), figures[1][key]
        stock_words, ratio = ("-", "-") if before is None else (f"{before:.1f}", f"{before / after:.0f}x")
        print(f"{words:<34}{stock_words:>12}{after:>12.1f}{ratio:>9}")


if __name__ == "__main__":
    main()
