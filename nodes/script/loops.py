"""Statements in the order of a script: what is behind a list stands in a loop over its items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nodes.script.writer import Axis, Key, Statement

INDENT = "    "


def in_loops(statements: Sequence[Statement], axes: Mapping[str, Axis], gathered: Mapping[str, str]) -> list[str]:
    """The lines of all statements. ``gathered``: variables of loops that are wanted behind them, and how as a list."""
    return _block(list(statements), axes, gathered, (), set())


def _block(
    waiting: list[Statement],
    axes: Mapping[str, Axis],
    gathered: Mapping[str, str],
    within: tuple[str, ...],
    done: set[Key],
) -> list[str]:
    found: list[str] = []
    mine = {one.key for one in waiting}
    while waiting:
        later = list[Statement]()
        for one in waiting:
            if set(one.axes) == set(within) and not (one.needs & mine) - done:
                found += one.lines
                done.add(one.key)
            else:
                later.append(one)
        inside = list[Statement]()
        for axis in axes:
            again = _again(later, axis)
            inside = [] if axis in within else _ready([again.get(one.key, one) for one in later], axis, mine, done)
            if inside:
                found += _loop(inside, axis, axes, gathered, within, done)
                break
        waiting = [one for one in later if one not in inside and not _is_spent(one, inside, later)]
    return found


def _again(waiting: list[Statement], axis: str) -> dict[Key, Statement]:
    """Statements over other lists as they stand once more in a loop over one, where something in both needs them."""
    by_key, found = {one.key: one for one in waiting}, dict[Key, Statement]()
    both = [one for one in waiting if axis in one.axes]
    while both:
        one = both.pop()
        for other in (by_key[key] for key in one.needs & by_key.keys() - found.keys()):
            if other.axes and axis not in other.axes and set(other.axes) < {axis, *one.axes}:
                found[other.key] = replace(other, axes={axis: None, **other.axes}, names=[])
                both.append(found[other.key])
    return found


def _is_spent(one: Statement, inside: list[Statement], waiting: list[Statement]) -> bool:
    """Whether all that need a statement stand in a loop together with it."""
    keys = {other.key for other in inside}
    needing = [other for other in waiting if one.key in other.needs]
    return one.key in keys and bool(needing) and all(other.key in keys for other in needing)


def _ready(waiting: list[Statement], axis: str, mine: set[Key], done: set[Key]) -> list[Statement]:
    """What can stand in one loop over a list: what waits for nothing outside of it."""
    taken: list[Statement] = []
    keys = set(done)
    for one in waiting:
        if axis in one.axes and not (one.needs & mine) - keys:
            taken.append(one)
            keys.add(one.key)
    return taken


def _loop(
    inside: list[Statement],
    axis: str,
    axes: Mapping[str, Axis],
    gathered: Mapping[str, str],
    within: tuple[str, ...],
    done: set[Key],
) -> list[str]:
    inner = set(within) | {axis}
    names = [(name, set(one.axes) == inner) for one in inside for name in one.names if name in gathered]
    lines = _block(inside[:], axes, gathered, (*within, axis), done)
    lines += [f"{gathered[name]}.append({name})" for name, here in names if here]
    if not lines:
        return []
    before = [f"{gathered[name]} = []" for name, _ in names] if not within else []
    return [*before, f"for {axes[axis].item} in {axes[axis].items}:", *(INDENT + line for line in lines)]
