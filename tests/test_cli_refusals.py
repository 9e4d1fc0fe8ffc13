"""What the command line refuses, and in which words: the true reason, at once, in one short line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nodeflow.cli.main import cli
from nodeflow.graph.io.files import dumps
from nodeflow.graph.model.workflow import Node, Workflow


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one workflow, and everything that nodeflow keeps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path / "cache"))
    (tmp_path / "flow.json").write_bytes(dumps(Workflow({"n": Node("nodes.number", None, {"value": 1.5})})))
    (tmp_path / "note.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    return tmp_path


def said(status: int, *words: str) -> str:
    done = CliRunner().invoke(cli, list(words))
    assert done.exit_code == status, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.output.strip()


@pytest.mark.parametrize(
    ("status", "words", "says"),
    [
        (2, ("run", "flow.json", "--output", "~root/x"), "the folder ~root/x starts with ~ and a name"),
        *(
            (2, (command, "https://example.org/x.json"), "it is an address, from which nothing is fetched")
            for command in ("run", "check", "import", "export")
        ),
        (2, ("run", "flow.json", "--report", "folder"), "folder is a folder; name a file for the report"),
        (2, ("run", "flow.json", "--in-process", "--cluster", "x"), "leave out --workers and --cluster"),
        (2, ("run", "flow.json", "--in-process", "--set", "n.value=nan"), "nan is nan, which is no finite number"),
        (2, ("run", "flow.json", "--in-process", "--sweep", "n.value=1,,2"), "'' is not a number"),
        (2, ("models", "scan", "note.txt"), "note.txt is a file; name the folder that it lies in"),
        (2, ("import", "flow.json"), "flow.json holds a workflow of nodeflow's own; open or run it"),
        (2, ("import", "note.txt"), "note.txt: this holds no workflow"),
        (1, ("convert", ""), ". is a folder; name the files in it"),
        (1, ("convert", "folder"), "folder is a folder; name the files in it"),
        (1, ("convert", "/dev/null"), "/dev/null is a device or a pipe"),
    ],
)
def test_it_says_what_is_wrong(status: int, words: tuple[str, ...], says: str) -> None:
    assert says in said(status, *words)


@pytest.mark.parametrize("command", [("check",), ("run", "--in-process"), ("import",), ("models", "info"), ("export",)])
def test_long_names_and_orders_to_terminals_are_shortened(command: tuple[str, ...]) -> None:
    assert len(said(2, *command, "x" * 5000)) < 400
    assert "\x1b" not in said(2, *command, "\x1b[31mred.json")


def test_no_folder_is_kept_that_is_none(place: Path) -> None:
    said(2, "models", "scan", "note.txt")
    assert not (place / "data" / "library.json").exists()


@pytest.mark.parametrize("command", ["check", "run", "import"])
@pytest.mark.parametrize(
    ("begin", "says"),
    [
        (b"%PDF-1.7 ", "a PDF document"),
        (b"\x1aE\xdf\xa3", "a Matroska or WebM film"),
        (b"\0\0\0\x20ftypisom", "an MP4 film"),
        (b"\0\0\0\x18ftypheic", "a HEIF image"),
        (b"\0\0\0\x0cJXL ", "a JPEG XL image"),
        (b"GGUF\3\0\0\0", "a file of weights (GGUF)"),
        (b"\x10\0\0\0\0\0\0\0{}", "a file of weights (safetensors)"),
        (b"\x80\x02}q\0.", "a pickle, which can hold programs"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"<!doctype html>", "a web page"),
    ],
)
def test_files_of_other_kinds_are_named_as_what_they_are(place: Path, command: str, begin: bytes, says: str) -> None:
    (place / "a.bin").write_bytes(begin + b"x" * 64)
    told = said(2, command, "a.bin")
    assert says in told
    assert "damaged" not in told and "UTF-8" not in told


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (bytes(100), "nothing but zeros"),
        (b"hello", "holds no JSON, and so no workflow"),
        (b'{"nodeflow": 1, "nodes": {', "line 1, column 27: Expecting property name"),
        (b'{"nodeflow": -1, "nodes": {}}', "-1 is no format of a workflow file"),
    ],
)
def test_what_is_no_workflow_is_told_by_what_it_lacks(place: Path, command: str, data: bytes, says: str) -> None:
    (place / "a.json").write_bytes(data)
    assert says in said(2, command, "a.json")


@pytest.mark.parametrize("command", ["check", "run", "import", "export"])
def test_a_pipe_is_never_waited_for(place: Path, command: str) -> None:
    os.mkfifo(place / "pipe")
    assert "pipe is a device or a pipe" in said(2, command, "pipe")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("run", "flow.json", "--report", "flow.json"), "flow.json is what is read, which would be lost"),
        (("run", "flow.json", "--report", "folder/../flow.json"), "is what is read"),
        (("run", "flow.json", "--report", "link.json"), "link.json is what is read"),
        (("export", "flow.json", "--output", "flow.json"), "flow.json is what is read"),
        (("import", "note.txt", "--output", "note.txt"), "note.txt is what is read"),
        (("import", "note.txt", "--output", "new.json", "--report", "./new.json"), "is to hold something else too"),
    ],
)
def test_no_file_that_is_read_is_written_over(words: tuple[str, ...], says: str, place: Path) -> None:
    (place / "link.json").symlink_to(place / "flow.json")
    before = {path: path.read_bytes() for path in place.iterdir() if path.is_file()}
    assert says in said(2, *words)
    assert {path: path.read_bytes() for path in place.iterdir() if path.is_file()} == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("words", [("check", "flow.json"), ("--version",)])
def test_what_cannot_be_printed_is_told(words: tuple[str, ...], place: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "nodeflow", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr.splitlines()) == (
        1,
        ["nodeflow: what is printed cannot be written: No space left on device"],
    )


def test_letters_that_a_terminal_has_not_are_printed_as_codes(place: Path) -> None:
    (place / "flow.json").rename(place / "flôw.json")
    done = subprocess.run(
        [sys.executable, "-m", "nodeflow", "check", "flôw.json"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert done.returncode == 0 and done.stdout.startswith(rb"fl\xf4w.json is in order"), done.stderr


def test_a_models_name_gives_a_terminal_no_orders(place: Path) -> None:
    (place / "m").mkdir()
    (place / "m" / "a\x1b[2J\nb.safetensors").write_bytes(b"x")
    said(0, "models", "scan", "m")
    for words in (("models", "list"), ("models", "info", "m/a\x1b[2J\nb.safetensors"), ("check", "flow.json")):
        assert "\x1b" not in said(0, *words)
    assert said(0, "models", "list").splitlines()[0] == "a\\x1b[2J b.safetensors"
