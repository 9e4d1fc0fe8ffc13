"""``nodeflow run``: a workflow, with parameters set and swept, followed on the terminal and reported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nodeflow.cli.film import Film
from nodeflow.cli.output_file import check_apart
from nodeflow.cli.precision import Precision
from nodeflow.cli.status import CANCELLED, FAILED, refuse, tell
from nodeflow.cli.workflow_file import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nodeflow.cli.runner import Runner
    from nodeflow.engine.protocol.events import Event
    from nodeflow.graph.model.catalogue import Catalogue
    from nodeflow.graph.model.workflow import Problem, Workflow
    from nodeflow.graph.validate.sweeps import Sweep
    from nodeflow.reports.report import RunReport
    from nodeflow.reports.sweep_sheet import SweepSheet


def run(
    file: Annotated[Path, typer.Argument(help="The workflow file, or an image that holds one.")],
    more: Annotated[list[str] | None, typer.Argument(metavar="[NODE.PARAM=VALUE]...", help="As --set.")] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="NODE.PARAM=VALUE", help="Set a parameter, for this run.")
    ] = None,
    form: Annotated[
        list[str] | None,
        typer.Option("--form", metavar="NAME=VALUE", help="Set a field of the file's form; FILE --help lists them."),
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
    steps: Annotated[
        Path | None,
        typer.Option(
            "--export-steps",
            metavar="DIR",
            help="Write each sampler's steps: numbers (.safetensors), curves with t and sigma (.csv), a film.",
        ),
    ] = None,
    film: Annotated[Film, typer.Option("--film", help="What kind of film the steps become.")] = Film.gif,
    device: Annotated[str, typer.Option("--device", metavar="auto|cpu|cuda|xpu|mps", help="What computes.")] = "auto",
    precision: Annotated[
        Precision, typer.Option("--precision", help="Fast computes in bfloat16, on processors that have it.")
    ] = Precision.exact,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, max=64, help="Processes that share sweeps and lists; by the disk cache."),
    ] = None,
    cluster: Annotated[
        str,
        typer.Option(
            "--cluster",
            metavar="HOST:PORT|auto",
            help="Compute on a Ray cluster that runs there: a worker on each card, or on each machine without cards.",
        ),
    ] = "",
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Take nothing from the cache and keep nothing.")] = False,
    dry: Annotated[bool, typer.Option("--dry", help="Say what would run, why and about how long.")] = False,
    in_process: Annotated[bool, typer.Option("--in-process", help="Compute in this process, for debugging.")] = False,
) -> None:
    """Run a workflow. Exit status: 0 done, 1 a node failed or a file that was asked for could not be written, 2 the
    file or an argument is wrong."""
    from nodeflow.special_files import is_special
    from nodeflow.unfinished_files import remove_left_over

    check_apart(file, report)
    workflow = load(file)
    _writable(output)
    remove_left_over(output)
    if report is not None and report.is_dir():
        refuse(f"{report} is a folder; name a file for the report")
    if report is not None and not (report.exists() and is_special(report)):
        _writable(report.parent)
    if in_process and (cluster or workers):
        refuse("--in-process computes here alone; leave out --workers and --cluster")
    if steps is not None:
        _writable(steps)
    from nodeflow.cli import runner as runners
    from nodeflow.engine.protocol.limits import NOTHING, Limits
    from nodeflow.engine.protocol.run_request import RunRequest
    from nodeflow.graph.io.files import dumps, write_atomic
    from nodeflow.graph.model.workflow import WorkflowError
    from nodeflow.graph.validate.form_fields import assignments
    from nodeflow.reports.report import RunReport
    from nodeflow.reports.sweep_sheet import SweepSheet

    limits = NOTHING if no_cache else Limits()
    runner: runners.Runner
    try:
        runner = runners.InProcess(limits) if in_process else runners.ThroughWorker(limits, workers, cluster)
    except WorkflowError as error:
        refuse(*error.problems)
    written: list[Path | None] = []
    """Files that were asked for beside the images; None for each that could not be written."""
    try:
        for sentence in runner.troubles:
            tell(sentence)
        _apply(workflow, runner.catalogue, [*(set or ()), *(more or ())])
        assignments(form or [], workflow, runner.catalogue, Path.cwd()).apply(workflow)
        told = RunReport(workflow, runner.catalogue)
        sweeps = _sweeps(workflow, runner.catalogue, sweep or [])
        about = (workflow, file.parent, output, tuple(target or ()))
        request = RunRequest.of(*about, device=device, title="command line", sweeps=sweeps, precision=precision.value)
        if dry:
            from nodeflow.cli.terminal import outlook

            print(outlook(runner.foresee(request)))
            raise typer.Exit
        sheet = SweepSheet()
        _watch(runner.run(request), (told, sheet), runner)
        if steps is not None:
            from nodeflow.cli.step_export import export_steps

            written += export_steps(runner, workflow, steps, film)
    except WorkflowError as error:
        refuse(*error.problems)
    finally:
        runner.close()
    if sweeps:
        try:
            written += map(Path, sheet.write(output, dumps(workflow)))
        except OSError as error:
            tell(f"cannot write the contact sheet: {error.strerror or error}")
            written.append(None)
    told.outputs += [str(path) for path in written if path is not None]
    if report is not None:
        try:
            write_atomic(report, told.encode())
        except OSError as error:
            tell(f"cannot write {report}: {error.strerror or error}")
            written.append(None)
    for path in told.outputs:
        print(path)
    if told.state == "failed" and runner.details:
        tell(f"{runner.details} says more")
    raise typer.Exit({"done": FAILED * (None in written), "cancelled": CANCELLED}.get(told.state, FAILED))


def _watch(events: Iterator[Event], followers: Sequence[RunReport | SweepSheet], runner: Runner) -> None:
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

    from nodeflow.graph.model.plain_values import unfit_path

    if why := unfit_path(str(folder)):
        refuse(f"the folder {folder} {why}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        str(folder.resolve()).encode()
        with tempfile.TemporaryFile(dir=folder):
            pass
    except UnicodeEncodeError:
        refuse("the path to the folder for results is not UTF-8 text; choose another one")
    except OSError as error:
        refuse(f"cannot write to the folder {folder}: {error.strerror or error}; choose another one")
