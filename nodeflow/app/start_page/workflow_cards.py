"""The ready-made workflows as images on shelves: each shelf under its heading, all found by words."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QListWidgetItem

from nodeflow.app.model.search import Subject, closest, search
from nodeflow.app.model.search_aliases import search_aliases
from nodeflow.app.qt.file_list import FilesList
from nodeflow.app.start_page.bundled_workflows import STARTER, BundledWorkflow, Shelf
from nodeflow.app.start_page.card_delegate import ABOUT, CARD, HEADING, KIND, LARGE, PICTURE, Cards


class Shelves(FilesList):
    """Cards of workflows; headings among them cannot be chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # its coming would change the rows
        self.verticalScrollBar().setSingleStep(24)
        self.setMouseTracking(True)
        self._cards = Cards(self)
        self.setItemDelegate(self._cards)
        self._shelves: list[tuple[QListWidgetItem, list[tuple[QListWidgetItem, BundledWorkflow]]]] = []

    def fill(self, shelves: list[Shelf]) -> None:
        """Put everything there, without images yet."""
        for shelf in shelves:
            self.add(shelf)
        self._choose_first()

    def add(self, shelf: Shelf) -> list[tuple[QListWidgetItem, BundledWorkflow]]:
        """Put a shelf behind the others, without images yet; its cards and their workflows."""
        heading = QListWidgetItem(shelf.title, self)
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        heading.setData(KIND, HEADING)
        cards = []
        for ready in shelf.workflows:
            item = self.put(ready.path, ready.title)
            item.setToolTip(ready.about)
            item.setData(ABOUT, ready.about)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, ready.about)
            item.setData(KIND, LARGE if ready.name == STARTER else CARD)
            cards.append((item, ready))
        self._shelves.append((heading, cards))
        return cards

    def cards(self) -> Iterator[tuple[QListWidgetItem, BundledWorkflow]]:
        """Each card and its workflow, in order."""
        for _, cards in self._shelves:
            yield from cards

    def show_picture(self, item: QListWidgetItem, image: QImage) -> None:
        """Give a card its image."""
        item.setData(PICTURE, QPixmap.fromImage(image))

    def narrow(self, words: str) -> bool:
        """Leave only those that the words mean by title, other names, shelf or sentence; whether there are any.

        The one that they mean best is chosen.
        """
        subjects = self._subjects()
        ranked = search(words, subjects, subjects.__getitem__)
        found = set(ranked)
        for heading, cards in self._shelves:
            for item, ready in cards:
                item.setHidden(ready.name not in found)
            heading.setHidden(all(item.isHidden() for item, _ in cards))
        current = self.currentItem()
        if words.strip() and ranked:
            self.setCurrentItem(next(item for item, ready in self.cards() if ready.name == ranked[0]))
        elif current is None or current.isHidden():
            self._choose_first()
        return self.currentItem() is not None

    def suggest(self, words: str) -> list[str]:
        """Return the titles of workflows that words which find nothing may have meant."""
        subjects = self._subjects()
        return [subjects[name].title for name in closest(words, subjects, subjects.__getitem__)]

    def _subjects(self) -> dict[str, Subject]:
        aliases = search_aliases().workflows
        return {
            ready.name: Subject(
                ready.title, (ready.name, *aliases.get(ready.name, ())), heading.text(), (), ready.about
            )
            for heading, cards in self._shelves
            for _, ready in cards
        }

    def moveCursor(self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        """Return where a key leads; Home leads to the first card, not to the heading above it."""
        if action == QAbstractItemView.CursorAction.MoveHome:
            return self.model().index(self._first(), 0)
        return super().moveCursor(action, modifiers)

    def _choose_first(self) -> None:
        self.setCurrentRow(self._first())
        self.scrollToTop()

    def _first(self) -> int:
        """The row of the first card that is seen; -1 where there is none."""
        return next((self.row(item) for item, _ in self.cards() if not item.isHidden()), -1)
