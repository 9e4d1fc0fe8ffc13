"""A run as seen in a terminal: a live bar with the time left, or plain lines where there is no terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from nodeflow.engine import events as tell


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

    def __enter__(self) -> TerminalView:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def show(self, event: tell.Event) -> None:
        """Show one event."""
        match event:
            case tell.RunStarted(nodes):
                self.whole = self.progress.add_task("nodes", total=len(nodes), left="")
            case tell.NodeStarted(node):
                self._describe(node)
            case tell.NodeProgress(node, index, total, seconds):
                if self.steps is None:
                    self.steps = self.progress.add_task(f"  {node}", total=total, left="")
                self.progress.update(self.steps, completed=index, left=f"{seconds:.0f} s left" if index < total else "")
            case tell.NodeFinished(node, state, seconds, why):
                self._done(1)
                if state == "ran":
                    self.console.print(f"{node:<16} {seconds:7.2f} s   {why}")
                else:
                    self.console.print(f"{node:<16}  cached")
            case tell.NodesKept(nodes):
                self._done(len(nodes))
            case tell.NodeSkipped(node, why):
                self._done(1)
                self.console.print(f"{node:<16} skipped   {why}")
            case tell.NodeFailed(node, error):
                self._done(1)
                self.console.print(f"{node:<16}  FAILED   {error}")

    def _describe(self, text: str) -> None:
        if self.whole is not None:
            self.progress.update(self.whole, description=text)

    def _done(self, count: int) -> None:
        if self.steps is not None:
            self.progress.remove_task(self.steps)
            self.steps = None
        if self.whole is not None:
            self.progress.advance(self.whole, count)
