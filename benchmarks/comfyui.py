"""Share of ComfyUI's workflows that opens: ``python -m benchmarks.comfyui PATH``, a folder of its files and images.

For all files, those of image models (that sample or decode images and hold no class of films, sounds, meshes or paid
services, as far as the templates' ``index.json`` says so) and, where that lies there, these weighted by their use: the
share of nodes that are translated, exactly or not, and of files that are wholly. Then, by class, what is left.
``--write`` puts the table into docs/comfyui.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.graph.io.comfyui.containers import NotReadableError
from nodes.comfyui.importing import FileReport, import_comfyui

PAGE = Path("docs/comfyui.md")
OTHER = ("Video", "Audio", "LTX", "Wan", "Hunyuan3D", "GLB", "Mesh", "Voxel", "3D", "SVG", "Splat", "MoGe", "Song")
"""Parts of the names of classes that other things than images are made by."""
SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustom", "SamplerCustomAdvanced")
SHOWN = 60
MANY = 5000
ONE: dict[str, tuple[str, dict[str, Any]]] = {
    "model": ("CheckpointLoaderSimple", {"ckpt_name": "sd15.safetensors"}),
    "good": ("CLIPTextEncode", {"clip": ["model", 1], "text": "a fox"}),
    "bad": ("CLIPTextEncode", {"clip": ["model", 1], "text": "blurry"}),
    "empty": ("EmptyLatentImage", {"width": 512, "height": 512, "batch_size": 1}),
    "sampled": (
        "KSampler",
        {
            "model": ["model", 0],
            "positive": ["good", 0],
            "negative": ["bad", 0],
            "latent_image": ["empty", 0],
            "seed": 1,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
        },
    ),
    "decoded": ("VAEDecode", {"samples": ["sampled", 0], "vae": ["model", 2]}),
    "upscaled": ("ImageScaleBy", {"image": ["decoded", 0], "upscale_method": "lanczos", "scale_by": 2.0}),
    "saved": ("SaveImage", {"images": ["upscaled", 0], "filename_prefix": "x"}),
}
"""A workflow that stands in a file many times."""
PARTS = ("## Numbers of whole graphs", "## Prompts made from the window's form", "## There and back")
"""Headings of what other measurements write into the page."""


class Listed(NamedTuple):
    """What the templates' index says of one: how often it is used, and whether all of it computes where it runs."""

    use: float = 0.0
    local: bool = True


class Opened(msgspec.Struct):
    """A file: its report, how long it took, how often it is used, and whether it needs no paid service."""

    name: str
    report: FileReport
    seconds: float
    use: float = 1.0
    local: bool = True

    @property
    def of_images(self) -> bool:
        classes = {row["class"] for row in self.report.rows}
        films = any(part in name for name in classes for part in OTHER)
        return bool(classes & {*SAMPLERS}) and not films


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("path", type=Path)
    arguments.add_argument("--write", action="store_true", help=f"write the table into {PAGE}")
    options = arguments.parse_args()
    opened, refused = _open(options.path)
    text = table(opened, refused)
    print(text)
    if options.write:
        written("", text)


def written(heading: str, text: str) -> None:
    """Put a part of the page, from its heading to the next of its rank, in the place of what it was; "" is the top."""
    page = PAGE.read_text()
    start = page.find(heading) if heading else 0
    if start < 0:
        PAGE.write_text(page.rstrip("\n") + "\n\n" + text)
        return
    others = [page.find(other, start + 1) for other in PARTS if other != heading]
    end = min((place for place in others if place > start), default=len(page))
    PAGE.write_text((page[:start] + text + "\n" + page[end:]).rstrip("\n") + "\n")


def _open(folder: Path) -> tuple[list[Opened], list[str]]:
    listed, catalogue = _listed(folder), known_catalogue()
    opened: list[Opened] = []
    refused: list[str] = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file() and not one.name.startswith("index")):
        began = time.process_time()
        try:
            report = import_comfyui(path.read_bytes(), catalogue).report
        except NotReadableError as error:
            refused.append(f"{path.name}: {error}")
            continue
        about = listed.get(path.stem, Listed(0.0 if listed else 1.0))
        opened.append(Opened(path.name, report, time.process_time() - began, *about))
    return opened, refused


def _listed(folder: Path) -> dict[str, Listed]:
    index = folder / "index.json"
    found: list[dict[str, Any]] = json.loads(index.read_bytes()) if index.is_file() else []
    return {
        one["name"]: Listed(float(one.get("usage") or 0), one.get("openSource") is not False)
        for group in found
        for one in group.get("templates", ())
    }


def table(opened: list[Opened], refused: list[str]) -> str:
    """Return the page."""
    with_services = [one for one in opened if one.of_images]
    images = [one for one in with_services if one.local]
    slowest = max((one.seconds for one in opened), default=0)
    torch = "with" if "torch" in sys.modules else "without"
    lines = [
        "# What of ComfyUI's workflows opens",
        "",
        f"Made by `python -m benchmarks.comfyui PATH` from {len(opened) + len(refused)} files.",
        f"{len(opened)} opened, {len(refused)} hold no workflow. The slowest took {slowest:.2f} s of a core; "
        f"{MANY} nodes of text to image one beside the other take {many():.1f} s, {torch} torch.",
        "",
        "| files | | nodes | translated | of them not exactly | files wholly |",
        "|---|---:|---:|---:|---:|---:|",
        _row("all", opened, False),
        _row("of image models", images, False),
        _row("of image models, by use", images, True),
        _row("of image models, with those that call paid services too", with_services, False),
        "",
        "## What is left, of image models",
        "",
        "| class | nodes | files | why |",
        "|---|---:|---:|---|",
    ]
    return "\n".join([*lines, *_left(images)]) + "\n"


def many() -> float:
    """Return the seconds of a core that a flat workflow of very many nodes takes."""
    graph = {
        f"{name}{copy}": {"class_type": kind, "inputs": {key: _of_copy(value, copy) for key, value in inputs.items()}}
        for copy in range(MANY // len(ONE))
        for name, (kind, inputs) in ONE.items()
    }
    data, catalogue = json.dumps(graph).encode(), known_catalogue()
    began = time.process_time()
    import_comfyui(data, catalogue)
    return time.process_time() - began


def _of_copy(value: Any, copy: int) -> Any:
    return [f"{value[0]}{copy}", value[1]] if isinstance(value, list) else value


def _row(name: str, opened: list[Opened], by_use: bool) -> str:
    def total(kind: str) -> float:
        return sum(one.report.nodes[kind] * (one.use if by_use else 1) for one in opened)

    every = total("total") or 1
    files = sum(one.use if by_use else 1 for one in opened) or 1
    whole = sum((one.use if by_use else 1) for one in opened if not one.report.nodes["unknown"])
    shares = ((every - total("unknown")) / every, total("approximate") / every, whole / files)
    nodes = sum(one.report.nodes["total"] for one in opened)
    return f"| {name} | {len(opened)} | {nodes} | " + " | ".join(f"{share:.1%}" for share in shares) + " |"


def _left(opened: list[Opened]) -> list[str]:
    nodes, files, why = Counter[str](), Counter[str](), dict[str, str]()
    for one in opened:
        unknown = [row for row in one.report.rows if row["status"] == "unknown"]
        nodes.update(row["class"] for row in unknown)
        files.update({row["class"] for row in unknown})
        why.update((row["class"], row["notes"][0]) for row in unknown)
    return [f"| {name} | {count} | {files[name]} | {why[name]} |" for name, count in nodes.most_common(SHOWN)]


if __name__ == "__main__":
    main()
