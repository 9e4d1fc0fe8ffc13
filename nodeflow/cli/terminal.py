"""A run as seen in a terminal: a live bar with the time left, or plain lines where there is no terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.forecast import NodeForecast
from nodeflow.engine.protocol.item_places import ItemPlaces
from nodeflow.engine.protocol.messages import ForecastReply
from nodeflow.reports.time_left import TimeLeft

MIB = 2**20
BASES = {"same": "", "alike": "as one alike", "kind": "as one of its kind", "type": "as another of its type"}
"""What an estimate is judged by, in words."""


class TerminalView:
    """Shows events as they come, on standard error."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self.live = self.console.is_terminal
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=self.console,
            transient=True,
            disable=not self.live,
        )
        self.whole: TaskID | None = None
        self.steps: TaskID | None = None
        self.time_left = TimeLeft()
        self.places = ItemPlaces()

    def __enter__(self) -> TerminalView:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def show(self, event: tell.Event) -> None:
        """Show one event."""
        self.time_left.take(event)
        self.places.take(event)
        match event:
            case tell.NodeMapped(_, _, count):
                self._more(count - 1)
            case tell.RunStarted(nodes):
                self.whole = self.progress.add_task("nodes", total=len(nodes), left="")
            case tell.NodeStarted(node):
                self._describe(self._name(node, event.item))
                self._tell_time()
            case tell.NodeProgress(node, index, total, seconds):
                if self.steps is None:
                    self.steps = self.progress.add_task(f"  {node}", total=total, left="")
                self.progress.update(self.steps, completed=index, left=f"{seconds:.0f} s left" if index < total else "")
                self._tell_time()
            case tell.NodeFinished(node, state, seconds, why):
                self._done(1)
                if state == "ran":
                    told = f"{why}; {event.reuse}" if event.reuse else why
                    self.console.print(f"{self._name(node, event.item):<16} {seconds:7.2f} s   {told}")
                else:
                    self.console.print(f"{self._name(node, event.item):<16}  cached")
                self._say(self._name(node, event.item), event.notes)
            case tell.NodesKept(nodes):
                self._done(len(nodes))
                for name, notes in event.notes.items():
                    self._say(name, notes)
            case tell.NodeSkipped(node, why):
                self._done(1)
                self.console.print(f"{self._name(node, event.item):<16} skipped   {why}")
            case tell.NodeFailed(node, error):
                self._done(1)
                self.console.print(f"{self._name(node, event.item):<16}  FAILED   {error}")

    def _say(self, name: str, notes: tuple[str, ...]) -> None:
        for note in notes:
            self.console.print(f"{name:<16}  note     {note}")

    def _name(self, node: str, item: tell.Item) -> str:
        return f"{node} ({self.places.words(node, item)})" if item else node

    def _more(self, count: int) -> None:
        """A node turns out to run several times."""
        if self.whole is not None:
            total = self.progress.tasks[self.progress.task_ids.index(self.whole)].total or 0
            self.progress.update(self.whole, total=total + count)

    def _describe(self, text: str) -> None:
        if self.whole is not None:
            self.progress.update(self.whole, description=text)

    def _tell_time(self) -> None:
        if self.whole is not None:
            seconds = self.time_left.seconds
            self.progress.update(self.whole, left=f"about {seconds:.0f} s left" if seconds >= 0.5 else "")

    def _done(self, count: int) -> None:
        if self.steps is not None:
            self.progress.remove_task(self.steps)
            self.steps = None
        if self.whole is not None:
            self.progress.advance(self.whole, count)


def outlook(foreseen: ForecastReply) -> str:
    """Return what a run would do, as a table: node, what becomes of it, about how long, and why; below it the whole."""
    width = max((len(node.node) for node in foreseen.nodes), default=0)
    lines = [_outlook(node, width) for node in foreseen.nodes]
    ran = [node for node in foreseen.nodes if node.state == "run"]
    told = f"{len(ran)} of {len(foreseen.nodes)} nodes would run"
    if unknown := sum(node.state == "unknown" for node in foreseen.nodes):
        told += f", {unknown} more may"
    if foreseen.seconds:
        told += f", about {foreseen.seconds:.1f} s"
    if new := sum(node.seconds is None for node in ran):
        told += f"; {new} of them took no time worth noting, or never ran here"
    return "\n".join([*lines, told])


def _outlook(node: NodeForecast, width: int) -> str:
    state = {"run": "would run", "unknown": "may run", "fails": "would fail"}.get(node.state, node.state)
    time = "" if node.seconds is None else f"{node.seconds:.2f} s"
    size = f"{node.bytes / MIB:.0f} MiB" if node.bytes and node.bytes >= MIB else ""
    basis = BASES.get(node.basis, "")
    why = f"{node.why} ({basis})" if basis else node.why
    return f"{node.node:<{width}}  {state:<10} {time:>9} {size:>9}   {why}".rstrip()
