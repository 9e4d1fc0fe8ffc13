"""ComfyUI's numbers for whole graphs beside ours: each graph imported, run in float32 on the CPU, and compared.

``python -m benchmarks.golden_graphs GRAPHS WEIGHTS [NAME...]``: GRAPHS holds ``graphs/NAME.json`` (flat workflows) and
``expected/NAME.safetensors`` (what ComfyUI gave for them: ``latent.ID.SLOT``, ``tokens.ID.SLOT.I``, ``image.ID.SLOT``);
WEIGHTS holds ``models`` and ``input``. ``--write`` puts the table into docs/comfyui.md.

Differences of latents are shares of the result's deviation, those of tokens and images are as they are.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import psutil
import torch
from safetensors import safe_open
from torch import Tensor

from benchmarks.comfyui import PAGE, written
from nodeflow.engine.memory import device
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.wires import Conditioning, Image, Latent
from nodes.comfyui.importing import Imported, import_comfyui

LIMITS = {"latent": 5e-4, "tokens": 1e-4, "pooled": 1e-4, "image": 5e-4}
APART = 1e30
"""The difference of what cannot be compared; JSON has no infinity."""
HEADING = "## Numbers of whole graphs"
ZEROED = "ConditioningZeroOut"
"""It has no node here where nothing is led away from, else one that a sampler's translation makes."""
KINDS = {"latent": "Latent", "tokens": "Conditioning", "pooled": "Conditioning", "image": "Image"}


