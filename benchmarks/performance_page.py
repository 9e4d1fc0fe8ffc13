"""The page of measured figures, docs/performance.md: parts that scripts renew, each between its own two marks."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from nodeflow.graph.io.files import write_atomic

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PACKAGES = ("torch", "diffusers", "transformers")


def renew(part: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put lines in the place of a part of the page. Raises ValueError where its marks are missing."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->"
    start, stop = text.index(begin) + len(begin), text.index(end)
    write_atomic(page, (text[:start] + "\n".join([where(), "", *lines, ""]) + text[stop:]).encode())


def where() -> str:
    """The kind of machine, the date and the versions, in a line."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    day = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    return f"{day}; {processor()}; Python {platform.python_version()}, {versions}."


def processor() -> str:
    """The processor in words: its name, its cores, and whether it computes in bfloat16."""
    import os

    from nodeflow.engine.memory.device import host_has_bfloat16

    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        named = (line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("model name"))
        name = next(named, name).partition(":")[2].strip() or name
    has = "with" if host_has_bfloat16() else "without"
    return f"{name}, {os.cpu_count()} logical cores, {has} bfloat16"
