"""``nodeflow run FILE --help``: the options, and below them the fields of the file's form by their names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

if TYPE_CHECKING:
    from nodeflow.graph.model.workflow import Workflow


class RunCommand(TyperCommand):
    """The command whose help speaks the names of the file that stands beside ``--help``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with_value = {word for param in self.params if not getattr(param, "is_flag", True) for word in param.opts}
        pairs = zip(["", *args], args, strict=False)
        names = (text for before, text in pairs if not text.startswith("-") and before not in with_value)
        ctx.meta[__name__] = next(names, "")
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        super().format_epilog(ctx, formatter)
        if file := ctx.meta.get(__name__):
            _write(Path(file), formatter)


def _write(file: Path, formatter: Any) -> None:
    from nodeflow.graph.io.files import load
    from nodeflow.graph.model.workflow import WorkflowError

    try:
        workflow = load(file)
    except WorkflowError as error:
        with formatter.section("Form"):
            for problem in error.problems:
                formatter.write_text(str(problem))
        return
    form = workflow.form
    with formatter.section(f"Form of {file.name}" + (f" ({form.title})" if form and form.title else "")):
        if form is None or not form.fields:
            formatter.write_text("It has none; set NODE.PARAM=VALUE.")
        else:
            formatter.write_dl(_lines(workflow))


def _lines(workflow: Workflow) -> list[tuple[str, str]]:
    """The names, each with its title, what its value may be and what it is now; or why it cannot be set."""
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.model.plain_values import shown
    from nodeflow.graph.model.workflow import WorkflowError
    from nodeflow.graph.subgraphs.instances import with_subgraphs
    from nodeflow.graph.validate.form_fields import place_of

    catalogue, lines = with_subgraphs(known_catalogue(), workflow), []
    assert workflow.form is not None
    for field in workflow.form.fields:
        title = f"{field.title} · " if field.title else ""
        try:
            place = place_of(field, workflow, catalogue)
        except WorkflowError as error:
            lines.append((field.name, " ".join(problem.reason for problem in error.problems)))
            continue
        value = "given by a wire" if place.fed else f"now {shown(place.value)}"
        lines.append((field.name, f"{title}{place.param.describe()} ({value})"))
    return lines
