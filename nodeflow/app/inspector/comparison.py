"""Comparison of two values: both ones' images, how far they are apart, and from which step on."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import QObject, Signal

from nodeflow.app.i18n.texts import tr
from nodeflow.app.inspector.compare_controls import CompareBar
from nodeflow.app.inspector.frame_store import FrameCache, FrameSeries
from nodeflow.app.inspector.image_pair import MODES
from nodeflow.app.inspector.view_stage import ViewStage
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.app.qt.frames import StoredFrame
from nodeflow.engine.protocol.value_handle import Overview, Seen, ValueHandle
from nodeflow.views import APART, Chart, Option, ViewInfo

THERE = "other step"
"""The option that names the step of the other value, where it is another one."""


class Comparison(QObject):
    """Fetches what is beside a value. ``arrived``: something of it is there."""

    arrived = Signal()

    def __init__(self, looks: ValueRequests, cache: FrameCache, bar: CompareBar, parent: QObject) -> None:
        super().__init__(parent)
        self._looks, self._cache, self._bar = looks, cache, bar
        self.other: FrameSeries | None = None
        self.apart: FrameSeries | None = None
        """How far the two are apart, found from their values; None where it is not asked for or cannot be told."""
        self._parting: Chart | None = None
        self._turn = 0

    def begin(
        self,
        own: Overview,
        handle: ValueHandle | None,
        form: ViewInfo,
        options: dict[str, Any],
        time: Option,
        room: int,
    ) -> None:
        """Compare a value with the one with a handle, in a form."""
        self.close()
        if handle is None:
            return
        self.other = self._film(handle, form, options, time, room)
        if self._bar.mode == MODES[2] and form.apart == "picture":
            fixed = {} if self._bar.follows else {THERE: self._bar.step(0)}
            self.apart = self._film(own.handle, form, {**options, **fixed}, time, room, other=handle)
        charted = next((form.name for form in own.forms if form.apart == "chart"), "")
        if time.time and charted and self._bar.apart:
            turn = self._turn

            def told(view: Seen | None, _: str) -> None:
                if turn == self._turn and isinstance(view, Chart):
                    self._parting = view
                    self.arrived.emit()

            self._looks.ask(told, handle=own.handle, other=handle, form=charted, options=options)

    def overlay(self, view: Chart, handle: ValueHandle, form: str, options: dict[str, Any], stage: ViewStage) -> None:
        """Show the curves of another value of the same form together with these."""
        turn, self._parting = self._turn, None
        self._bar.tell(None, "")

        def told(other: Seen | None, error: str) -> None:
            if turn == self._turn and isinstance(other, Chart):
                stage.show_view(together(view, other, self.tr("other")))
            elif turn == self._turn:
                self._bar.tell(None, error)

        self._looks.ask(told, handle=handle, form=form, options=options)

    def want(self, step: int) -> None:
        """Fetch what is beside a step."""
        if self.other is not None:
            self.other.want(self.there(step))
        if self.apart is not None:
            self.apart.want(step)

    def paint(self, stage: ViewStage, frame: StoredFrame, step: int, quantity: str) -> None:
        """Show a step together with what it is compared with."""
        there = self.there(step)
        other = self.other.frame(there) if self.other else None
        words = self.other.fault(there) if self.other else tr("That run did not have this value.")
        if self.apart is None:
            largest = stage.show_pair(frame, other, self._bar.mode, words)
            told = None if largest is None else tr("{0} of 255").format(largest) if largest else ""
        else:
            apart = self.apart.frame(step)
            stage.show_pair(frame, other, self._bar.mode, self.apart.fault(step) or words, apart)
            most = apart.about.scale[1] if apart and apart.about.scale else None
            told = None if most is None else f"{most:.4g}" if most else ""
        self._bar.tell(told, self._parted(quantity))

    def tell(self, view: Seen) -> None:
        """Say what differs where it is no image that is shown: curves of how far two runs are apart, or one alone."""
        self._parting = view if isinstance(view, Chart) and view.y == APART else None
        alone = self.tr("only images, and curves over steps, are compared; this is the last run alone")
        self._bar.tell(None, self._parted("x") if self._parting else alone)

    def close(self) -> None:
        """Compare no more."""
        self._turn += 1
        for film in (self.other, self.apart):
            if film is not None:
                film.close()
        self.other = self.apart = self._parting = None

    def _film(
        self,
        handle: ValueHandle,
        form: ViewInfo,
        options: dict[str, Any],
        time: Option,
        room: int,
        other: ValueHandle | None = None,
    ) -> FrameSeries:
        steps = time.maximum + 1
        film = FrameSeries(self._looks, self._cache, handle, form.name, options, steps, room, time.name, other)
        film.arrived.connect(lambda _: self.arrived.emit())
        film.failed.connect(lambda *_: self.arrived.emit())
        return film

    def there(self, step: int) -> int:
        """The step of the other value that belongs to a step."""
        return min(self._bar.step(step), self.other.steps - 1) if self.other else 0

    def _parted(self, quantity: str) -> str:
        """From which step on the two differ, in words; empty where it is not known."""
        named = {series.name: series for series in self._parting.series} if self._parting else {}
        series = named.get(quantity) or named.get("x")
        if series is None:
            return ""
        step = next((x for x, apart in zip(series.x, series.y, strict=True) if apart > 0), None)
        return (
            tr("they do not part: no value differs") if step is None else tr("they part at step {0}").format(int(step))
        )


def together(one: Chart, other: Chart, word: str) -> Chart:
    """The curves of both charts in one; those of the other are named so by a word."""
    named = tuple(msgspec.structs.replace(series, name=f"{series.name} ({word})") for series in other.series)
    return msgspec.structs.replace(one, series=(*one.series, *named))
