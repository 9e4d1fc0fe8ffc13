"""Images that were fetched, kept within a bound; and those of all steps of something that can be played."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from nodeflow.app.i18n.sentences import said
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.app.qt.frames import StoredFrame, frame_of
from nodeflow.engine.protocol.value_handle import ValueHandle
from nodeflow.views import Picture, View

MAX_BYTES = 192 * 2**20
"""Memory for images that were fetched."""
FRAMES_AHEAD = 4
"""Frames that are asked for at once."""
QUICK = 0.15
"""Of frames that take fewer seconds each, all are fetched before anybody asks for them; of others the neighbours."""


class FrameCache:
    """Frames by what they show; those seen longest ago go first."""

    def __init__(self, most: int = MAX_BYTES) -> None:
        self.most = most
        self.bytes = 0
        self._frames: OrderedDict[Hashable, StoredFrame] = OrderedDict()

    def get(self, key: Hashable) -> StoredFrame | None:
        frame = self._frames.get(key)
        if frame is not None:
            self._frames.move_to_end(key)
        return frame

    def put(self, key: Hashable, frame: StoredFrame) -> None:
        """Keep a frame while there is room."""
        old = self._frames.pop(key, None)
        self.bytes += frame.image.sizeInBytes() - (old.image.sizeInBytes() if old else 0)
        self._frames[key] = frame
        while self.bytes > self.most and len(self._frames) > 1:
            _, gone = self._frames.popitem(last=False)
            self.bytes -= gone.image.sizeInBytes()

    def clear(self) -> None:
        """Forget all: they would look otherwise now."""
        self._frames.clear()
        self.bytes = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._frames


class FrameSeries(QObject):
    """The frames of a form over its steps, or how far they are from those of another value.

    ``arrived``: a step's frame is there. ``failed``: why one cannot be.
    """

    arrived = Signal(int)
    failed = Signal(int, str)

    def __init__(
        self,
        looks: ValueRequests,
        cache: FrameCache,
        handle: ValueHandle,
        form: str,
        options: dict[str, Any],
        steps: int,
        size: int,
        axis: str = "step",
        other: ValueHandle | None = None,
    ) -> None:
        super().__init__()
        self.looks, self.cache, self.handle, self.form, self.size = looks, cache, handle, form, size
        self.options, self.steps, self.axis, self.other = options, steps, axis, other
        self._key = (handle, other, form, tuple(sorted(options.items())), size)
        self._asked: dict[int, float] = {}
        self._errors: dict[int, str] = {}
        self._seconds = 0.0
        self._wanted = 0
        self.closed = False

    def frame(self, step: int) -> StoredFrame | None:
        """The frame of a step where it is there."""
        return self.cache.get((*self._key, step))

    @property
    def held(self) -> int:
        """Return how many of its frames are there."""
        return sum((*self._key, step) in self.cache for step in range(self.steps))

    def fault(self, step: int) -> str:
        """Why a step's frame cannot be; empty where it can, or may."""
        return said(self._errors.get(step, ""))

    def want(self, step: int) -> None:
        """Fetch a step's frame, and those that come next while that is quick."""
        self._wanted = step
        self._fetch()

    def close(self) -> None:
        """Fetch no more."""
        self.closed = True

    def _fetch(self) -> None:
        if self.closed:
            return
        for offset in self._nearest():
            if len(self._asked) >= (FRAMES_AHEAD if self._seconds <= QUICK else 1):
                return
            step = (self._wanted + offset) % self.steps
            if step not in self._asked and step not in self._errors and (*self._key, step) not in self.cache:
                self._asked[step] = time.perf_counter()
                self.looks.ask(
                    partial(self._take, step),
                    handle=self.handle,
                    form=self.form,
                    options={**self.options, self.axis: step},
                    size=self.size,
                    other=self.other,
                )

    def _nearest(self) -> Iterator[int]:
        """Yield how far the steps are from the one that is wanted, in the order in which they are fetched.

        Before it is known how long a frame takes, that one alone; where they take long, it and its neighbours.
        """
        reach = 0 if not self._seconds else 1 if self._seconds > QUICK else self.steps // 2
        yield 0
        for offset in range(1, reach + 1):
            yield offset
            yield -offset

    def _take(self, step: int, view: View | None, error: str) -> None:
        self._seconds = (time.perf_counter() - self._asked.pop(step)) / (len(self._asked) + 1)
        if isinstance(view, Picture):
            full = self.cache.bytes + view.width * view.height * 4 > self.cache.most
            self.cache.put((*self._key, step), frame_of(view))
            self.arrived.emit(step)
            if not full or step == self._wanted:
                self._fetch()
        else:
            self._errors[step] = error
            self.failed.emit(step, error)
            self._fetch()
