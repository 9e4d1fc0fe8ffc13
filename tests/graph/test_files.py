"""Workflow files: read, written, damaged, hand-written, and from the future."""

from __future__ import annotations

import json
import os
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nodeflow.graph.edits.edits import AddNode, Annotate, MoveNode, SetParam, remove
from nodeflow.graph.io.files import dumps, load, loads, save, write_atomic
from nodeflow.graph.io.png_text import MAX_TEXT_BYTES, text_of, with_text, with_workflow
from nodeflow.graph.model.annotation import Annotation
from nodeflow.graph.model.workflow import Node, Placement, WorkflowError

WRITTEN = b"""{
  "nodeflow": 1,
  "packs": {"acme": "9.1", "nodes": "0.1.0"},
  "nodes": {
    "grid": {
      "type": "acme.grid",
      "version": 7,
      "params": {
        "gap": 1.50,
        "huge": 123456789012345678901234567890,
        "style": {"z": 1e5, "a": [1.0, 2]}
      },
      "inputs": {
        "images": ["one.image", "two.image"]
      },
      "colour": {"b": 1.0,  "a": "\\u00e9"}
    },
    "one": {
      "type": "acme.picture"
    },
    "two": {
      "type": "acme.picture",
      "mode": "mute"
    }
  },
  "layout": {
    "frames": {"unknown": [1.0]},
    "grid": {"at": [300, 40.5], "title": "All", "folded": 1.0},
    "one": [0, 0]
  },
  "annotations": {
    "frame": {"kind": "frame", "box": [-20, -40, 640, 400.5], "text": "All of it", "colour": "blue", "folded": 1.0},
    "later": {"kind": "arrow", "from": [1.0, 2]},
    "note": {"kind": "note", "box": [0, 400, 200, 90], "text": "# Say\\nwhy"}
  },
  "notes": {"later": [1.0, 2.50]}
}
"""


def problems(data: bytes) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        loads(data)
    return [str(problem) for problem in caught.value.problems]


def test_what_is_not_known_survives_byte_for_byte() -> None:
    assert dumps(loads(WRITTEN)) == WRITTEN


def test_a_change_elsewhere_leaves_unknown_nodes_as_they_were() -> None:
    workflow = loads(WRITTEN)
    AddNode("three", Node("acme.picture", params={"n": 1})).apply(workflow)
    SetParam("one", "n", 2).apply(workflow)
    text = dumps(workflow)
    grid = WRITTEN[WRITTEN.index(b'    "grid": {\n      "type"') : WRITTEN.index(b'    "one": {')]
    assert grid in text
    assert b'"notes": {"later": [1.0, 2.50]}' in text


def test_a_change_of_a_node_keeps_its_unknown_fields_and_the_spelling_of_the_rest() -> None:
    workflow = loads(WRITTEN)
    SetParam("grid", "huge", 5).apply(workflow)
    text = dumps(workflow)
    assert b'"gap": 1.50' in text
    assert b'"huge": 5' in text
    assert b'"style": {"z": 1e5, "a": [1.0, 2]}' in text
    assert b'"colour": {"b": 1.0,  "a": "\\u00e9"}' in text


def test_undoing_a_change_restores_the_bytes() -> None:
    workflow = loads(WRITTEN)
    inverse = remove(workflow, ["grid", "one"]).apply(workflow)
    assert dumps(workflow) != WRITTEN
    inverse.apply(workflow)
    assert dumps(workflow) == WRITTEN


def test_the_order_of_changes_does_not_show_in_the_file() -> None:
    first, second = loads(b'{"nodeflow": 1}'), loads(b'{"nodeflow": 1}')
    edits = [
        AddNode("b", Node("x.y")),
        AddNode("a", Node("x.y", params={"q": 1, "p": 2})),
        MoveNode("a", Placement(1, 2)),
    ]
    for edit in edits:
        edit.apply(first)
    for edit in (edits[1], edits[2], edits[0]):
        edit.apply(second)
    assert dumps(first) == dumps(second)
    assert list(json.loads(dumps(first))["nodes"]) == ["a", "b"]


def test_moving_a_node_changes_one_line() -> None:
    workflow = loads(WRITTEN)
    MoveNode("one", Placement(5, 6)).apply(workflow)
    before, after = WRITTEN.decode().splitlines(), dumps(workflow).decode().splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('    "one": [0, 0]', '    "one": [5, 6]')
    ]


