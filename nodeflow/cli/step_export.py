"""Files of what samplers did at each step: true numbers, curves with t and sigma, and an animation."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from nodeflow.cli.film import Film
from nodeflow.cli.runner import Runner
from nodeflow.cli.status import tell
from nodeflow.engine.protocol.messages import Export, ViewQuery
from nodeflow.engine.protocol.value_handle import Overview
from nodeflow.graph.io.files import write_atomic
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.roles import STEPS
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.subgraphs.flatten import flatten
from nodeflow.views import Chart, chart_rows

DECODED = {"quantity": "predicted x_0", "way": "decoded"}
"""How an animation shows each step, where the VAE is in memory; else in the colours of the latent."""


def export_steps(runner: Runner, workflow: Workflow, folder: Path, film: Film) -> list[Path | None]:
    """Write, for each sampler that ran, NODE.safetensors, NODE.csv and a film into a folder; the files that are there,
    and None for each that could not be written, which is said."""
    return [
        path
        for node, output in _samplers(workflow, runner.catalogue)
        for path in _files(runner, node, output, folder, film)
    ]


def _samplers(workflow: Workflow, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """The outputs that hold steps, by node and output."""
    for name, node in flatten(workflow).workflow.nodes.items():
        spec = catalogue.nodes.get(node.type)
        for port in spec.outputs if spec else ():
            if port.type in catalogue.types(STEPS):
                yield name, port.name


def _files(runner: Runner, node: str, output: str, folder: Path, kind: Film) -> Iterator[Path | None]:
    seen = runner.look(ViewQuery(0, node=node, output=output))
    if not isinstance(seen.view, Overview):
        tell(f"{node} has no steps to export: {seen.error}")
        yield None
        return
    handle, name = seen.view.handle, node.replace("/", "-")
    curves = next((form.name for form in seen.view.forms if form.apart == "chart"), "")
    chart = runner.look(ViewQuery(0, handle=handle, form=curves)) if curves else None
    if chart is not None and isinstance(chart.view, Chart):
        text = io.StringIO()
        csv.writer(text).writerows(chart_rows(chart.view))
        yield from _written(folder / f"{name}.csv", text.getvalue().encode())
    images = (form for form in seen.view.forms if form.apart == "picture")
    film = next((form.name for form in images if any(option.time for option in form.options)), "")
    yield from _exported(runner, Export(0, str(folder / f"{name}.safetensors"), handle))
    if film:
        shown = Export(0, str(folder / f"{name}.{kind.value}"), handle, form=film, options=DECODED)
        coloured = Export(0, shown.path, handle, form=film, options={"quantity": DECODED["quantity"]})
        yield from _exported(runner, shown, coloured)


def _exported(runner: Runner, *ways: Export) -> Iterator[Path | None]:
    """Write a file in the first of several ways that can be."""
    error = ""
    for export in ways:
        error = runner.export(export).error
        if not error:
            yield Path(export.path)
            return
    tell(error)
    yield None


def _written(path: Path, data: bytes) -> Iterator[Path | None]:
    try:
        write_atomic(path, data)
        yield path
    except OSError as error:
        tell(f"cannot write {path}: {error.strerror or error}")
        yield None
