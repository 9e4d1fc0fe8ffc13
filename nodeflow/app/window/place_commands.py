"""What the window does with boxes and points of nodes: fetch the image below, open the dialog, keep what was drawn."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from nodeflow.app.dialogs.places_dialog import PlacesDialog
from nodeflow.app.i18n.texts import readable
from nodeflow.app.model.image_below import ImageBelow
from nodeflow.app.qt.drawn_places import Drawing, drawing_of, edits_for, places_of
from nodeflow.app.qt.levels_drawing import drawn_param
from nodeflow.app.window.document_tab import DocumentTab
from nodeflow.app.window.level_commands import LevelCommands
from nodeflow.app.window.tabs import Tabs
from nodeflow.graph.model.workflow import TERMINALS, Socket


class PlaceCommands(QObject):
    """Holds no places itself: they stand in parameters of their node, and each drawing is one step of undo."""

    def __init__(self, window: QWidget, tabs: Tabs) -> None:
        super().__init__(window)
        self._window, self._tabs = window, tabs
        self.dialog: PlacesDialog | None = None
        self.levels = LevelCommands(window)
        tabs.added.connect(self._welcome)

    def _welcome(self, tab: DocumentTab) -> None:
        tab.canvas.view.rows.places_wanted.connect(lambda name, param: self.draw(tab, name, param))

    def draw_selected(self) -> None:
        """Draw what the selected node holds."""
        tab = self._tabs.front
        names = tab.canvas.selection.chosen()
        if len(names) == 1:
            self.draw(tab, names[0])

    def draw(self, tab: DocumentTab, name: str, param: str = "") -> None:
        """Draw the boxes or points of a node on the image that comes to it, or that is made of it; levels as curves."""
        scope = tab.canvas.scope
        node = scope.workflow.nodes[name]
        spec = scope.catalogue.nodes.get(node.type)
        if spec is not None and (levels := drawn_param(spec)) is not None:
            self.levels.draw(tab, name, levels)
            return
        drawing = drawing_of(spec, node, param) if spec is not None else None
        if drawing is None:
            tab.toast.say(self.tr("Nothing of this node is drawn on an image."))
            return
        links = (scope.workflow.links.get(Socket(name, param.name)) for param in drawing.params)
        fed = next((link for link in links if link is not None and link.source not in TERMINALS), None)
        if fed is not None:
            words = self.tr("A wire gives “{0}”; take it off to draw the place.")
            tab.toast.say(words.format(readable(fed.input)))
            return
        self._fetch(tab, name, drawing)

    def _fetch(self, tab: DocumentTab, name: str, drawing: Drawing) -> None:
        """Ask for the image; where its size is known, and there is none, empty ground is drawn on."""
        path, below = tab.canvas.scope.path_of(name), ImageBelow(tab.session, tab)
        below.arrived.connect(lambda png: self._open(tab, name, drawing, QImage.fromData(png)))
        below.missed.connect(tab.toast.say)
        for end in (below.arrived, below.missed):
            end.connect(below.deleteLater)
        found = (
            below.fetch(path, drawing.over) if drawing.over else below.fetch_made(path, may_run=drawing.size is None)
        )
        if found and below.runs:
            tab.toast.tell(self.tr("Running as far as the image, to draw on it…"))
        if found:
            return
        below.deleteLater()
        if drawing.size is not None:
            self._open(tab, name, drawing, QImage())
        elif drawing.over:
            words = self.tr("Wire an image to “{0}” first, to have something to draw on.")
            tab.toast.say(words.format(readable(drawing.over)))
        else:
            tab.toast.say(self.tr("No image is made of this node yet; wire it on, to have something to draw on."))

    def _open(self, tab: DocumentTab, name: str, drawing: Drawing, image: QImage) -> None:
        scope = tab.canvas.scope
        node = scope.workflow.nodes.get(name)
        if node is None or (image.isNull() and drawing.size is None) or self.dialog is not None:
            return  # it went meanwhile
        size = drawing.size or (image.width(), image.height())
        try:
            places = places_of(drawing, node, size)
        except ValueError as error:
            words = self.tr("“{0}” is no list of places ({1}); empty it, and draw them anew.")
            tab.toast.say(words.format(readable(drawing.params[0].name), error))
            return
        self.dialog = dialog = PlacesDialog(self._window, image, drawing, places, QSize(*size))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def keep() -> None:
            drawn = dialog.drawing.places
            now = scope.workflow.nodes.get(name)
            edit = edits_for(drawing, name, now, drawn, size) if now is not None else None
            if edit is not None and drawn != tuple(places):
                scope.do(self.tr("Draw Points") if drawing.points else self.tr("Draw Boxes"), edit)

        dialog.drawn.connect(keep)
        dialog.finished.connect(self._forget)  # destroyed it is only later
        dialog.open()

    def _forget(self) -> None:
        self.dialog = None
