"""The dialog of the folders that the library looks in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nodeflow.library.folders import Root, discovered, library_roots, read_settings, write_settings

_PATH = Qt.ItemDataRole.UserRole


class LibraryFolders(QDialog):
    """The person's own folders can be added and taken away; those that others name are shown with who names them.

    ``changed``: the folders are others now.
    """

    changed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Model folders"))
        self.settings = read_settings()
        told = QLabel(
            self.tr(
                "Models are looked for in these folders and all below them. The folder of ComfyUI, of the Stable "
                "Diffusion web UI or of InvokeAI stands for the models in it. Only headers are read."
            )
        )
        told.setWordWrap(True)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(self.tr("Model folders"))
        self.tree.setHeaderLabels([self.tr("Folder"), self.tr("Named by")])
        self.tree.setRootIsDecorated(False)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, self.tree.header().ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, self.tree.header().ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(lambda *_: self._enable())
        self.add_button = self._button(self.tr("Add Folder…"), self._browse)
        self.remove_button = self._button(self.tr("Take Away"), self._remove)
        self.hub = QCheckBox(self.tr("Show the cache of the Hugging Face hub too"))
        self.hub.setChecked(self.settings.hub_cache)
        self.hub.toggled.connect(self._turn_hub)
        row = QHBoxLayout()
        row.addWidget(self.add_button)
        row.addWidget(self.remove_button)
        row.addStretch(1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(12)
        layout.addWidget(told)
        layout.addWidget(self.tree, 1)
        layout.addLayout(row)
        layout.addWidget(self.hub)
        layout.addWidget(buttons)
        self.resize(680, 420)
        self._fill()

    def _button(self, words: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(words)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: act())
        return button

    def _fill(self) -> None:
        self.tree.clear()
        own = {os.path.abspath(Path(one).expanduser()) for one in self.settings.folders}  # noqa: PTH100
        shown: set[str] = set()
        for folder in self.settings.folders:
            self._line(Path(folder), self.tr("you"), own=folder)
        for root in library_roots():
            if root.source != "settings" and str(root.path) not in own:
                shown.add(str(root.path))
                self._line(root.path, root.source)
        for root in discovered():
            if str(root.path) not in own and str(root.path) not in shown:
                self._suggest(root)
        self._enable()

    def _line(self, path: Path, source: str, own: str = "") -> QTreeWidgetItem:
        item = QTreeWidgetItem(self.tree, [str(path), source])
        item.setToolTip(0, str(path))
        item.setData(0, _PATH, own)
        if not path.exists():
            item.setText(1, self.tr("{0}, not there now").format(source))
            item.setForeground(0, self.palette().placeholderText())
        return item

    def _suggest(self, root: Root) -> None:
        """A program's folder that was found on this computer and is not looked in."""
        item = QTreeWidgetItem(self.tree, [str(root.path), ""])
        item.setForeground(0, self.palette().placeholderText())
        item.setToolTip(0, str(root.path))
        button = self._button(self.tr("Add {0}").format(root.source), lambda: self.add(str(root.path)))
        self.tree.setItemWidget(item, 1, button)

    def _enable(self) -> None:
        item = self.tree.currentItem()
        self.remove_button.setEnabled(item is not None and bool(item.data(0, _PATH)))

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Choose a folder"))
        if chosen:
            self.add(chosen)

    def add(self, folder: str) -> None:
        """Look in a folder from now on."""
        if folder not in self.settings.folders:
            self._keep((*self.settings.folders, folder), self.settings.hub_cache)

    def _remove(self) -> None:
        item = self.tree.currentItem()
        if item is not None and item.data(0, _PATH):
            left = tuple(one for one in self.settings.folders if one != item.data(0, _PATH))
            self._keep(left, self.settings.hub_cache)

    def _turn_hub(self, on: bool) -> None:
        self._keep(self.settings.folders, on)

    def _keep(self, folders: tuple[str, ...], hub_cache: bool) -> None:
        settings = msgspec.structs.replace(self.settings, folders=folders, hub_cache=hub_cache)
        try:
            write_settings(settings)
        except OSError as error:
            words = self.tr("The folders cannot be kept: {0}").format(error.strerror or error)
            QMessageBox.warning(self, self.windowTitle(), words)
            return
        self.settings = settings
        self._fill()
        self.changed.emit()