def test_frames_and_notes_are_drawn_and_undone_and_never_touch_the_nodes() -> None:
    workflow = loads(WRITTEN)
    assert workflow.annotations["note"] == Annotation("note", 0, 400, 200, 90, "# Say\nwhy")
    inverse = Annotate("frame", Annotation("frame", 0, 0, 10, 20, "Less")).apply(workflow)
    before, after = WRITTEN.decode().splitlines(), dumps(workflow).decode().splitlines()
    (change,) = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert change[1] == '    "frame": {"kind": "frame", "box": [0, 0, 10, 20], "text": "Less"},'
    inverse.apply(workflow)
    gone = Annotate("note", None).apply(workflow)
    assert "note" not in workflow.annotations
    gone.apply(workflow)
    assert dumps(workflow) == WRITTEN


def test_a_hand_written_file_needs_little() -> None:
    workflow = loads(b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y"}, "b": {"type": "x.z", "inputs": {"i": "a.o"}}}}')
    (link,) = workflow.links.values()
    assert (link.source, link.output, link.target, link.input) == ("a", "o", "b", "i")
    assert dumps(loads(dumps(workflow))) == dumps(workflow)


@pytest.mark.parametrize("cut", range(1, len(WRITTEN) - 2, 37))
def test_a_truncated_file_says_where_it_breaks(cut: int) -> None:
    (reason,) = problems(WRITTEN[:cut])
    assert "line" in reason
    assert "cut short" in reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"[]", "holds one JSON object"),
        (b"{}", 'does not say "nodeflow": 1'),
        (b'{"nodeflow": 2}', "format 2"),
        (b'{"nodeflow": "one"}', "nodeflow: has the wrong form"),
        (b'{"nodeflow": 1, "nodes": []}', "nodes: has the wrong form"),
        (b'{"nodeflow": 1, "nodes": {"a": 5}}', "a: a node is an object with a type"),
        (b'{"nodeflow": 1, "nodes": {"a": {}}}', "a.type: a node needs a type"),
        (
            b'{"nodeflow": 1, "nodes": {"a": {"type": 5}}}',
            "a.type: has the wrong form: expected a text, got a whole",
        ),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "params": []}}}', "a.params: has the wrong form"),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "inputs": {"i": 5}}}}', "a.inputs: has the wrong form"),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "inputs": {"i": "b"}}}}', 'write "node.output"'),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "mode": "sleep"}}}', "one of run, mute, bypass"),
        (b'{"nodeflow": 1, "nodes": {"a b": {"type": "x.y"}}}', "starts with a letter"),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y"}, "a": {"type": "x.z"}}}', "'a' stands twice"),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "params": {"v": NaN}}}}', "NaN is no number"),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "params": {"v": 1e999}}}}', "1e999 is too large"),
        (b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "params": {"v": ' + b"9" * 5000 + b"}}}}", "5,000 digits"),
        (
            b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "params": {"v": "\\ud800"}}}}',
            "nodes.a.params.v holds half",
        ),
        (b'{"nodeflow": 1, "nodes": {"\\udc00": {"type": "x.y"}}}', "nodes holds half"),
        (b'{"nodeflow": 1, "later": [["\\uDbff"]]}', "later holds half"),
        (b'{"3": {"class_type": "KSampler", "inputs": {}}}', "workflow of ComfyUI (in the form of its API)"),
        (
            b'{"prompt": {"3": {"class_type": "KSampler", "inputs": {}}}}',
            "workflow of ComfyUI (in the form of its API)",
        ),
        (b'{"nodes": [], "links": [], "version": 0.4}', "workflow of ComfyUI (as its window saves it)"),
        (b'{"_class_name": "UNet2DConditionModel"}', "configuration of a model"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_wrong_forms_are_one_clear_sentence(data: bytes, reason: str) -> None:
    (found,) = problems(data)
    assert reason in found


def test_whole_characters_of_two_halves_are_text() -> None:
    workflow = loads(b'{"nodeflow": 1, "nodes": {"a": {"type": "x.y", "params": {"v": "\\ud83d\\ude00"}}}}')
    assert workflow.nodes["a"].params == {"v": "\N{GRINNING FACE}"}


def picture(**texts: str) -> bytes:
    """A PNG file as Pillow writes it."""
    info, data = PngInfo(), BytesIO()
    for name, text in texts.items():
        info.add_text(name, text)
    Image.new("RGB", (2, 2)).save(data, "PNG", pnginfo=info)
    return data.getvalue()


def test_a_picture_opens_the_workflow_inside(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(with_workflow(picture(), WRITTEN))
    assert dumps(load(path)) == WRITTEN
    path.write_bytes(with_workflow(picture(), b'{"nodeflow": 1, "nodes": {"a": {"type": 5}}}'))
    with pytest.raises(WorkflowError, match=r"a.type: .*\(in cat.png\)"):
        load(path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (picture(), "holds no workflow"),
        (picture(prompt='{"3": {"class_type": "KSampler"}}'), "workflow of ComfyUI"),
        (picture(workflow='{"nodes": []}'), "workflow of ComfyUI"),
        (picture(parameters="a cat, Steps: 20"), "settings of Stable Diffusion web UI"),
        (b"RIFF....WEBP" + b'Exif prompt:{"3": {"class_type": "KSampler"}}', "workflow of ComfyUI"),
        (b"\xff\xd8\xff\xe0 JFIF", "this JPEG image holds no workflow"),
        (picture()[:20], "holds no workflow"),
    ],
)
def test_a_picture_without_one_is_named(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(data)
    with pytest.raises(WorkflowError, match=reason):
        load(path)


def test_every_reader_finds_a_text_that_is_put_into_a_picture() -> None:
    text = json.dumps({"text": "é word " * 300_000})
    data = with_text(with_text(picture(kept="ü"), "nodeflow", b"before"), "nodeflow", text.encode())
    with Image.open(BytesIO(data)) as found:
        found.load()
        assert (found.text["nodeflow"], found.text["kept"]) == (text, "ü")  # type: ignore[attr-defined]
    assert text_of(data, "nodeflow") == text.encode()
    assert text_of(data + b"trailer", "nodeflow") == text.encode()
    assert with_text(data + b"trailer", "other", b"x").endswith(b"trailer")


def test_a_text_that_unpacks_to_too_much_is_not_there() -> None:
    bomb = b"nodeflow\0\1\0\0\0" + zlib.compress(b" " * (MAX_TEXT_BYTES + 1))
    whole = picture()
    chunk = len(bomb).to_bytes(4, "big") + b"iTXt" + bomb + zlib.crc32(b"iTXt" + bomb).to_bytes(4, "big")
    assert text_of(whole[:33] + chunk + whole[33:], "nodeflow") is None


def test_every_problem_is_reported_at_once() -> None:
    found = problems(b'{"nodeflow": 1, "nodes": {"a": {"type": 5}, "b": {}, "c": {"type": "x.y", "params": 1}}}')
    assert [text.partition(":")[0] for text in found] == ["a.type", "b.type", "c.params"]


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert loads(b"\xef\xbb\xbf" + WRITTEN).nodes.keys() == {"grid", "one", "two"}


def test_saving_is_atomic_and_keeps_the_old_file_on_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.json"
    save(loads(WRITTEN), path)
    assert path.read_bytes() == WRITTEN
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save(loads(b'{"nodeflow": 1}'), path)
    assert path.read_bytes() == WRITTEN
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_read_names_itself(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match=r"cannot read .*nothing\.json"):
        load(tmp_path / "nothing.json")
    (tmp_path / "bad.json").write_bytes(WRITTEN[:50])
    with pytest.raises(WorkflowError, match=r"bad\.json"):
        load(tmp_path / "bad.json")


def test_a_pipe_is_no_workflow_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WorkflowError, match="pipe is a device or a pipe"):
        load(tmp_path / "pipe")


def test_a_device_is_written_to_as_it_stands() -> None:
    reader, device = os.openpty()
    try:
        path = Path(os.ttyname(device))
        write_atomic(path, b"hello")
        assert os.read(reader, 5) == b"hello"
        assert path.is_char_device()
    finally:
        os.close(reader)
        os.close(device)


def test_a_file_that_may_not_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.json"
    save(loads(WRITTEN), path)
    path.chmod(0o444)
    if os.access(path, os.W_OK):  # whoever may write all files
        monkeypatch.setattr(os, "access", lambda name, how: not (Path(name) == path and how == os.W_OK))
    with pytest.raises(PermissionError, match="Permission denied"):
        save(loads(b'{"nodeflow": 1}'), path)
    assert path.read_bytes() == WRITTEN
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    save(loads(b'{"nodeflow": 1}'), real)
    link.symlink_to(real)
    save(loads(WRITTEN), link)
    assert link.is_symlink()
    assert real.read_bytes() == WRITTEN
