"""The names of NodeGraphQt that the canvas builds on, private ones among them. It is pinned; this says why."""

from __future__ import annotations

import importlib.metadata
import inspect
import subprocess
import sys

from NodeGraphQt import NodeGraph
from NodeGraphQt.constants import Z_VAL_PIPE, PortTypeEnum
from NodeGraphQt.qgraphics.node_abstract import AbstractNodeItem
from NodeGraphQt.qgraphics.pipe import PipeItem
from NodeGraphQt.qgraphics.port import PortItem
from NodeGraphQt.widgets.scene import NodeScene
from NodeGraphQt.widgets.viewer import NodeViewer

from nodeflow.app.window.main_window import MainWindow

SLOTS = (
    "_on_connection_changed",
    "_on_connection_sliced",
    "_on_insert_node",
    "_on_node_double_clicked",
    "_on_node_name_changed",
    "_on_node_selected",
    "_on_node_selection_changed",
    "_on_nodes_moved",
    "_on_search_triggered",
    "_register_builtin_nodes",
    "_register_context_menu",
)
VIEWER_METHODS = (
    "_items_near",
    "_set_viewer_pan",
    "_set_viewer_zoom",
    "_update_scene",
    "all_pipes",
    "apply_live_connection",
    "end_live_connection",
    "start_live_connection",
    "sceneMouseMoveEvent",
    "sceneMousePressEvent",
    "sceneMouseReleaseEvent",
)
VIEWER_FIELDS = ("_LIVE_PIPE", "_SLICER_PIPE", "_last_size", "_node_positions", "_scene_range", "_start_port")


def test_it_is_the_version_that_is_pinned() -> None:
    assert importlib.metadata.version("NodeGraphQt") == "0.6.44"


def test_what_is_overridden_exists_there() -> None:
    assert [name for name in SLOTS if not hasattr(NodeGraph, name)] == []
    assert [name for name in VIEWER_METHODS if not hasattr(NodeViewer, name)] == []
    assert {"viewer", "undo_stack"} <= set(_words(NodeGraph.__init__))


def test_the_fields_that_are_read_or_set_exist_there(window: MainWindow) -> None:
    source = inspect.getsource(NodeViewer)
    assert [name for name in VIEWER_FIELDS if f"self.{name}" not in source] == []
    assert all(hasattr(window.canvas.view, name) for name in ("ALT_state", "CTRL_state", "SHIFT_state"))
    assert window.canvas.graph.viewer() is window.canvas.view
    item = AbstractNodeItem("name")
    assert {"id", "visible", "selected"} <= set(item._properties)
    assert {"_width", "_height"} <= set(vars(item))


def test_ports_and_pipes_keep_their_fields() -> None:
    for name in ("_pipes", "_hovered", "_name", "_display_name", "_port_type", "_multi_connection", "_locked"):
        assert f"self.{name}" in inspect.getsource(PortItem), name
    for name in ("_active", "_highlight", "_input_port", "_output_port"):
        assert f"self.{name}" in inspect.getsource(PipeItem), name
    assert {PortTypeEnum.IN.value, PortTypeEnum.OUT.value} == {"in", "out"}
    assert Z_VAL_PIPE < 0


def test_the_scene_asks_its_viewer() -> None:
    for method in (NodeScene.mousePressEvent, NodeScene.mouseMoveEvent, NodeScene.mouseReleaseEvent):
        assert "viewer" in _words(method)


def test_the_signals_are_wired_to_the_slots() -> None:
    source = inspect.getsource(NodeGraph._wire_signals)
    assert [name for name in SLOTS if name.startswith("_on_") and name not in source] == []


def test_importing_the_app_leaves_torch_out() -> None:
    code = (
        "import sys, nodeflow.app.main; "
        "heavy = {'torch', 'diffusers', 'transformers', 'nodes'} & set(sys.modules); "
        "inside = {m.split('.')[2] for m in sys.modules if m.startswith('nodeflow.engine.')}; "
        "print(sorted(heavy), sorted(inside))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] ['client', 'protocol']"


def _words(function: object) -> list[str]:
    source = inspect.getsource(function)  # type: ignore[arg-type]
    return "".join(letter if letter.isalnum() or letter == "_" else " " for letter in source).split()


def test_the_start_needs_neither_the_shim_nor_setuptools() -> None:
    """NodeGraphQt is given what it uses of them; others that come later find the real ones."""
    code = (
        "import sys, nodeflow.app.canvas.controller.canvas_controller\n"
        "print('setuptools' in sys.modules, 'Qt' in sys.modules)\n"
        "import NodeGraphQt.widgets.viewer as viewer\n"
        "print(viewer.LooseVersion('6.11.0') >= viewer.LooseVersion('5.10'))\n"
        "from Qt import QtWidgets\n"
        "print(QtWidgets.QUndoStack.__module__, QtWidgets.QWidget.__module__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "True", "PySide6.QtGui", "PySide6.QtWidgets"]
