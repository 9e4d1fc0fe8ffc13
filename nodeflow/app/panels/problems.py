"""The list of what stands in the way of a run."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from nodeflow.app.i18n.texts import problem_line
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.qt.whole_lines import WholeLines


class Problems(QWidget):
    """An entry a problem; a click goes to its node. Hidden while there is nothing wrong.

    ``models_wanted``: something is to be put in the place of models that are not here.
    """

    wanted = Signal(str)
    models_wanted = Signal()

    def __init__(self, session: DocumentSession) -> None:
        super().__init__()
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self.heading = QLabel()
        self.heading.setObjectName("heading")
        self.find_button = QPushButton(self.tr("Find Missing Models…"))
        self.find_button.clicked.connect(self.models_wanted)
        self.list = WholeLines()
        self.list.setAccessibleName(self.tr("Problems"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(self.heading, 1)
        head.addWidget(self.find_button)
        layout.addLayout(head)
        layout.addWidget(self.list)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        session.problems_changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        missing = self._session.missing
        problems = list(dict.fromkeys((*self._session.problems, *missing, *self._session.unfit)))
        self.find_button.setVisible(bool(missing))
        self.list.clear()
        for problem in problems:
            item = QListWidgetItem(problem_line(problem))
            item.setData(Qt.ItemDataRole.UserRole, problem.node)
            self.list.addItem(item)
        if len(problems) == 1:
            self.heading.setText(self.tr("One thing to put right before it can run"))
        else:
            self.heading.setText(self.tr("{0} things to put right before it can run").format(len(problems)))
        self.list.lay_out()
        self.setVisible(bool(problems))

    def _go(self, item: QListWidgetItem) -> None:
        self.wanted.emit(item.data(Qt.ItemDataRole.UserRole))
