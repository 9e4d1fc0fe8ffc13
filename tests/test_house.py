"""The rules of the house, checked by machine."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from nodeflow.engine.worker.packs import load_packs
from nodeflow.graph.io.files import dumps, load
from nodeflow.graph.model.catalogue import decode, encode
from nodeflow.resources import folder

MOST_LINES = 400
COPIED = Path("nodes/script/functions")  # what the pack computes, as a script carries it
MIRRORED = {"NoiseLevel"}  # the same in the engine and in the pack, neither of which may import the other
WITHOUT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ImportError(f"{{name}} is blocked")
sys.meta_path.insert(0, Blocked())
{code}
"""


def runs_without(blocked: set[str], code: str) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT.format(blocked=blocked, code=code)], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.release
def test_the_committed_catalogue_is_true() -> None:
    packs = load_packs()
    assert packs.errors == {}
    snapshot = folder("assets") / "catalogue.json"
    as_told = encode(decode(encode(packs.catalogue)))  # a worker tells it: numbers are written as they were read
    assert snapshot.read_bytes() == as_told, "run: nodeflow nodes --json --fresh > assets/catalogue.json"


def test_the_graph_runs_without_qt_and_torch() -> None:
    rooms = ("io.files", "edits.edits", "validate.check", "model.document")
    code = "import " + ", ".join(f"nodeflow.graph.{room}" for room in rooms)
    runs_without({"torch", "numpy", "PySide6", "NodeGraphQt", "diffusers"}, code)


def test_client_and_events_run_without_torch() -> None:
    runs_without(
        {"torch", "numpy", "PySide6"}, "import nodeflow.engine.client.client, nodeflow.engine.protocol.messages"
    )


def test_the_engine_and_the_pack_run_without_qt() -> None:
    code = "from nodeflow.engine.worker.packs import load_packs; assert load_packs().catalogue.nodes"
    runs_without({"PySide6", "NodeGraphQt", "shiboken6"}, code)


def test_the_app_starts_without_torch() -> None:
    runs_without(
        {"torch", "diffusers", "transformers", "nodes"}, "import nodeflow.app.main, nodeflow.app.window.main_window"
    )


def test_ready_made_workflows_are_written_as_the_program_writes_them() -> None:
    files = sorted(folder("workflows").glob("*.json"))
    assert files
    for file in files:
        assert dumps(load(file)) == file.read_bytes(), f"{file.name} is not in the form that saving gives"


def test_no_file_names_this_machine_or_a_registry() -> None:
    root = Path(__file__).parent.parent
    for file in (root / "constraints.txt", root / "pyproject.toml", root / "Makefile"):
        assert "://" not in file.read_text()
        assert "file:" not in file.read_text()


def test_no_file_is_longer_than_a_reader_holds_in_mind() -> None:
    root = Path(__file__).parent.parent
    rooms = ("nodeflow", "nodes", "training", "benchmarks", "tests", "docs")
    files = [path for room in rooms for path in (root / room).rglob("*.py")]
    assert len(files) > 1000
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    long = [f"{path.relative_to(root)}: {count}" for path, count in lines.items() if count > MOST_LINES]
    assert not long, f"part it by task, into pieces with a name each: {long}"


def test_no_name_of_a_class_means_two_things() -> None:
    root = Path(__file__).parents[1]
    files = [path for room in ("nodeflow", "nodes") for path in (root / room).rglob("*.py")]
    read = [path.read_text(encoding="utf-8") for path in files if COPIED not in path.relative_to(root).parents]
    names = Counter(name for text in read for name in re.findall(r"^class (\w+)", text, re.MULTILINE))
    assert len(names) > 500
    assert {name for name, times in names.items() if times > 1} == MIRRORED
