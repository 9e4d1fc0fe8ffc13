"""The image that a run gave, large: one of a batch or all, zoomed, copied, saved, used again."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QDrag, QGuiApplication, QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.image_seeds import seed_edits
from nodeflow.app.model.named_image import NamedImage, named_image
from nodeflow.app.model.node_images import THUMBNAIL, WHOLE
from nodeflow.app.model.run_history import RunHistory
from nodeflow.app.model.run_state import NodeState
from nodeflow.app.model.run_state_text import old_words
from nodeflow.app.panels.batch_view import BatchView
from nodeflow.app.panels.image_tools import ImageTools
from nodeflow.app.panels.preview_choice import PreviewChoice
from nodeflow.app.qt.background import Background
from nodeflow.app.qt.image_files import dragged_image, png_of
from nodeflow.app.qt.thumbnails import read
from nodeflow.graph.edits.edits import EditBatch
from nodeflow.graph.io import files
from nodeflow.graph.io.png_text import with_workflow
from nodeflow.graph.model.roles import FINISHED
from nodeflow.graph.model.workflow import Workflow

KEPT = NodeState("cached")
"""A node of whose result the run tells no more than that it is there."""


class Preview(QWidget):
    """Images of one node: while it samples, when it is done, or when it is selected.

    ``input_wanted``: the image in this file is to be the input of the workflow. ``mask_wanted``: a mask is to be
    painted over what a node gave, by its path and its output.
    """

    input_wanted = Signal(Path)
    mask_wanted = Signal(str, str)

    def __init__(self, session: DocumentSession, history: RunHistory) -> None:
        super().__init__()
        self.session, self.history = session, history
        self.node, self.output = "", ""
        self._pinned_output = ""
        self.choice = PreviewChoice()
        self._files = Background(self, threads=1)
        self.heading = QLabel()
        self.heading.setObjectName("heading")
        self.heading.hide()
        self.old = QLabel()
        self.old.setObjectName("warning")
        self.old.setWordWrap(True)
        self.old.setAccessibleName(self.tr("What the images are of"))
        self.old.hide()
        self.size_label = QLabel()
        self.size_label.setObjectName("dim")
        self.view, self.tools = BatchView(), ImageTools()
        head = QHBoxLayout()
        head.addWidget(self.heading)
        head.addStretch()
        head.addWidget(self.size_label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(self.old)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.tools)
        self._connect()
        self._catch_up()

    def _catch_up(self) -> None:
        """Show the newest image of a document that ran before this preview was there."""
        session, finished = self.session, self.session.catalogue.types(FINISHED)
        given = [(name, self._output_of(name)) for name in session.states.nodes]
        images = [name for name, output in given if output and session.images.type_of(name, output) in finished]
        if images:
            self.look_at(images[-1])

    def _connect(self) -> None:
        self.view.changed.connect(self._tell)
        self.view.pixel.connect(self._tell_pixel)
        self.view.left.connect(self._tell_size)
        self.view.dragged.connect(self._drag)
        self.view.menu_wanted.connect(self._menu)
        self.tools.stepped.connect(self.view.step)
        self.tools.all_wanted.connect(lambda: self.view.choose(None))
        self.tools.copy_wanted.connect(self.copy)
        self.tools.save_wanted.connect(self.save)
        self.tools.seed_wanted.connect(self.use_seed)
        self.tools.input_wanted.connect(self.use_as_input)
        self.tools.mask_wanted.connect(lambda: self.mask_wanted.emit(self.node, self.output))
        self.session.picture.connect(self._arrived)
        self.session.preview.connect(self._sampling)
        self.session.node_changed.connect(self._changed)
        self.session.asked.connect(lambda _: self.choice.begin_run())
        self.session.opened.connect(self.clear)

    def clear(self) -> None:
        """Show nothing, as before the first run."""
        self.node = self.output = ""
        self.choice = PreviewChoice(self.choice.pinned)
        self.heading.clear()
        self.heading.hide()
        self.old.hide()
        self.view.clear()

    def select(self, node: str) -> None:
        """A node was selected, or none: what it gives is looked at from now on, where that is images."""
        pictures = bool(node and self.session.state(node).pictures)
        named = named_image(self.session, node) if node and not pictures and not self.choice.pinned else None
        self.choice.selected = node if pictures or named else ""
        if named is not None:
            self._show_named(node, named)
        elif self.choice.selected and node != self.node:
            self.look_at(node)

    def _show_named(self, node: str, named: NamedImage) -> None:
        """Show the file that a node names; what it would give is known without a run."""

        def show(png: bytes) -> None:
            if png and self.choice.selected == node and not self.session.state(node).pictures:
                self.node, self.output = node, named.output
                self.view.show_images((png,))

        self._files.run(lambda: png_of(read(named.path)), show, owner=self)

    def pin(self, node: str, output: str) -> None:
        """Show what this output of a node gives and no other result; without a node, what comes, as before."""
        if (node, output) == (self.choice.pinned, self._pinned_output):
            return
        self.choice, self._pinned_output = PreviewChoice(node), output
        self.clear()
        if node:
            self.look_at(node)

    def look_at(self, node: str) -> None:
        """Show what a node gave, where that is images."""
        output = self._output_of(node)
        if output:
            self.node, self.output = node, output
            self.session.peek(node, output, WHOLE)

    def _output_of(self, node: str) -> str:
        """The output of a node that is shown: the pinned one, else the first that gave images."""
        state, pinned = self.session.state(node), bool(node) and node == self.choice.pinned
        if not state.values:  # the run told no more than that it is there, or was
            kept = self.session.images.thumbnails.get(node, ("",))[0]
            return self._pinned_output if pinned and (kept or state == KEPT) else kept
        if not pinned:
            return state.pictures
        return next(
            (value.output for value in state.values if value.pictures and value.output == self._pinned_output), ""
        )

    # --- what arrives

    def _changed(self, node: str) -> None:
        state = self.session.state(node)
        if node == self.node:
            self._tell_old()
        if state.phase in ("ran", "cached") and state.pictures:
            finished = self.session.images.type_of(node, state.pictures) in self.session.catalogue.types(FINISHED)
            if self.choice.takes_result(node, finished):
                self.look_at(node)

    def _sampling(self, node: str, picture: bytes) -> None:
        if self.choice.takes_step(node):
            self.node, self.output = node, ""
            self.view.show_step(picture)

    def _arrived(self, node: str, output: str, size: int, pictures: tuple[bytes, ...]) -> None:
        kept = size == THUMBNAIL and self.session.state(node) == KEPT
        if kept and not self.session.state(self.node).pictures and self.choice.pinned in ("", node):
            output = self._pinned_output or output
            self.node, self.output = node, output
            self.session.peek(node, output, WHOLE)
        elif size == WHOLE and (node, output) == (self.node, self.output):
            self.view.show_images(pictures)

    def _tell(self) -> None:
        """Say what is seen, and offer what can be done with it."""
        many, chosen = len(self.view.images), self.view.chosen
        words = self.tr("{0} · {1}").format(self.node, self.output)
        if not self.output:
            words = self.tr("{0} · sampling").format(self.node)
        elif many > 1 and chosen is None:
            words += self.tr(" · {0} images").format(many)
        elif many > 1 and chosen is not None:
            words += self.tr(" · {0} of {1}").format(chosen + 1, many)
        if self.node:
            self.heading.setText(words)
            self.heading.show()
            self.view.view.setAccessibleDescription(words)
        self._tell_size()
        self._tell_old()
        self.tools.offer(many, chosen, bool(self.history.newest))

    def _tell_old(self) -> None:
        """Say where the images are not what the workflow gives as it stands."""
        words = old_words(self.session.state(self.node)) if self.node else ""
        self.old.setText(self.tr("This image is {0}").format(words) if words else "")
        self.old.setVisible(bool(words))

    def _tell_size(self) -> None:
        size = self.view.size_of_one
        self.size_label.setText("" if size.isEmpty() or not self.output else f"{size.width()} × {size.height()}")

    def _tell_pixel(self, x: int, y: int, colour: QColor) -> None:
        self.size_label.setText(f"{x}, {y}:  {colour.red()} {colour.green()} {colour.blue()}")

    # --- what is done with an image

    @property
    def index(self) -> int:
        """The image of the batch that is meant: the one that is seen alone, else the first."""
        return self.view.chosen or 0

    def copy(self) -> None:
        """Put the image on the clipboard, in full size.

        As pixels alone: a QMimeData of Python's on the clipboard ends PySide 6.11 when the program ends.
        """
        if self.view.images:
            image = QImage.fromData(self.view.images[self.index])
            QGuiApplication.clipboard().setImage(image)
            self.session.notice.emit(self.tr("Copied: {0} × {1}").format(image.width(), image.height()))

    def save(self) -> None:
        """Ask for a file, and write the images with the workflow inside."""
        start = str(Path.home() / f"{self.node.replace('/', '-') or 'image'}.png")
        dialog = QFileDialog(self.window(), self.tr("Save image"), start, self.tr("PNG (*.png)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        dialog.open()

    def save_to(self, path: Path) -> None:
        """Write the image that is seen alone, or all of a batch: the first to ``path``, the others beside it."""
        path = path if path.suffix else path.with_suffix(".png")
        chosen, workflow = self.view.chosen, self.session.workflow.copy()
        meant = self.view.images if chosen is None else self.view.images[chosen : chosen + 1]
        self._files.run(lambda: write_images(path, meant, workflow), otherwise=self._failed, owner=self)

    def use_seed(self) -> None:
        """Set the seeds that the image came from, for it alone, as one undo step."""
        edits = seed_edits(self.session.workflow, self.session.catalogue, self.history.newest, self.node, self.index)
        if edits:
            self.session.do(self.tr("Use this seed"), EditBatch(tuple(edits)))
        else:
            self.session.notice.emit(self.tr("The workflow has this seed already."))

    def use_as_input(self) -> None:
        """Write the image into the output folder, and have the workflow load it."""
        meant, workflow = self.view.images[self.index : self.index + 1], self.session.workflow.copy()
        place = self._free_path("input")
        self._files.run(
            lambda: write_images(place, meant, workflow),
            lambda _: self.input_wanted.emit(place),
            self._failed,
            owner=self,
        )

    def _free_path(self, what: str) -> Path:
        """A file of the output folder that is not there yet."""
        number, stem = 1, f"{self.node.replace('/', '-')}-{what}"
        while (path := self.session.hub.output / f"{stem}-{number}.png").exists():
            number += 1
        return path

    def _drag(self) -> None:
        """Drag the image out: to other programs as a file and as pixels, to the canvas as an image to be loaded."""
        if not self.view.images or not self.output:
            return
        png, path = self.view.images[self.index], self._free_path("dragged")
        try:
            write_images(path, (png,), self.session.workflow)
        except OSError as error:
            self._failed(error)
            return
        drag = QDrag(self)
        drag.setMimeData(dragged_image(QImage.fromData(png), png, path))
        drag.exec(Qt.DropAction.CopyAction)

    def _menu(self, at: QPoint) -> None:
        self.tools.menu().popup(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def _failed(self, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) else ""
        self.session.trouble.emit(self.tr("Cannot write the image: {0}").format(reason or error))


def write_images(path: Path, images: tuple[bytes, ...], workflow: Workflow) -> None:
    """Write images with the workflow inside: the first to ``path``, the others beside it. Raises OSError."""
    text = files.dumps(workflow)
    path.parent.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        part = path if number == 0 else path.with_stem(f"{path.stem}-{number + 1}")
        files.write_atomic(part, with_workflow(image, text))
