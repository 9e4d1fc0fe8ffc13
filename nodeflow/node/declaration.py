"""Declaring a function as a node."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

from nodeflow.graph.model.catalogue import NodeSpec
from nodeflow.graph.model.rules import Rule
from nodeflow.node.errors import NodeError
from nodeflow.node.signature import schema

F = TypeVar("F", bound=Callable[..., Any])

SPEC = "__nodeflow_spec__"
TOGETHER = "__nodeflow_together__"

Companion = Callable[[list[dict[str, Any]]], list[Any]]
"""Takes the named arguments of several calls of a node, and gives what each of them would have given."""


def node(
    title: str,
    *,
    version: int = 1,
    pure: bool = True,
    through: bool = False,
    together: Companion | None = None,
    rules: tuple[Rule, ...] = (),
) -> Callable[[F], F]:
    """Declare a function as a node. It stays a plain function; only its description is attached.

    ``pure``: false for one that runs each time. ``through``: it gives what it takes, so that no run calls it.
    ``together`` computes the node for several items of a list at once: given the named arguments of each call, it
    gives for each exactly what the node itself would give, bit for bit, since each item is kept by itself.
    ``rules``: what it asks of several parameters together, told before anything runs; calls that break one raise
    NodeError, whoever makes them.

    Raises TypeError, naming function and argument, for a hint that is missing or that no wire or widget fits.
    """

    def attach(function: F) -> F:
        spec = schema(function, title, version, pure)
        if together is not None:
            several = [port.name for port in spec.inputs if port.many or port.lazy]
            own = [name for name, what in spec.supplied.items() if what in ("steps", "seeds")]
            if spec.streams or several or own or rules:
                raise TypeError(f"{function.__module__}.{function.__name__}: such a node cannot be computed together")
            setattr(function, TOGETHER, together)
        known = {param.name for param in spec.params}
        if strange := [name for rule in rules for name in rule.about if name not in known]:
            raise TypeError(f"{function.__module__}.{function.__name__}: a rule names {strange[0]!r}, no parameter")
        spec = msgspec.structs.replace(spec, through=through, rules=rules)
        ruled = _ruled(function, spec) if rules else function
        setattr(ruled, SPEC, spec)
        return ruled

    return attach


def _ruled(function: F, spec: NodeSpec) -> F:
    """A node's function that refuses what breaks a rule before it does anything, and what no rule could judge."""
    signature = inspect.signature(function)
    judged = [param for param in spec.params if any(param.name in rule.about for rule in spec.rules)]

    @functools.wraps(function)
    def keeping(*args: Any, **named: Any) -> Any:
        call = signature.bind(*args, **named)
        call.apply_defaults()
        if fault := next(filter(None, (param.fault(call.arguments[param.name]) for param in judged)), ""):
            raise NodeError(fault)
        for rule in spec.broken(call.arguments):
            raise NodeError(rule.fault(call.arguments))
        return function(*args, **named)

    return cast("F", keeping)


def together_of(function: object) -> Companion | None:
    """Return what computes several calls of a node at once, where it was declared with one."""
    return getattr(function, TOGETHER, None)


def spec_of(function: object) -> NodeSpec | None:
    """The description of a function declared with `@node`, None for any other object."""
    found = getattr(function, SPEC, None)
    return found if isinstance(found, NodeSpec) else None
