"""A list of folders that a person adds to and takes from."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)


class FolderList(QDialog):
    """Holds folders; ``accepted`` when they are to be taken."""

    def __init__(self, parent: QWidget, folders: list[str]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Folders of the gallery"))
        about = QLabel(self.tr("Images of the output folder are always there. Those of these folders are found too."))
        about.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Folders"))
        self.list.addItems(folders)
        self.add, self.remove = QPushButton(self.tr("Add…")), QPushButton(self.tr("Remove"))
        for button in (self.add, self.remove):
            button.setAutoDefault(False)
        self.add.clicked.connect(self._ask)
        self.remove.clicked.connect(self._remove)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.add)
        row.addWidget(self.remove)
        row.addStretch()
        layout = QVBoxLayout(self)
        for widget in (about, self.list):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(buttons)
        self.resize(520, 320)

    def folders(self) -> list[str]:
        """The folders as they stand."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def put(self, folder: str) -> None:
        """Add a folder that is not there yet."""
        if folder and folder not in self.folders():
            self.list.addItem(folder)

    def _ask(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder with images"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.put)
        dialog.open()

    def _remove(self) -> None:
        for item in self.list.selectedItems():
            self.list.takeItem(self.list.row(item))
