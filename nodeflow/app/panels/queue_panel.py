"""The queue: what runs and what waits behind it, with the time that is left, and what is over. Jobs are sorted,
stopped, put back, changed and repeated here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from nodeflow.app.i18n.texts import duration
from nodeflow.app.model.engine_service import EngineService
from nodeflow.app.model.past_jobs import PastJobs
from nodeflow.app.model.run_state import RunStates
from nodeflow.app.panels.job_line import JOB, JobLine
from nodeflow.app.panels.past_line import PAST, PastLine, outcome_words
from nodeflow.app.qt.flow_layout import FlowLayout
from nodeflow.app.qt.thumbnails import Thumbnails
from nodeflow.app.qt.worded_list import WordedList
from nodeflow.engine.protocol.messages import JobInfo
from nodeflow.engine.protocol.run_request import RunRequest

StatesOf = Callable[[str], RunStates | None]
"""Gives the run states of a document by its id; None for one that is not open."""


class _Jobs(WordedList):
    """Jobs as lines: waiting ones are moved by drag or with Alt and the arrows, and taken out with Delete.

    ``idle`` stands there while there are none.
    """

    def __init__(self, move: Callable[[int, int], None], remove: Callable[[], None], idle: str) -> None:
        super().__init__(idle)
        self._move, self._remove = move, remove
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.line = JobLine(self)
        self.setItemDelegate(self.line)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._move(self.currentRow(), self.currentRow() + step)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._remove()
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """The engine moves the job, and its answer moves the line."""
        row, at = self.currentRow(), event.position().toPoint()
        over = self.indexAt(at)
        to = over.row() + int(at.y() > self.visualRect(over).center().y()) if over.isValid() else self.count()
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        self._move(row, to - int(to > row))


class QueuePanel(QWidget):
    """One line a job, buttons for all of them, what is over, and how often to run the document in front.

    ``edit_wanted``: what a job is to do is to be changed, as a document; it waits no longer.
    """

    edit_wanted = Signal(object)

    def __init__(
        self,
        hub: EngineService,
        states: StatesOf,
        run: Callable[[], None],
        past: PastJobs,
        thumbnails: Thumbnails,
    ) -> None:
        super().__init__()
        self._hub, self._states, self._run, self._past = hub, states, run, past
        self._shown: tuple[JobInfo, ...] = ()
        self.pause = QPushButton()
        self.remove = QPushButton(self.tr("Remove"))
        self.clear = QPushButton(self.tr("Clear"))
        self.clear.setToolTip(self.tr("Take out all that waits"))
        self.undo = QPushButton(self.tr("Put Back"))
        self.undo.setToolTip(self.tr("Put back what was taken out last (Ctrl+Z)"))
        self.edit = QPushButton(self.tr("Edit"))
        self.edit.setToolTip(self.tr("Take the job out and open its workflow; Run puts it into the queue again"))
        self.again = QPushButton(self.tr("Repeat"))
        self.again.setToolTip(self.tr("Run the chosen jobs once more, as they were"))
        self.times = QSpinBox()
        self.times.setRange(1, 999)
        self.times.setValue(4)
        self.times.setSuffix(" ×")
        self.times.setAccessibleName(self.tr("How often"))
        self.repeat = QPushButton(self.tr("Run"))
        self.repeat.setAccessibleName(self.tr("Run so often"))
        idle = self.tr("Nothing runs and nothing waits. Ctrl+Enter runs the workflow in front.")
        self.list = _Jobs(self._move, self._remove, idle)
        self.list.setAccessibleName(self.tr("Jobs"))
        self.list.setAccessibleDescription(self.tr("Alt and arrows move a job, Delete takes it out"))
        self.empty = QLabel(idle)
        self.empty.setObjectName("dim")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.over = QListWidget()
        self.over.setAccessibleName(self.tr("Jobs that are over"))
        self.over.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.over.setItemDelegate(PastLine(thumbnails, self.over))
        self.over.setUniformItemSizes(True)
        self.over.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        thumbnails.arrived.connect(lambda _: self.over.viewport().update())
        row = FlowLayout()
        for button in (self.pause, self.remove, self.clear, self.undo, self.edit, self.again):
            row.addWidget(button)
        row.addWidget(self.times)
        row.addWidget(self.repeat)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(self.list)
        both.addWidget(self.over)
        both.setChildrenCollapsible(False)
        self._both = both
        self._pages.addWidget(both)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self._pages, 1)
        self.pause.clicked.connect(self._pause)
        self.remove.clicked.connect(self._remove)
        self.clear.clicked.connect(self._clear)
        self.repeat.clicked.connect(self._repeat)
        self.undo.clicked.connect(past.put_back)
        self.edit.clicked.connect(self._edit)
        self.again.clicked.connect(self._run_again)
        self.list.line.cancel_wanted.connect(lambda job: past.take_out([job]))
        self.list.itemDoubleClicked.connect(lambda _: self._edit())
        self.over.itemDoubleClicked.connect(lambda _: self._edit())
        self.list.itemSelectionChanged.connect(self._enable)
        self.over.itemSelectionChanged.connect(self._enable)
        hub.queue_changed.connect(self.refresh)
        past.changed.connect(self.show_past)
        self.show_past()
        self.refresh()

    def show_past(self) -> None:
        """Show what is over, the newest first."""
        self.over.clear()
        for past in self._past.past:
            item = QListWidgetItem(f"{past.request.title} · {outcome_words(past)}")
            item.setData(PAST, past)
            item.setToolTip("\n".join(filter(None, (item.text(), past.request.about))))
            self.over.addItem(item)
        self.over.setVisible(bool(self._past.past))
        self._show_page()
        self._enable()

    def _show_page(self) -> None:
        self._pages.setCurrentWidget(self._both if self._hub.jobs or self._past.past else self.empty)

    def refresh(self) -> None:
        """Show the jobs as they stand; what was selected stays so. Lines that are the same are left alone."""
        before, after = self._shown, self._hub.jobs
        self._shown = after
        head = _alike(before, after)
        tail = min(_alike(before[::-1], after[::-1]), len(before) - head, len(after) - head)
        row = self.list.currentRow()
        current = before[row].job if 0 <= row < len(before) else 0
        chosen = set(self._chosen())
        for _ in range(len(before) - head - tail):
            self.list.takeItem(head)
        for at, job in enumerate(after[head : len(after) - tail], head):
            item = QListWidgetItem(self._words(job))
            item.setData(JOB, job)
            item.setToolTip(job.about)
            if job.state == "running":
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDragEnabled)
            self.list.insertItem(at, item)
            if job.job == current:
                self.list.setCurrentItem(item, QItemSelectionModel.SelectionFlag.NoUpdate)
            item.setSelected(job.job in chosen)
        self.tell_time()
        self._show_page()
        self.pause.setText(self.tr("Resume") if self._held() else self.tr("Pause"))
        self._enable()

    def _held(self) -> bool:
        """Return whether there is something to resume."""
        return self._hub.paused or any(job.state == "left" for job in self._hub.jobs)

    def _words(self, job: JobInfo) -> str:
        if job.state == "left":
            return self.tr("{0} · left from last time").format(job.title)
        if job.state == "waiting":
            return self.tr("{0} · waiting").format(job.title)
        states = self._states(job.document)
        words = self.tr("{0} · paused") if self._hub.paused else self.tr("{0} · running")
        words = words.format(job.title)
        if states is not None and states.seconds_left >= 0.5:
            words += self.tr(" · {0} left").format(duration(states.seconds_left))
        return words

    def tell_time(self) -> None:
        """Show how long the jobs that run may still take; they are the first ones."""
        for row, job in enumerate(itertools.takewhile(lambda job: job.state == "running", self._shown)):
            self.list.item(row).setText(self._words(job))

    def _enable(self) -> None:
        self.remove.setEnabled(bool(self._chosen()))
        self.clear.setEnabled(any(job.state != "running" for job in self._hub.jobs))
        self.undo.setEnabled(bool(self._past.undoable))
        meant = self._meant()
        self.edit.setEnabled(len(meant) == 1)
        self.again.setEnabled(bool(meant))

    def _chosen(self) -> list[int]:
        return [item.data(JOB).job for item in self.list.selectedItems()]

    def _move(self, row: int, to: int) -> None:
        """Put the job of a line at another; the one that runs stays first."""
        jobs = self._hub.jobs
        running = sum(job.state == "running" for job in jobs)
        if running <= row < len(jobs):
            self._hub.engine.move(jobs[row].job, min(max(to, running), len(jobs) - 1) - running)

    def _remove(self) -> None:
        self._past.take_out(self._chosen())

    def _clear(self) -> None:
        self._past.take_out([job.job for job in self._hub.jobs if job.state != "running"])

    def _meant(self) -> list[RunRequest]:
        """What the selected jobs are, or were, to do."""
        over = [item.data(PAST).request for item in self.over.selectedItems()]
        return [*filter(None, map(self._past.request, self._chosen())), *over]

    def _edit(self) -> None:
        meant, waiting = self._meant(), self._chosen()
        if len(meant) != 1:
            return
        running = {info.job for info in self._hub.jobs if info.state == "running"}
        self._past.take_out([job for job in waiting if job not in running])
        self.edit_wanted.emit(meant[0])

    def _run_again(self) -> None:
        for request in self._meant():
            self._past.repeat(request)

    def event(self, event: QEvent) -> bool:
        asks = event.type() == QEvent.Type.ShortcutOverride and bool(self._past.undoable)
        if asks and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Undo):
            event.accept()  # the queue's own, while the keys are here
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Undo):
            self._past.put_back()
        else:
            super().keyPressEvent(event)

    def _pause(self) -> None:
        (self._hub.engine.resume if self._held() else self._hub.engine.pause)()

    def _repeat(self) -> None:
        for _ in range(self.times.value()):
            self._run()


def _alike(one: Sequence[JobInfo], other: Sequence[JobInfo]) -> int:
    """Return how many jobs at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
