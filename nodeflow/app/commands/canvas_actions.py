"""The actions of the canvas, as entries of the registry. Each is called with the gestures of the canvas in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtGui import QKeySequence

from nodeflow.app.canvas.controller import keyboard, layout_commands
from nodeflow.app.canvas.controller.keyboard import Direction
from nodeflow.app.canvas.controller.node_commands import NodeCommands
from nodeflow.app.canvas.layout.align import Side
from nodeflow.app.commands.registry import Actions, Keys
from nodeflow.app.i18n.texts import tr

Act = Callable[[NodeCommands], object]


class On(Protocol):
    """Enters one action of the canvas."""

    def __call__(self, id: str, words: str, keys: Keys, act: Act, gap: bool = False) -> None: ...


def define(actions: Actions, front: Callable[[], NodeCommands]) -> None:
    """Enter them all; ``front`` gives the gestures of the canvas that is being worked on."""

    def on(id: str, words: str, keys: Keys, act: Act, gap: bool = False) -> None:
        category = id.partition(".")[0]
        actions.define(id, category, words, keys, lambda: act(front()), gap=gap, on_canvas=True)

    key = QKeySequence.StandardKey
    on("edit.cut", tr("Cut"), key.Cut, NodeCommands.cut, gap=True)
    on("edit.copy", tr("Copy"), key.Copy, NodeCommands.copy)
    on("edit.paste", tr("Paste"), key.Paste, NodeCommands.paste)
    on("edit.duplicate", tr("Duplicate"), "Ctrl+D", NodeCommands.duplicate)
    on("edit.duplicate_wired", tr("Duplicate with Wires"), "Ctrl+Shift+D", lambda g: g.duplicate(wired=True))
    on("edit.delete", tr("Delete"), ["Del", "Backspace"], NodeCommands.delete)
    on("edit.dissolve", tr("Delete and Reconnect"), ["Ctrl+Del", "Ctrl+Backspace"], NodeCommands.dissolve)
    on("edit.select_all", tr("Select All"), key.SelectAll, NodeCommands.select_all, gap=True)
    on("node.add", tr("Add Node…"), "Tab", lambda gestures: gestures.view.search_at_pointer())
    on("node.rename", tr("Rename"), "F2", NodeCommands.rename, gap=True)
    on("node.mute", tr("Mute"), "M", NodeCommands.mute)
    on("node.bypass", tr("Bypass"), "B", NodeCommands.bypass)
    on("node.note", tr("Add Note"), "N", NodeCommands.add_note)
    on("node.group", tr("Group into Subgraph"), "Ctrl+G", lambda g: g.groups.group(), gap=True)
    on("node.ungroup", tr("Ungroup"), "Ctrl+U", lambda g: g.groups.ungroup())
    on("node.open", tr("Open Subgraph"), "Alt+Down", lambda g: g.groups.open())
    on("node.expose", tr("Expose or Hide"), "E", lambda g: g.groups.expose())
    on("node.unique", tr("Make Unique"), "", lambda g: g.groups.make_unique())
    on("node.drop_unused", tr("Remove Unused Subgraphs"), "", lambda g: g.groups.drop_unused())
    on("node.keep", tr("Save to Library"), "", lambda g: g.groups.keep())
    on("node.collapse", tr("Collapse or Open"), "Alt+C", lambda g: g.canvas.looks.collapse())
    on("node.pin", tr("Pin or Unpin"), "P", lambda g: g.canvas.looks.pin())
    on("node.own_size", tr("Size as Needed"), "", lambda g: g.canvas.looks.own_size())
    on("arrange.frame", tr("Frame Selection"), "Ctrl+Shift+G", NodeCommands.add_frame)
    on("arrange.colour", tr("Colour…"), "", NodeCommands.choose_colour)
    on("node.edit", tr("Open or Edit Values"), ["Return", "Enter"], NodeCommands.edit_values, gap=True)
    on("node.reroll", tr("Another Seed"), "R", lambda g: g.canvas.values.reroll())
    on("node.seed_mode", tr("Seed After Each Run"), "Shift+R", lambda g: g.canvas.values.next_seed_mode())
    on("node.wire", tr("Lay Wire…"), "W", lambda g: g.wire_by_keys.begin())
    on("run.to", tr("Run to Selection"), ["Ctrl+Shift+Return", "Ctrl+Shift+Enter"], NodeCommands.run_to)
    _define_arranging(on)
    _define_ways(on)
    on("view.frame", tr("Show Selection"), "F", NodeCommands.frame_selection)
    on("view.frame_all", tr("Show All"), ["A", "Home"], NodeCommands.frame_all)
    on("view.minimap", tr("Minimap"), "Shift+M", NodeCommands.toggle_minimap)
    on("view.up", tr("Leave Subgraph"), "Alt+Up", lambda g: g.groups.go_up())
    on("view.zoom_in", tr("Zoom In"), ["Ctrl++", "Ctrl+="], lambda gestures: gestures.zoom_by(1.25))
    on("view.zoom_out", tr("Zoom Out"), "Ctrl+-", lambda gestures: gestures.zoom_by(0.8))


def _define_arranging(on: On) -> None:
    """What moves nodes without the pointer."""
    sides: list[tuple[Side, str, str]] = [
        ("left", tr("Align Left"), "Alt+Shift+Left"),
        ("centre", tr("Align Centre"), ""),
        ("right", tr("Align Right"), "Alt+Shift+Right"),
        ("top", tr("Align Top"), "Alt+Shift+Up"),
        ("middle", tr("Align Middle"), ""),
        ("bottom", tr("Align Bottom"), "Alt+Shift+Down"),
    ]
    for side, words, keys in sides:
        on(f"arrange.{side}", words, keys, _aligning(side), gap=side == "left")
    across = tr("Distribute Horizontally")
    on("arrange.across", across, "Ctrl+Alt+H", lambda g: layout_commands.distribute(g.canvas, "across"), gap=True)
    on(
        "arrange.down",
        tr("Distribute Vertically"),
        "Ctrl+Alt+V",
        lambda g: layout_commands.distribute(g.canvas, "down"),
    )
    on("arrange.tidy", tr("Tidy"), "L", lambda g: layout_commands.tidy(g.canvas), gap=True)


def _aligning(side: Side) -> Act:
    return lambda gestures: layout_commands.align(gestures.canvas, side)


def _define_ways(on: On) -> None:
    """The arrow keys: from node to node, and moving nodes a little."""
    ways: list[tuple[Direction, str, str, tuple[int, int]]] = [
        ("left", tr("Go Left"), tr("Move Left"), (-1, 0)),
        ("right", tr("Go Right"), tr("Move Right"), (1, 0)),
        ("up", tr("Go Up"), tr("Move Up"), (0, -1)),
        ("down", tr("Go Down"), tr("Move Down"), (0, 1)),
    ]
    for way, words, _, _ in ways:
        on(f"view.go_{way}", words, way.title(), _going(way), gap=way == "left")
    for way, _, words, step in ways:
        on(f"arrange.move_{way}", words, f"Shift+{way.title()}", _moving(step, 10), gap=way == "left")
        on(f"arrange.nudge_{way}", tr("{0} Finely").format(words), f"Ctrl+{way.title()}", _moving(step, 1))


def _going(way: Direction) -> Act:
    return lambda gestures: keyboard.walk(gestures.canvas, way)


def _moving(step: tuple[int, int], units: int) -> Act:
    return lambda gestures: layout_commands.nudge(gestures.canvas, step[0] * units, step[1] * units)
