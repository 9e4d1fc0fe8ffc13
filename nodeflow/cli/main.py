"""The command line: run, check, nodes, open. What a command needs is imported when it runs, so that help is quick."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from nodeflow import __version__
from nodeflow.cli import convert, import_workflow, models

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nodeflow.cli.runner import Runner
    from nodeflow.engine.cache.disk_store import DiskStore
    from nodeflow.engine.protocol.events import Event
    from nodeflow.graph.model.catalogue import Catalogue
    from nodeflow.graph.model.workflow import Problem, Workflow
    from nodeflow.graph.validate.sweeps import Sweep
    from nodeflow.reports.report import Report
    from nodeflow.reports.sweep_sheet import SweepSheet

FAILED, WRONG, CANCELLED = 1, 2, 130
"""Exit status: a node failed; the file or an argument is wrong; stopped by Ctrl+C, as shells count it."""

cli = typer.Typer(
    name="nodeflow",
    help="Build text-to-image workflows out of their real parts, run them, and see inside.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The `nodeflow` command."""
    for text in sys.argv[1:]:
        try:
            text.encode()
        except UnicodeEncodeError:
            readable = os.fsencode(text).decode(errors="backslashreplace")
            print(f"nodeflow: {readable} is not UTF-8 text; rename the file, or type it in UTF-8", file=sys.stderr)
            sys.exit(WRONG)
    cli()


def _refuse(*sentences: object) -> NoReturn:
    for sentence in sentences:
        print(f"nodeflow: {sentence}", file=sys.stderr)
    raise typer.Exit(WRONG)


def _load(file: Path) -> Workflow:
    from nodeflow.graph.io.files import load
    from nodeflow.graph.model.workflow import WorkflowError

    try:
        return load(file)
    except WorkflowError as error:
        if not import_workflow.is_comfyui(file):
            _refuse(*error.problems)
    found = import_workflow.imported(file)
    print(f"nodeflow: {file} is a workflow of ComfyUI's; {found.report.sentence()}", file=sys.stderr)
    return found.workflow


@cli.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False) -> None:
    if version:
        print(f"nodeflow {__version__}")
        raise typer.Exit


@cli.command()
def run(
    file: Annotated[Path, typer.Argument(help="The workflow file, or a picture that holds one.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="[NODE.PARAM=VALUE]...", help="As --set.")] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="NODE.PARAM=VALUE", help="Set a parameter, for this run.")
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(
            "--sweep",
            metavar="NODE.PARAM=a,b,c",
            help="Run for each value; several sweeps make a grid. Numbers also as 1..4 or 1..5/9 (nine from 1 to 5).",
        ),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="NODE", help="Run to this node (default: all ends).")
    ] = None,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", help="Where results go.")] = Path("output"),
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.json", help="Write what happened as JSON.")
    ] = None,
    device: Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda", help="What computes.")] = "auto",
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Take nothing from the cache and keep nothing.")] = False,
    dry: Annotated[bool, typer.Option("--dry", help="Say what would run, why and about how long.")] = False,
    in_process: Annotated[bool, typer.Option("--in-process", help="Compute in this process, for debugging.")] = False,
) -> None:
    """Run a workflow. Exit status: 0 done, 1 a node failed, 2 the file or an argument is wrong."""
    workflow = _load(file)
    _writable(output)
    if report is not None:
        _writable(report.parent)
    from nodeflow.cli import runner as runners
    from nodeflow.engine.protocol.limits import NOTHING, Limits
    from nodeflow.engine.protocol.run_request import RunRequest
    from nodeflow.graph.io.files import dumps, write_atomic
    from nodeflow.graph.model.workflow import WorkflowError
    from nodeflow.reports.report import Report
    from nodeflow.reports.sweep_sheet import SweepSheet

    limits = NOTHING if no_cache else Limits()
    runner: runners.Runner
    try:
        runner = (runners.InProcess if in_process else runners.ThroughWorker)(limits)
    except WorkflowError as error:
        _refuse(*error.problems)
    try:
        for sentence in runner.troubles:
            print(f"nodeflow: {sentence}", file=sys.stderr)
        _apply(workflow, runner.catalogue, [*(set or ()), *(more or ())])
        told = Report(workflow, runner.catalogue)
        sweeps = _sweeps(workflow, runner.catalogue, sweep or [])
        about = (workflow, file.parent, output, tuple(target or ()))
        request = RunRequest.of(*about, device=device, title="command line", sweeps=sweeps)
        if dry:
            from nodeflow.cli.terminal import outlook

            print(outlook(runner.foresee(request)))
            raise typer.Exit
        sheet = SweepSheet()
        _watch(runner.run(request), (told, sheet), runner)
    except WorkflowError as error:
        _refuse(*error.problems)
    finally:
        runner.close()
    if sweeps:
        try:
            told.outputs += sheet.write(output, dumps(workflow))
        except OSError as error:
            print(f"nodeflow: cannot write the contact sheet: {error.strerror or error}", file=sys.stderr)
    if report is not None:
        try:
            write_atomic(report, told.encode())
        except OSError as error:
            print(f"nodeflow: cannot write {report}: {error.strerror or error}", file=sys.stderr)
    for path in told.outputs:
        print(path)
    if told.state == "failed" and runner.details:
        print(f"nodeflow: {runner.details} says more", file=sys.stderr)
    raise typer.Exit({"done": 0, "cancelled": CANCELLED}.get(told.state, FAILED))


def _watch(events: Iterator[Event], followers: Sequence[Report | SweepSheet], runner: Runner) -> None:
    """Follow a run to its end, on the terminal and in what is written of it."""
    import signal

    from nodeflow.cli.terminal import TerminalView

    def stop(*_: object) -> None:
        """The first Ctrl+C cancels the run, which takes a moment; a second one ends the program."""
        runner.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    with TerminalView() as view:
        for event in events:
            for follower in followers:
                follower.add(event)
            view.show(event)


