"""Streaming nodes run to their end."""

from collections.abc import Generator
from typing import Any

from nodeflow.node import Step


def finish(running: Generator[Step, None, Any]) -> tuple[Any, list[Step]]:
    """What a streaming node gives, and the steps that it told."""
    steps = []
    while True:
        try:
            steps.append(next(running))
        except StopIteration as end:
            return end.value, steps
