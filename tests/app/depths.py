"""A hand that comes to what stands behind other things: dialogs over an image, nodes that are drawn, fields, menus."""

from __future__ import annotations

import random

from app.any_widget import LETTERS
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar

from nodeflow.app.panels.gallery import Gallery
from nodeflow.app.qt.drawn_places import is_drawn
from nodeflow.app.qt.levels_drawing import drawn_param
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, Edit, EditBatch, MoveNode, connect, free_id
from nodeflow.graph.model.catalogue import NodeSpec
from nodeflow.graph.model.workflow import Link, Node, Placement


class Depths:
    """Goes in by the dice; whoever plays with what is in front plays there then."""

    def __init__(self, window: MainWindow, dice: random.Random) -> None:
        self._window, self._dice = window, dice

    def enter(self) -> None:
        """Come to something deep."""
        self._dice.choice((self._enlarge, self._paint, self._add_drawn, self._draw, self._type, self._type))()

    def play(self, menu: QMenu) -> None:
        """Take something of a menu that has opened, or leave it; what the bar's menus hold are actions."""
        offered = [one for one in menu.actions() if one.isEnabled() and not one.isSeparator() and one.menu() is None]
        if not menu.isVisible() or isinstance(menu.parent(), QMenuBar) or not offered or self._dice.random() < 0.6:
            menu.close()
            return
        place = menu.actionGeometry(self._dice.choice(offered)).center()
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)

    def _enlarge(self) -> None:
        assert self._window.panels is not None
        gallery = self._window.panels.bring("gallery")
        if isinstance(gallery, Gallery) and gallery.model.paths:
            gallery.show_large(self._dice.randrange(len(gallery.model.paths)))

    def _paint(self) -> None:
        """Paint a mask on what a node gave."""
        canvas, session = self._window.canvas, self._window.session
        given = [path for path in map(canvas.scope.path_of, canvas.nodes) if session.state(path).pictures]
        if given:
            path = self._dice.choice(given)
            self._window.masks.paint_on(self._window.tabs.front, path, session.state(path).pictures)

    def _add_drawn(self) -> None:
        """Add a node that something is drawn of, with wires where any fit."""
        scope = self._window.canvas.scope
        specs = [spec for spec in scope.offered() if self._is_drawn(spec)]
        spec = self._dice.choice(specs)
        name = free_id(scope.workflow, "drawn")
        place = Placement(self._dice.randrange(-900, 900), self._dice.randrange(-900, 900))
        edits: list[Edit] = [AddNode(name, Node(spec.type, spec.version)), MoveNode(name, place)]
        for wanted in spec.inputs:
            sources = [
                (source, output.name)
                for source, node in scope.workflow.nodes.items()
                if (known := scope.catalogue.nodes.get(node.type)) is not None
                for output in known.outputs
                if output.type == wanted.type
            ]
            if sources:
                link = Link(*self._dice.choice(sources), name, wanted.name)
                edits += connect(scope.workflow, link).edits
        scope.do("Add", EditBatch(tuple(edits)))
        self._window.canvas.selection.choose([name])

    @staticmethod
    def _is_drawn(spec: NodeSpec) -> bool:
        return is_drawn(spec) or drawn_param(spec) is not None or any(one.widget == "mask" for one in spec.params)

    def _draw(self) -> None:
        """Draw in a node of which something is drawn."""
        canvas, known = self._window.canvas, self._window.canvas.scope.catalogue.nodes
        drawn = [
            name
            for name, card in canvas.nodes.items()
            if (spec := known.get(card.node.type)) is not None and self._is_drawn(spec)
        ]
        if drawn:
            canvas.selection.choose([self._dice.choice(drawn)])
            QApplication.processEvents()
            self._window.actions_["node.draw"].trigger()

    def _type(self) -> None:
        """Write into a field of the properties, and now and then of more nodes before the end of it."""
        canvas, properties = self._window.canvas, self._window.properties
        names = list(canvas.nodes)
        if not names:
            return
        canvas.selection.choose([self._dice.choice(names)])
        QApplication.processEvents()
        if not properties.fields:
            return
        properties.window().activateWindow()
        field = self._dice.choice(list(properties.fields.values()))
        field.setFocus()
        for _ in range(self._dice.randrange(1, 6)):
            QTest.keyPress(QApplication.focusWidget() or properties, self._dice.choice(LETTERS))
            if self._dice.random() < 0.1:
                canvas.selection.choose([*canvas.selection.chosen(), self._dice.choice(names)])