def _apply(workflow: Workflow, catalogue: Catalogue, settings: list[str]) -> None:
    """Set the parameters asked for. Raises WorkflowError with every one that cannot be."""
    from nodeflow.graph.edits.edits import SetParam
    from nodeflow.graph.model.workflow import WorkflowError
    from nodeflow.graph.validate.param_assignments import parse

    problems: list[Problem] = []
    for text in settings:
        try:
            SetParam(*parse(text, workflow, catalogue)).apply(workflow)
        except WorkflowError as error:
            problems += error.problems
    if problems:
        raise WorkflowError(*problems)


def _sweeps(workflow: Workflow, catalogue: Catalogue, texts: list[str]) -> tuple[Sweep, ...]:
    """The sweeps asked for. Raises WorkflowError with everything that is wrong with them."""
    from nodeflow.graph.model.workflow import WorkflowError
    from nodeflow.graph.validate.sweeps import faults, parse

    problems: list[Problem] = []
    found: list[Sweep] = []
    for text in texts:
        try:
            found.append(parse(text, workflow, catalogue))
        except WorkflowError as error:
            problems += error.problems
    problems += faults(found, workflow, catalogue)
    if problems:
        raise WorkflowError(*problems)
    return tuple(found)


def _writable(folder: Path) -> None:
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        str(folder.resolve()).encode()
        with tempfile.TemporaryFile(dir=folder):
            pass
    except UnicodeEncodeError:
        _refuse("the path to the folder for results is not UTF-8 text; choose another one")
    except OSError as error:
        _refuse(f"cannot write to the folder {folder}: {error.strerror or error}; choose another one")


@cli.command()
def check(file: Annotated[Path, typer.Argument(help="The workflow file, or a picture that holds one.")]) -> None:
    """Say everything that is wrong with a workflow file. Exit status: 0 in order, 2 not."""
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.validate.check import check as problems_of

    workflow = _load(file)
    problems = problems_of(workflow, known_catalogue())
    if problems:
        _refuse(*problems)
    print(f"{file} is in order: {len(workflow.nodes)} nodes, {len(workflow.links)} wires")


@cli.command()
def nodes(
    json: Annotated[bool, typer.Option("--json", help="The whole catalogue as JSON.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask the packs, not the snapshot that ships.")] = False,
) -> None:
    """List the nodes there are."""
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.model.catalogue import encode

    catalogue = known_catalogue(fresh)
    if json:
        sys.stdout.write(encode(catalogue).decode())
        return
    station = ""
    for spec in sorted(catalogue.nodes.values(), key=lambda spec: (spec.station, spec.type)):
        if spec.station != station:
            station = spec.station
            print(f"\n{station}")
        print(f"  {spec.type:<32} {spec.doc.partition(chr(10))[0]}")


@cli.command(name="new-node")
def new_node(
    name: Annotated[str, typer.Argument(help="Its name in the code, such as soft_light.")],
    room: Annotated[str, typer.Option("--room", help="The room of the pack that it stands in.")] = "values",
) -> None:
    """Write a node of the built-in pack that runs, its test, and its words to fill in. For a checkout."""
    from nodeflow.cli.new_node import write_node

    try:
        for path in write_node(name, room, Path.cwd()):
            print(path)
    except ValueError as error:
        _refuse(error)


cache_commands = typer.Typer(help="Results that are kept on disk.", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(cache_commands, name="cache")
cli.add_typer(models.commands, name="models")
cli.command()(convert.convert)
cli.command(name="import")(import_workflow.import_workflow)


def _disk() -> DiskStore:
    from nodeflow.engine.cache.disk_store import DiskStore
    from nodeflow.engine.memory import device

    disk = DiskStore.of_user(device.numerics())
    if disk is None:
        from nodeflow.resources import cache_folder

        _refuse(f"the cache folder {cache_folder()} cannot be used; set NODEFLOW_CACHE to another one")
    return disk


@cache_commands.command()
def info() -> None:
    """Say where results are kept, and how many."""
    found = _disk().info()
    print(f"{found.folder}\n{found.results} results, {found.bytes / 1e6:.1f} MB of {found.budget / 1e6:.0f} MB")


@cache_commands.command()
def clear() -> None:
    """Forget every result."""
    from nodeflow.engine.cache.disk_store import DiskStore, empty
    from nodeflow.engine.memory import device
    from nodeflow.resources import cache_folder

    folder = cache_folder() / "results"
    try:
        empty(folder)  # on a full disk nothing can be opened before something is gone
        disk = DiskStore.of_user(device.numerics())
        if disk is not None:
            disk.clear()
    except OSError as error:
        _refuse(f"cannot empty {folder}: {error.strerror or error}")
    print(f"{folder} is empty")


@cache_commands.command()
def verify() -> None:
    """Read every result; what is damaged goes."""
    whole, damaged = _disk().verify()
    print(f"{whole} results are whole, {damaged} were not and are gone")


@cli.command(name="open")
def open_(
    file: Annotated[Path | None, typer.Argument(help="The workflow file (default: the starter).")] = None,
) -> None:
    """Open a workflow in a window; where there is no display, run it without one."""
    from nodeflow import system
    from nodeflow.resources import folder

    file = file or folder("workflows") / "latent-diffusion.json"
    if not system.has_display():
        print("nodeflow: there is no display here, so the workflow runs without a window", file=sys.stderr)
        run(file, output=Path("output"))
    if sentence := system.missing_libraries():
        _refuse(sentence)
    from nodeflow.app.main import main as show

    raise typer.Exit(show(file))
