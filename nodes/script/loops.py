"""Statements in the order of a script: what is behind a list stands in a loop over its items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        axis = next((axis for one in later for axis in one.axes if axis not in within), None)
        inside = _ready(later, axis, mine, done) if axis else []
        if axis and inside:
            found += _loop(inside, axis, axes, gathered, within, done)
        waiting = [one for one in later if one not in inside]
    return found


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
    names = [name for one in inside for name in one.names if name in gathered]
    lines = _block(inside[:], axes, gathered, (*within, axis), done)
    lines += [f"{gathered[name]}.append({name})" for name in names]
    if not lines:
        return []
    before = [f"{gathered[name]} = []" for name in names]
    return [*before, f"for {axes[axis].item} in {axes[axis].items}:", *(INDENT + line for line in lines)]
