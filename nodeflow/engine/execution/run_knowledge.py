"""Interface of an evaluation to its parts: what is known of it so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.execution.list_mapping import ListMapping
from nodeflow.engine.execution.results import Values
from nodeflow.engine.execution.run_control import RunControl
from nodeflow.engine.execution.shared_items import SharedItems
from nodeflow.engine.planning.content_keys import Parts
from nodeflow.engine.planning.plan import Origin, Plan


class RunKnowledge(Protocol):
    """One evaluation of a plan, by the names of its tasks."""

    plan: Plan
    unfolding: ListMapping
    control: RunControl
    values: dict[str, Values]
    """The outputs of tasks that are there."""
    parts: dict[str, Parts]
    """What the keys of tasks are made of."""
    keys: dict[str, bytes]
    arguments: dict[str, dict[str, Any]]
    """The parameters of tasks, checked."""
    stopped: dict[str, str]
    """Why tasks give nothing."""
    failed: set[str]
    kept: set[str]
    short: set[str]
    """Tasks that had too little memory."""
    shared: SharedItems
    """In which order items are computed here."""

    @property
    def cache(self) -> ResultCache: ...

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]: ...

    def value(self, origin: Origin) -> Any:
        """The value that comes from an output, which is there."""

    def goals(self, target: str) -> list[str]:
        """What is to be settled for a target here."""
        ...
