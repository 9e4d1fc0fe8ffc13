"""What became of another program's workflow: what is missing, what is not exact and why; lines lead to nodes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.sentences import said as translated
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.qt import theme
from nodeflow.graph.io.import_report import ImportReport, ModelRow, NodeRow

_DETAIL, _NODE, _MARK = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
_PAD, _GAP, _DOT = 5, 2, 8
_WRAP = int(Qt.TextFlag.TextWordWrap)
_BREAKS = re.compile(r"(?<=[/_.\-])(?=\w)")
"""Where names of files and addresses may be broken."""


def _breakable(words: str) -> str:
    return _BREAKS.sub("\u200b", words)


class _Lines(QStyledItemDelegate):
    """Draws a line in words, and below it, dimmed and wrapped, what there is to say of it."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        rect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        chosen, pointed = state & QStyle.StateFlag.State_Selected, state & QStyle.StateFlag.State_MouseOver
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen or pointed:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("fill" if chosen else "raised"))
            painter.drawRoundedRect(rect.adjusted(0, 0, -2, 0), 4, 4)
        inner = rect.adjusted(_PAD, _PAD, -_PAD, -_PAD)
        if mark := index.data(_MARK):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mark))
            top = inner.top() + (QFontMetrics(self._bold()).height() - _DOT) // 2
            painter.drawEllipse(inner.left(), top, _DOT, _DOT)
            inner.setLeft(inner.left() + _DOT + 6)
        painter.setFont(self._bold() if mark else self._tree.font())
        painter.setPen(theme.colour("text"))
        flags = _WRAP | int(Qt.AlignmentFlag.AlignTop)
        used = painter.boundingRect(inner, flags, _breakable(index.data()))
        painter.drawText(inner, flags, _breakable(index.data()))
        if detail := index.data(_DETAIL):
            painter.setFont(self._small())
            painter.setPen(theme.colour("dim"))
            painter.drawText(inner.adjusted(0, used.height() + _GAP, 0, 0), flags, _breakable(detail))
        painter.restore()

    def sizeHint(self, _: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        width = self._tree.viewport().width() - self._tree.indentation() * (2 if index.parent().isValid() else 1)
        room = QRect(0, 0, max(width - 2 * _PAD - 4, 40), 100_000)
        font = self._bold() if index.data(_MARK) else self._tree.font()
        height = QFontMetrics(font).boundingRect(room, _WRAP, _breakable(index.data())).height()
        if detail := index.data(_DETAIL):
            height += _GAP + QFontMetrics(self._small()).boundingRect(room, _WRAP, _breakable(detail)).height()
        return QSize(width, height + 2 * _PAD)

    def _bold(self) -> QFont:
        font = QFont(self._tree.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def _small(self) -> QFont:
        font = QFont(self._tree.font())
        font.setPointSizeF(max(font.pointSizeF() - 1.0, 7.0))
        return font


class _ReportTree(QTreeWidget):
    """Wraps its lines anew when it gets another width."""

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self.scheduleDelayedItemsLayout()


class ImportReportPanel(QWidget):
    """Shows the report of a document that was imported. ``wanted``: the node of a line is to be seen."""

    wanted = Signal(str)

    def __init__(self, session: DocumentSession) -> None:
        super().__init__()
        self._session = session
        self.heading = QLabel()
        self.heading.setWordWrap(True)
        self.tree = _ReportTree()
        self.tree.setAccessibleName(self.tr("What became of each node and model"))
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(14)
        self.tree.setUniformRowHeights(False)
        self.tree.setItemDelegate(_Lines(self.tree))
        self.tree.setMouseTracking(True)
        self.copy = QPushButton(self.tr("Copy"))
        self.copy.setToolTip(self.tr("Copy the whole report as text"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        hint = QLabel(self.tr("A double click shows the node."))
        hint.setObjectName("dim")
        foot = QHBoxLayout()
        foot.addWidget(hint, 1)
        foot.addWidget(self.copy)
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.setContentsMargins(10, 10, 10, 10)
        column.setSpacing(8)
        column.addWidget(self.heading)
        column.addWidget(self.tree, 1)
        column.addLayout(foot)
        empty = QLabel(self.tr("This workflow was not imported from another program."))
        empty.setObjectName("dim")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        self._pages = QStackedWidget()
        self._pages.addWidget(empty)
        self._pages.addWidget(filled)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.setFocusProxy(self.tree)
        self.tree.itemActivated.connect(self._go)
        session.opened.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """Show what became of the document as it was opened."""
        report = self._session.report
        self.tree.clear()
        self._pages.setCurrentIndex(0 if report is None else 1)
        if report is None:
            return
        self.heading.setText(self._summary(report))
        bad, busy, good = (theme.colour(name).name() for name in ("bad", "busy", "good"))
        by_id = {row.id: row.nodes for row in report.rows}
        unknown, missing = report.of("unknown"), report.missing
        here = [model for model in report.models if model.found]
        self._group(self.tr("Missing nodes"), bad, (self._node(row) for row in unknown))
        self._group(self.tr("Missing models"), bad, (self._model(row, by_id) for row in missing))
        self._group(self.tr("Not exactly the same"), busy, (self._node(row) for row in report.of("approximate")))
        self._group(self.tr("Other differences"), busy, ((translated(words), "", "") for words in report.differences))
        self._group(self.tr("Models that are here"), good, (self._model(row, by_id) for row in here), False)
        done = (self._node(row) for row in report.of("translated"))
        self._group(self.tr("Translated"), good, done, not (unknown or missing or report.differences))

    def text(self) -> str:
        """Return the whole report as text, one line each."""
        report = self._session.report
        lines = [self.heading.text()] if report else []
        for at in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(at)
            if group is None:
                continue
            lines += ["", group.text(0)]
            for number in range(group.childCount()):
                item = group.child(number)
                detail = str(item.data(0, _DETAIL) or "").replace("\n", "; ")
                lines.append(f"- {item.text(0)}: {detail}" if detail else f"- {item.text(0)}")
        return "\n".join(lines)

    def _summary(self, report: ImportReport) -> str:
        counts = [len(report.of(status)) for status in ("translated", "approximate", "unknown")]
        words = self.tr("From {0}: {1} translated, {2} not exactly, {3} missing.").format(report.program, *counts)
        if report.models:
            words += " " + self.tr("{0} of {1} models are here.").format(
                len(report.models) - len(report.missing), len(report.models)
            )
        return words

    def _group(self, title: str, mark: str, lines: Iterable[tuple[str, str, str]], expanded: bool = True) -> None:
        """A heading with its lines: words, what there is to say of them, and the node they lead to."""
        top = QTreeWidgetItem()
        for words, detail, node in lines:
            item = QTreeWidgetItem(top, [words])
            item.setData(0, _DETAIL, detail)
            item.setData(0, _NODE, node)
            item.setToolTip(0, detail)
        if top.childCount():
            top.setText(0, f"{title} ({top.childCount()})")
            top.setData(0, _MARK, mark)
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.tree.addTopLevelItem(top)
            top.setExpanded(expanded)

    def _node(self, row: NodeRow) -> tuple[str, str, str]:
        said = [translated(note) for note in row.notes]
        if row.pack:
            said.insert(0, self.tr("comes with the pack {0}").format(row.pack))
        if row.status == "translated":
            said.append(", ".join(row.nodes))
        return row.type, "\n".join(filter(None, said)), row.nodes[0] if row.nodes else ""

    def _model(self, row: ModelRow, nodes: dict[str, list[str]]) -> tuple[str, str, str]:
        said = [self.tr("belongs in the folder {0}").format(row.folder)] if row.folder and not row.found else []
        said += [one for one in (row.path if row.found else "", _shortened(row.source), translated(row.note)) if one]
        return row.file, "\n".join(said), next(iter(nodes.get(row.node, [])), "")

    def _go(self, item: QTreeWidgetItem) -> None:
        if node := item.data(0, _NODE):
            self.wanted.emit(node)


def _shortened(address: str) -> str:
    """An address on the net as its host and the repository there, which is what a person looks for."""
    parts = address.removeprefix("https://").removeprefix("http://").split("/")
    return "/".join(parts[:3]) + ("/…" if len(parts) > 3 else "")