class Compared(msgspec.Struct):
    """A graph: the largest difference by kind of number, or in a sentence why there is none."""

    name: str
    result: float = 0.0
    worst: dict[str, float] = {}
    fault: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return not self.fault and self.result <= LIMITS["latent"] and self.worst.get("tokens", 0) <= LIMITS["tokens"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("graphs", type=Path)
    arguments.add_argument("weights", type=Path)
    arguments.add_argument("names", nargs="*", help="names of graphs, or parts of them; all where none is given")
    arguments.add_argument("--results", type=Path, help="keep results in this file, with those that it has")
    arguments.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    os.environ["NODEFLOW_MODELS"] = str((options.weights / "models").resolve())
    compared: dict[str, Compared] = {}
    if options.results and options.results.is_file():
        compared = msgspec.json.decode(options.results.read_bytes(), type=dict[str, Compared])
    with tempfile.TemporaryDirectory() as output:
        runner = WorkflowRunner(budget=device.budget(psutil.virtual_memory().total))  # what is compared stays
        for path in _chosen(options.graphs / "graphs", options.names):
            found = compared[path.stem] = compare(runner, path, options.weights / "input", Path(output))
            print(row(found), flush=True)
            if options.results:
                options.results.write_bytes(msgspec.json.encode(compared))
    if options.write:
        written(HEADING, page([compared[name] for name in sorted(compared)]))


def _chosen(folder: Path, names: list[str]) -> list[Path]:
    """The graphs whose names have one of the parts, in the order of these."""
    paths = sorted(folder.glob("*.json"))
    return list(dict.fromkeys(path for name in names or [""] for path in paths if name in path.stem))


def compare(runner: WorkflowRunner, path: Path, base: Path, output: Path) -> Compared:
    """Run a graph and return how far its numbers are from ComfyUI's."""
    began, found = time.perf_counter(), Compared(path.stem)
    imported = import_comfyui(path.read_bytes(), runner.packs.catalogue)
    if imported.report.nodes["unknown"]:
        lost = [f"{one['class']}: {one['notes'][0]}" for one in imported.report.rows if one["status"] == "unknown"]
        found.fault = "; ".join(lost)
        return found
    scale: tuple[float, float] | None = None
    for event in runner.run(RunRequest.of(imported.workflow, base.resolve(), output, (), device="cpu")):
        scale = scale or _scale(runner, imported)
        if isinstance(event, tell.NodeFailed):
            found.fault = f"{event.node}: {event.error}"
            return found
    scale = scale or _loaded_scale(runner, imported, base, output)
    with safe_open(path.parent.parent / "expected" / f"{path.stem}.safetensors", "pt") as expected:
        result = expected.metadata()["result"]
        deviation = float(expected.get_tensor(result).std())
        keys = list(expected.keys())  # it is no dict
        for key in keys:
            kind, id, *_ = key.split(".")
            slots = len({other.split(".")[2] for other in keys if other.startswith(f"{kind}.{id}.")})
            ours = value(runner, imported, key, scale, slots)
            if ours is None:
                continue
            off = difference(ours, expected.get_tensor(key)) / (deviation if kind == "latent" else 1)
            found.worst[kind] = max(found.worst.get(kind, 0.0), off)
            if key == result:
                found.result = off
    found.seconds = time.perf_counter() - began
    return found


def difference(ours: Tensor, theirs: Tensor) -> float:
    """The largest difference; APART where the shapes differ or a number is none."""
    if ours.shape != theirs.shape:
        return APART
    off = float((ours.double() - theirs.double()).abs().max())
    return off if off == off else APART


def value(
    runner: WorkflowRunner, imported: Imported, key: str, scale: tuple[float, float] | None, slots: int = 1
) -> Tensor | None:
    """What a node here gave for a number of ComfyUI's, in ComfyUI's form; None where it has no counterpart here.

    ``slots`` is how many outputs of that kind ComfyUI's node has: those of the last node here, or the last ones.
    """
    kind, id, slot, *more = key.split(".")
    if kind not in KINDS:
        return None
    made = next(_nodes(imported, one) for one in imported.report.rows if one["id"] == id)
    outputs = list(_outputs(runner, imported, made, KINDS[kind]))
    last = [one for one in outputs if one[0] == outputs[-1][0]]
    last = last if len(last) >= slots else outputs[-slots:]
    given = runner.executor.value(*last[min(int(slot), len(last) - 1)]) if last else None
    if isinstance(given, Latent):
        scaling, shift = scale or (1.0, 0.0)
        return given.samples.float() / scaling + shift
    if isinstance(given, Image):
        return given.pixels.movedim(1, -1)[:, ::4, ::4, :]
    if isinstance(given, Conditioning):
        texts = [given, *given.beside]
        text = texts[int(more[0])] if int(more[0]) < len(texts) else Conditioning()
        if kind == "tokens":
            return None if text.tokens is None else text.tokens[:, ::6, ::96]
        return None if text.pooled is None else text.pooled[:, ::32]
    return None


def _nodes(imported: Imported, row: Mapping[str, Any]) -> list[str]:
    """The nodes here that stand for one of ComfyUI's."""
    if row["class"] != ZEROED:
        return list(row["nodes"])
    return [name for name, node in imported.workflow.nodes.items() if node.type == "nodes.zero_conditioning"]


def _outputs(runner: WorkflowRunner, imported: Imported, names: list[str], kind: str) -> Iterator[tuple[str, str]]:
    for name in names:
        spec = runner.packs.catalogue.nodes[imported.workflow.nodes[name].type]
        yield from ((name, output.name) for output in spec.outputs if output.type == kind)


def _scale(runner: WorkflowRunner, imported: Imported) -> tuple[float, float] | None:
    """Latents here are in the denoiser's scale, ComfyUI's are in the VAE's: the numbers between the two.

    None where no VAE is in memory: not yet, or no more.
    """
    for name, output in _outputs(runner, imported, list(imported.workflow.nodes), "VAE"):
        vae: Any = runner.executor.value(name, output)
        if vae is not None and hasattr(vae, "scaling"):
            return vae.scaling, vae.shift
    return None


def _loaded_scale(runner: WorkflowRunner, imported: Imported, base: Path, output: Path) -> tuple[float, float] | None:
    """The same, of a VAE that had to go for what came after it: it is loaded once more."""
    for name, _ in _outputs(runner, imported, list(imported.workflow.nodes), "VAE"):
        for _ in runner.run(RunRequest.of(imported.workflow, base.resolve(), output, (name,), device="cpu")):
            if (scale := _scale(runner, imported)) is not None:
                return scale
    return None


def row(found: Compared) -> str:
    if found.fault:
        return f"| {found.name} | no | {found.fault} |"
    others = ", ".join(f"{kind} {off:.1e}" for kind, off in sorted(found.worst.items()))
    told = "yes" if found.holds else "no"
    return f"| {found.name} | {told} | {found.result:.1e} | {others} | {found.seconds:.0f} s |"


def page(compared: list[Compared]) -> str:
    """Return the table for the page."""
    held = sum(one.holds for one in compared)
    lines = [
        HEADING,
        "",
        "Made by `python -m benchmarks.golden_graphs GRAPHS WEIGHTS --write`: graphs with random weights, imported and",
        "run in float32 on a CPU, beside the numbers of ComfyUI 0.26.0. Latents as shares of the result's deviation.",
        f"{held} of {len(compared)} within {LIMITS['latent']:g}, their tokens within {LIMITS['tokens']:g}.",
        "",
        "| graph | result | all latents | tokens | pooled | image |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for one in compared:
        if one.fault:
            lines.append(f"| {one.name} | {one.fault} | | | | |")
            continue
        cells = [f"{one.worst[kind]:.1e}" if kind in one.worst else "" for kind in LIMITS]
        lines.append(f"| {one.name} | {one.result:.1e} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main()
