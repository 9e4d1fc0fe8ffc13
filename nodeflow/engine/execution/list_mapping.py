"""Maps: a list or a sweep runs a part of the plan once for each item, each run a task of its own with a key of its own.

A list is an **axis**, named by the node that gives it; a sweep is one, named ``node.parameter``. A node runs over the
axes of all its inputs: two inputs along the same axis go together item by item, different axes make a grid. An input
that gathers (``list[T]``, ``*many``) takes all items along the axes that the node itself does not run over, and there
those axes end. Sweeps never end: they are the same workflow run again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Generator, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from nodeflow.engine.execution.results import Values, named
from nodeflow.engine.planning.plan import Origin, Plan, Task
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.events import Item
from nodeflow.engine.protocol.item_places import item_id
from nodeflow.graph.model.catalogue import is_list
from nodeflow.graph.validate.sweeps import MAX_ITEMS
from nodeflow.node import NodeError

Events = Generator[tell.Event, None, None]


class ItemRows(NamedTuple):
    """Items along axes: each row has one place an axis."""

    axes: tuple[str, ...]
    rows: list[Item]


class MappedWire(NamedTuple):
    """Hold what comes along a wire: an origin for each item along its axes."""

    axes: tuple[str, ...]
    origins: dict[Item, Origin]

    def along(self, axes: tuple[str, ...]) -> Callable[[Item], list[Origin]]:
        """The origins that go with an item along other axes: those that agree with it where both have an axis."""
        shared = [axis for axis in self.axes if axis in axes]
        found: dict[Item, list[Origin]] = {}
        for row, origin in self.origins.items():
            found.setdefault(_pick(row, self.axes, shared), []).append(origin)
        return lambda item: found.get(_pick(item, axes, shared), [])


def _pick(row: Item, axes: tuple[str, ...], wanted: list[str]) -> Item:
    return tuple(row[axes.index(axis)] for axis in wanted)


class ListMapping:
    """Hold which items each node of a plan has, found node by node in the plan's order.

    How long a list is is known once its node has run: ``values``, what tasks gave by their ids, is looked at when the
    first node comes that needs it.
    """

    def __init__(self, plan: Plan, values: Mapping[str, Values]) -> None:
        self.plan = plan
        self._values = values
        self.givers = {task.id for task in plan.tasks.values() if any(is_list(port.type) for port in task.spec.outputs)}
        """Nodes that give lists: they run first, since how long a list is decides what there is to do."""
        self.active = bool(plan.sweeps or self.givers)
        self._sweeps = {sweep.axis: sweep for sweep in plan.sweeps}
        axes = (*self._sweeps, *(name for name in plan.tasks if name in self.givers))
        self._order = {axis: place for place, axis in enumerate(axes)}
        self._told: dict[str, tuple[Any, ...]] = {}
        self._axes: dict[str, tuple[str, ...]] = {}
        self._items: dict[str, dict[Item, str]] = {}
        self._places: dict[str, tuple[str, Item]] = {}
        self._news: list[tell.Event] = [tell.ListKnown(sweep.axis, sweep.values) for sweep in plan.sweeps]

    def news(self) -> list[tell.Event]:
        """Return what was found out since the last call."""
        found, self._news = self._news, []
        return found

    def ids(self, node: str) -> tuple[str, ...]:
        """The tasks that a node became."""
        return tuple(self._items[node].values()) if node in self._items else (node,)

    def node(self, task: str) -> str:
        """The node that a task is of."""
        return self._places[task][0] if task in self._places else task

    def mapped(self, node: str) -> bool:
        """Return whether a node runs for items."""
        return node in self._items

    def told(self, events: Events) -> Events:
        """Events of tasks as events of nodes and items."""
        with contextlib.closing(events):
            if not self.active:
                yield from events
            for event in events:
                if isinstance(event, tell.NodesKept):
                    keys = dict(zip(map(self.node, event.nodes), event.keys, strict=True))
                    notes: dict[str, tuple[str, ...]] = {}
                    for task, said in event.notes.items():
                        notes[self.node(task)] = tuple(dict.fromkeys((*notes.get(self.node(task), ()), *said)))
                    known = tuple("" if self.mapped(node) else keys[node] for node in keys)
                    yield tell.NodesKept(tuple(keys), known, notes)
                elif getattr(event, "node", None) in self._places:
                    node, item = self._places[event.node]  # type: ignore[union-attr]
                    yield msgspec.structs.replace(event, node=node, item=item)
                else:
                    yield event

    def unfold(self, task: Task) -> tuple[Task, ...]:
        """The tasks that a node of the plan becomes: itself, or one for each item. Raises NodeError for too many."""
        if not self.active:
            return (task,)
        ports = {name: [self._wire(origin) for origin in origins] for name, origins in task.inputs.items()}
        gathers = {port.name for port in task.spec.inputs if port.gathers}
        rows = self._rows(task, ports, gathers)
        if rows.axes:
            self._axes[task.id], self._items[task.id] = rows.axes, {}
            self._news.append(tell.NodeMapped(task.id, rows.axes, len(rows.rows)))
            if not rows.rows:
                self._news.append(tell.NodeSkipped(task.id, self._nothing(ports)))
        elif not any(wire.axes for wires in ports.values() for wire in wires):
            return (task,)
        return tuple(self._tasks(task, rows, ports, gathers))

    def values(self, task: str) -> dict[str, Any]:
        """Return where a task stands along its axes: a number or text as it is, of anything else its number, from 1."""
        node, item = self._places.get(task, (task, ()))
        at = dict(zip(self._axes.get(node, ()), item, strict=True))
        return {axis: self._along(axis, at)[place] for axis, place in at.items()}

    def _along(self, axis: str, at: dict[str, int]) -> tuple[Any, ...]:
        """The values of an axis at an item of the node that gives it."""
        if axis in self._sweeps:
            return self._sweeps[axis].values
        giver = self._items.get(axis, {(): axis})[tuple(at[name] for name in self._axes.get(axis, ()))]
        if giver not in self._told:
            self._told[giver] = _values(self._list(axis, giver) or (None,))
        return self._told[giver]

    def _list(self, node: str, task: str) -> tuple[Any, ...] | None:
        """Return what a task gave at its first list output."""
        first = next(port.name for port in self.plan.tasks[node].spec.outputs if is_list(port.type))
        return self._given(node, task, first)

    def _given(self, node: str, task: str, output: str) -> tuple[Any, ...] | None:
        """Return what a task gave at a list output; None where it gave nothing."""
        if task not in self._values:
            return None
        given: tuple[Any, ...] = named(self.plan.tasks[node].spec, self._values[task], output)
        return given

    def _wire(self, origin: Origin) -> MappedWire:
        """Return what comes from an output: the items of its node, and where it gives a list the items of each of
        these.

        A list that did not come counts as one item, so that what needs it is skipped.
        """
        node, output, _ = origin
        port = self.plan.tasks[node].spec.output(output)
        axes, items = self._axes.get(node, ()), self._items.get(node, {(): node})
        if port is None or not is_list(port.type):
            return MappedWire(axes, {item: Origin(task, output) for item, task in items.items()})
        found: dict[Item, Origin] = {}
        for item, task in items.items():
            given = self._given(node, task, output)
            if given is None:
                found[*item, 0] = Origin(task, output)
                continue
            if task not in self._told:
                self._told[task] = _values(self._list(node, task) or ())
                self._news.append(tell.ListKnown(node, self._told[task], item))
            found.update(((*item, place), Origin(task, output, place)) for place in range(len(given)))
        return MappedWire((*axes, node), found)

    def _rows(self, task: Task, ports: dict[str, list[MappedWire]], gathers: set[str]) -> ItemRows:
        """The items that a node runs for: all that agree along the axes they share."""
        found = ItemRows((), [()])
        gathered = {axis for name in gathers & ports.keys() for wire in ports[name] for axis in wire.axes}
        for axis, sweep in self._sweeps.items():
            if axis in self.plan.swept.get(task.id, {}).values() or axis in gathered:
                found = _join(found, ItemRows((axis,), [(place,) for place in range(len(sweep.values))]))
        for name in ports.keys() - gathers:
            for wire in ports[name]:
                found = _join(found, ItemRows(wire.axes, list(wire.origins)))
        order = sorted(found.axes, key=self._order.__getitem__)
        return ItemRows(tuple(order), sorted(_pick(row, found.axes, order) for row in found.rows))

    def _tasks(
        self, task: Task, rows: ItemRows, ports: dict[str, list[MappedWire]], gathers: set[str]
    ) -> Iterator[Task]:
        along = {name: [wire.along(rows.axes) for wire in wires] for name, wires in ports.items()}
        ending = {
            name: [bool(set(wire.axes) - set(rows.axes)) for wire in wires] if name in gathers else [False] * len(wires)
            for name, wires in ports.items()
        }
        together: dict[tuple[str, ...], list[str]] = {}
        for name in sorted(gathers & ports.keys()):
            if len(ports[name]) == 1 and ending[name][0]:
                together.setdefault(ports[name][0].axes, []).append(name)
        for item in rows.rows:
            inputs: dict[str, tuple[Origin, ...]] = {}
            spare: set[str] = set()
            for name, choose in along.items():
                chosen = [origins(item) for origins in choose]
                inputs[name] = tuple(origin for origins in chosen for origin in origins)
                for origins, ends in zip(chosen, ending[name], strict=True):
                    if ends:
                        spare.update(origin.node for origin in origins)
            name = task.id
            if rows.axes:
                name = item_id(task.id, item)
                self._places[name] = (task.id, item)
                self._items[task.id][item] = name
            level = tuple(
                tuple(names) for names in together.values() if len({len(inputs[name]) for name in names}) == 1
            )
            node = self._swept(task, rows.axes, item)
            yield Task(name, node, task.spec, inputs, frozenset(spare), level=level)

    def _swept(self, task: Task, axes: tuple[str, ...], item: Item) -> Any:
        """The node with the values that sweeps give it."""
        at = dict(zip(axes, item, strict=True))
        sweeps = self.plan.swept.get(task.id, {})
        swept = {param: self._sweeps[axis].values[at[axis]] for param, axis in sweeps.items()}
        return msgspec.structs.replace(task.node, params=task.node.params | swept) if swept else task.node

    def _nothing(self, ports: dict[str, list[MappedWire]]) -> str:
        empty = next(
            (wire.axes[-1] for wires in ports.values() for wire in wires if wire.axes and not wire.origins), ""
        )
        if empty:
            return f"there is nothing to do: the list of {empty!r} is empty"
        return "there is nothing to do: its lists have no item in common"


def _join(left: ItemRows, right: ItemRows) -> ItemRows:
    """The rows that agree along the axes that both have, each with each along the others."""
    shared = [axis for axis in right.axes if axis in left.axes]
    fresh = [axis for axis in right.axes if axis not in left.axes]
    groups: dict[Item, list[Item]] = {}
    for row in right.rows:
        groups.setdefault(_pick(row, right.axes, shared), []).append(_pick(row, right.axes, fresh))
    found: list[Item] = []
    for row in left.rows:
        found += [(*row, *more) for more in groups.get(_pick(row, left.axes, shared), ())]
        if len(found) > MAX_ITEMS:
            raise NodeError(f"it would run more than {MAX_ITEMS:,} times for the items of its lists; shorten one")
    return ItemRows((*left.axes, *fresh), found)


def _values(items: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(item if isinstance(item, (str, int, float, bool)) else place for place, item in enumerate(items, 1))


def make_do(task: Task, stopped: Container[str]) -> Task:
    """A task that gathers items, without those that did not come; as it is where none is missing, or all are."""
    gone = {name for name in task.spare if name in stopped}
    if not gone:
        return task
    inputs = dict(task.inputs)
    for ports in (*task.level, *((port,) for port in inputs)):
        rows = zip(*(inputs[port] for port in ports), strict=True)
        left = [row for row in rows if not any(origin.node in gone for origin in row)]
        inputs.update((port, tuple(row[place] for row in left)) for place, port in enumerate(ports))
    if any(origins and not inputs[port] for port, origins in task.inputs.items()):
        return task
    return msgspec.structs.replace(task, inputs=inputs, spare=task.spare - gone, missing=task.missing + len(gone))
