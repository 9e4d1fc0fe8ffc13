"""Buttons below an image: step through a batch, copy, save, and use it again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget


class ImageTools(QWidget):
    """``stepped``: to a neighbour. ``all_wanted``: the whole batch. The others are wishes for the image shown."""

    stepped = Signal(int)
    all_wanted = Signal()
    copy_wanted = Signal()
    save_wanted = Signal()
    seed_wanted = Signal()
    input_wanted = Signal()
    mask_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.before, self.after, self.all = QToolButton(), QToolButton(), QToolButton()
        for button, sign, words in (
            (self.before, "‹", self.tr("Previous image of the batch")),
            (self.all, "⊞", self.tr("All images of the batch")),
            (self.after, "›", self.tr("Next image of the batch")),
        ):
            button.setText(sign)
            button.setToolTip(words)
            button.setAccessibleName(words)
        self.copy = QPushButton(self.tr("Copy"))
        self.save = QPushButton(self.tr("Save as…"))
        self.more = QToolButton()
        self.more.setText(self.tr("Use"))
        self.more.setToolTip(
            self.tr("Take the seed of this image, or the image itself, for the next run, or paint a mask on it")
        )
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        uses = QMenu(self.more)
        self.seed = uses.addAction(self.tr("Use this seed"))
        self.input = uses.addAction(self.tr("Make this the input"))
        self.paint_mask = uses.addAction(self.tr("Paint a mask on it…"))
        self.more.setMenu(uses)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for step in (self.before, self.all, self.after):
            row.addWidget(step)
        row.addStretch()
        for wish in (self.more, self.copy, self.save):
            row.addWidget(wish)
        self.before.clicked.connect(lambda: self.stepped.emit(-1))
        self.after.clicked.connect(lambda: self.stepped.emit(1))
        self.all.clicked.connect(self.all_wanted)
        self.copy.clicked.connect(self.copy_wanted)
        self.save.clicked.connect(self.save_wanted)
        self.seed.triggered.connect(self.seed_wanted)
        self.input.triggered.connect(self.input_wanted)
        self.paint_mask.triggered.connect(self.mask_wanted)
        self.offer(0, None, False)

    def offer(self, many: int, chosen: int | None, seeds: bool) -> None:
        """Offer what can be done with so many images, of which one is seen alone; ``seeds``: those of its run are
        known."""
        for widget in (self.before, self.after, self.all):
            widget.setVisible(many > 1)
        self.all.setEnabled(chosen is not None)
        for wish in (self.copy, self.save, self.more):
            wish.setEnabled(many > 0)
        self.seed.setEnabled(seeds)

    def menu(self) -> QMenu:
        """The same as a menu."""
        menu = QMenu(self)
        menu.addAction(self.copy.text()).triggered.connect(self.copy_wanted)
        menu.addAction(self.save.text()).triggered.connect(self.save_wanted)
        menu.addSeparator()
        menu.addActions([self.seed, self.input, self.paint_mask])
        return menu
