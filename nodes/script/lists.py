"""Lists: what comes after one stands in a loop."""

from __future__ import annotations

from nodeflow.prompt_text import as_clip_reads
from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.writer import Function, Made, Writer


def numbers(writer: Writer, name: str, _: str) -> Made:
    start, stop, count = (writer.plain(name, key) for key in ("start", "stop", "count"))
    steps = max(count - 1, 1)
    return _of(writer, name, tuple(round(start + (stop - start) * index / steps, 10) for index in range(count)))


def whole_numbers(writer: Writer, name: str, _: str) -> Made:
    start, stop, step = (writer.plain(name, key) for key in ("start", "stop", "step"))
    return _of(writer, name, tuple(range(start, stop + 1, step) if stop >= start else range(start, stop - 1, -step)))


def texts(writer: Writer, name: str, _: str) -> Made:
    lines = [line.strip() for line in str(writer.plain(name, "text")).splitlines() if line.strip()]
    if any(as_clip_reads(line) != line for line in lines):
        raise CannotExportError(f"{name} has signs that CLIP reads in another way than other encoders")
    return _of(writer, name, tuple(lines))


def split_batch(writer: Writer, name: str, _: str) -> Made:
    return writer.loop(name, f"{writer.input(name, 'image').code}.split(1)")


def pick(writer: Writer, name: str, _: str) -> Made:
    items = writer.whole(name, "items")
    writer.line(f"{writer.name(name, (name, 'picked'))} = {items.code}[{writer.plain(name, 'number') - 1}]")
    return Made(writer.name(name, (name, "picked")), items.about)


def _of(writer: Writer, name: str, items: tuple[object, ...]) -> Made:
    variable = writer.name(name, (name, "items"))
    writer.shared((name, "items"), lambda: Made(writer.constants(variable, items)))
    return writer.loop(name, variable, items)


LISTS: dict[str, Function] = {
    "numbers": numbers,
    "whole_numbers": whole_numbers,
    "texts": texts,
    "split_batch": split_batch,
    "pick": pick,
}
