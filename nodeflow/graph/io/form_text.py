"""The text of a form in a workflow file.

::

    "form": {
      "title": "Postcard",
      "fields": [
        {"field": "prompt.text", "name": "prompt", "title": "What is on it?"},
        {"field": "sampling/scheduler.steps", "name": "steps", "group": "Quality", "range": [4, 40]}
      ],
      "outputs": [
        {"output": "decode.image", "title": "Front"}
      ]
    }

``sampling/scheduler`` is a node inside an instance of a subgraph.
"""

from __future__ import annotations

from collections import Counter

from nodeflow.graph.io.workflow_text import LONGEST_TITLE, Raws, as_json, as_line, take
from nodeflow.graph.model.form import Form, FormField, FormOutput
from nodeflow.graph.model.workflow import NODE_ID, Problem

MAX_ENTRIES = 1_000
"""Fields, or outputs, of a form."""


def read_form(fields: Raws, problems: list[Problem]) -> Form | None:
    """Take the form out of the fields of a file; None where it has none. What is wrong goes to ``problems``."""
    if "form" not in fields:
        return None
    wrong: list[Problem] = []
    inner = take(fields, "form", Raws, {}, wrong)
    title = take(inner, "title", str, "", wrong)
    wrong += _too_long("title", title)
    shown = [_read_field(text, wrong) for text in _entries(inner, "fields", wrong)]
    seen = [_read_output(text, wrong) for text in _entries(inner, "outputs", wrong)]
    counts = Counter(field.name for field in shown)
    wrong += (Problem("", name, "this name stands twice; rename one of them") for name in counts if counts[name] > 1)
    problems += (Problem("form" if p.port != "form" else "", p.port, p.reason) for p in wrong)
    return Form(title, tuple(shown), tuple(seen), _rest(inner))


def _entries(inner: Raws, name: str, wrong: list[Problem]) -> list[Raws]:
    found: list[Raws] = take(inner, name, list[Raws], [], wrong)
    if len(found) > MAX_ENTRIES:
        wrong.append(Problem("", name, f"has {len(found):,} entries, and {MAX_ENTRIES:,} is the most; take some out"))
    return found[:MAX_ENTRIES]


def _read_field(fields: Raws, wrong: list[Problem]) -> FormField:
    node, param = _address(fields, "field", "node.parameter", wrong)
    name = take(fields, "name", str, param, wrong)
    if not NODE_ID.fullmatch(name):
        wrong.append(Problem("", name[:40], "a field's name starts with a letter, then letters, digits, _ or -"))
    title, group = (take(fields, key, str, "", wrong) for key in ("title", "group"))
    for text in (name, title, group):
        wrong += _too_long(name[:40], text)
    low, high = take(fields, "range", tuple[float | None, float | None], (None, None), wrong)
    if low is not None and high is not None and low > high:
        wrong.append(Problem("", name[:40], f"its range begins at {low:g} and ends at {high:g}; exchange them"))
        low, high = None, None
    return FormField(node, param, name, title, group, low, high, _rest(fields))


def _read_output(fields: Raws, wrong: list[Problem]) -> FormOutput:
    node, output = _address(fields, "output", "node.output", wrong)
    title = take(fields, "title", str, "", wrong)
    wrong += _too_long(f"{node}.{output}"[:40], title)
    return FormOutput(node, output, title, _rest(fields))


def _address(fields: Raws, key: str, shape: str, wrong: list[Problem]) -> tuple[str, str]:
    text = take(fields, key, str, "", wrong)
    node, _, port = text.rpartition(".")
    if not node or not port or len(text) > LONGEST_TITLE:
        wrong.append(Problem("", key, f'{text[:40]!r} names nothing to show; write "{shape}"'))
    return node, port


def _too_long(place: str, text: str) -> list[Problem]:
    if len(text) <= LONGEST_TITLE:
        return []
    return [Problem("", place, f"has {len(text):,} characters, and {LONGEST_TITLE:,} is the most; make it shorter")]


def _rest(fields: Raws) -> dict[str, bytes]:
    return {name: bytes(text) for name, text in fields.items()}


def write_form(form: Form) -> bytes:
    """The text of a form, an entry a line."""
    parts: dict[str, bytes] = {"title": as_json(form.title)} if form.title else {}
    parts["fields"] = _as_list([_write_field(field) for field in form.fields])
    if form.outputs:
        parts["outputs"] = _as_list([_write_output(output) for output in form.outputs])
    parts |= form.extra
    lines = b",\n".join(b"    " + as_json(name) + b": " + text for name, text in parts.items())
    return b"{\n" + lines + b"\n  }"


def _write_field(field: FormField) -> bytes:
    parts = {"field": as_json(f"{field.node}.{field.param}"), "name": as_json(field.name)}
    parts |= {key: as_json(text) for key, text in (("title", field.title), ("group", field.group)) if text}
    if field.minimum is not None or field.maximum is not None:
        parts["range"] = as_json([_plain(field.minimum), _plain(field.maximum)])
    return as_line(parts | field.extra)


def _write_output(output: FormOutput) -> bytes:
    parts = {"output": as_json(f"{output.node}.{output.output}")}
    return as_line(parts | ({"title": as_json(output.title)} if output.title else {}) | output.extra)


def _plain(number: float | None) -> float | None:
    return int(number) if number is not None and number == int(number) else number


def _as_list(lines: list[bytes]) -> bytes:
    return b"[\n" + b",\n".join(b"      " + line for line in lines) + b"\n    ]" if lines else b"[]"
