"""A streaming node, driven step by step: its steps become progress, and between two of them a run can end or wait."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from typing import Any

from nodeflow.engine.execution.finite import check_step
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.execution.step_cache import StepRun
from nodeflow.engine.previews.latent_colours import Finder, NotFitted
from nodeflow.engine.previews.summaries import preview
from nodeflow.engine.protocol import events as tell
from nodeflow.node import Step

PREVIEW_SECONDS = 0.25
"""Previews of a streaming node are made at most this often."""


def drive(
    node: str, running: Generator[Step, None, Any], steps: StepRun, control: RunControl, map_of: Finder
) -> Generator[tell.Event, None, tuple[float, Any]]:
    """Drive a streaming node to its end; the seconds it took, and what it returned.

    ``steps`` says how many of its steps came from the cache: these tell nothing about how long the others take.
    ``map_of`` tells the colours of the latents that are shown; none are shown while it raises NotFitted. Raises
    NodeError at the first step whose numbers are none.
    """
    seconds, shown = 0.0, 0.0
    with contextlib.closing(running):
        while control.may_go_on():
            begin = time.perf_counter()
            try:
                step = next(running)
            except StopIteration as end:
                return seconds + time.perf_counter() - begin, end.value
            check_step(step.value, step.index, step.total)
            now = time.perf_counter()
            seconds += now - begin
            picture = b""
            if step.value is not None and now - shown >= PREVIEW_SECONDS:
                with contextlib.suppress(NotFitted):
                    picture, shown = preview(step.value, map_of), now
            left = seconds / max(step.index - steps.resumed, 1) * (step.total - step.index)
            yield tell.NodeProgress(node, step.index, step.total, left, picture)
    return seconds, None
