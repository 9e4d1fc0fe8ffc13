"""Node packs are found by their entry point; a broken one costs itself only."""

from __future__ import annotations

import importlib.metadata
import os
import queue
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import pytest

from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.events import RunFinished
from nodeflow.engine.protocol.limits import NOTHING
from nodeflow.engine.protocol.messages import Importing, JobEvent, Reply, WorkerReady
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.pack_markers import PackMarkers
from nodeflow.engine.worker.packs import load_packs
from nodeflow.graph.io.files import dumps
from nodeflow.graph.model.workflow import Node, Workflow

Told = TypeVar("Told")

ENDS = """
import os, sys
from nodeflow.node import node
{how}

@node('X')
def x(value: int = 1) -> int:
    return value
"""


def test_an_installed_pack_is_found(install_pack) -> None:
    install_pack()
    packs = load_packs()
    assert packs.catalogue.packs["acme"] == "1.5"
    assert packs.catalogue.nodes["acme.forge"].outputs[0].type == "acme.Anvil"
    assert packs.functions["acme.forge"](7).weight == 7


def test_a_broken_pack_is_reported_and_the_others_are_whole(install_pack) -> None:
    install_pack("broken", "from nodeflow.node import node\n\n@node('X')\ndef x(value) -> int: ...\n")
    packs = load_packs()
    assert "'broken' does not load" in packs.errors["broken"]
    assert "broken.x: argument 'value' has no type hint" in packs.errors["broken"]
    assert "nodes.sample" in packs.catalogue.nodes


def test_a_pack_prepares_the_worker_and_one_that_fails_to_is_reported(install_pack) -> None:
    install_pack("warm", "import sys\n\ndef start_worker():\n    sys.warm = True\n")
    install_pack("cold", "def start_worker():\n    raise OSError('the cabinet is locked')\n")
    packs = load_packs()
    assert not hasattr(sys, "warm")
    packs.start()
    assert sys.warm
    del sys.warm
    assert packs.errors == {"cold": "the node pack 'cold' does not start: the cabinet is locked"}


@pytest.mark.parametrize("how", ["sys.exit(3)", "raise KeyboardInterrupt", "raise SystemExit", "raise GeneratorExit"])
def test_a_pack_that_wants_to_end_the_program_is_left_out(install_pack, how: str) -> None:
    install_pack("ends", ENDS.format(how=how))
    packs = load_packs()
    assert "'ends' does not load: it ends the program" in packs.errors["ends"]
    assert "nodes.sample" in packs.catalogue.nodes
    assert "ends.x" not in packs.catalogue.nodes


def until(heard: queue.Queue[Reply], kind: type[Told]) -> Told:
    while True:
        reply = heard.get(timeout=120)
        if isinstance(reply, kind):
            return reply


def ready(heard: queue.Queue[Reply]) -> WorkerReady:
    return until(heard, WorkerReady)


def test_a_pack_that_ends_the_worker_is_named_and_left_out_until_it_changes(
    install_pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    install_pack("ends", ENDS.format(how="os._exit(7)"))
    install_pack("whole", ENDS.format(how=""))
    for times in range(2):
        heard: queue.Queue[Reply] = queue.Queue()
        engine = LocalEngine(heard.put, limits=NOTHING)
        try:
            engine.start()
            found = ready(heard)
        finally:
            engine.close()
        assert [sentence for sentence in found.troubles if "'ends'" in sentence], times
        assert "until it changes" in found.troubles[0]
        assert {"whole.x", "nodes.sample"} <= found.catalogue.nodes.keys()
    source = tmp_path / "site-ends" / "ends.py"
    source.write_text(ENDS.format(how=""))
    os.utime(source, (1, 1))
    assert "ends.x" in load_packs().catalogue.nodes


LATER = """
import os, threading

def end():
    while "imported" not in globals():
        pass
    os._exit(7)

thread = threading.Thread(target=end)
thread.start()
start_worker = thread.join  # so that the worker is not up before
imported = True
"""


@pytest.mark.parametrize("code", [LATER, "import os\n\ndef start_worker():\n    os._exit(7)\n"])
def test_a_pack_that_ends_the_worker_after_its_import_is_left_out_too(
    install_pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    install_pack("later", code)
    heard: queue.Queue[Reply] = queue.Queue()
    engine = LocalEngine(heard.put, limits=NOTHING)
    try:
        engine.start()
        found = ready(heard)
    finally:
        engine.close()
    assert "'later' does not load: importing it ended the engine" in found.troubles[0]
    assert "nodes.sample" in found.catalogue.nodes


def test_a_pack_that_changes_a_library_keeps_no_node_of_ours_from_loading(install_pack, tmp_path: Path) -> None:
    install_pack("changes", "import json\njson.loads = json.dumps = json.load = lambda *a, **b: 1 / 0\n")
    code = "from nodeflow.engine.worker.packs import load_packs; assert 'nodes.numbers' in load_packs().catalogue.nodes"
    path = os.pathsep.join([str(Path.cwd()), str(tmp_path / "site-changes")])
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, check=True)


HANGS = """
import time
from pathlib import Path
while not Path({free!r}).exists():
    time.sleep(0.05)
"""


def test_a_pack_that_hangs_is_named_a_job_can_be_cancelled_and_is_left_out_once_stopped_twice(
    install_pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    install_pack("hangs", HANGS.format(free=str(tmp_path / "free")))
    for _ in range(2):
        heard: queue.Queue[Reply] = queue.Queue()
        engine = LocalEngine(heard.put, limits=NOTHING)
        try:
            job = engine.submit(RunRequest(b"{}", str(tmp_path), str(tmp_path)))
            named = until(heard, Importing)
            engine.cancel(job)
            ended = until(heard, JobEvent)
        finally:
            engine.close()
        assert (named.pack, ended.job) == ("hangs", job)
        assert isinstance(ended.event, RunFinished) and ended.event.state == "cancelled"
    packs = load_packs()
    assert (
        "'hangs' does not load: importing it ended the engine, or went on until it was stopped" in packs.errors["hangs"]
    )


def test_a_job_that_was_cancelled_before_the_worker_was_up_says_nothing_of_the_next(
    install_pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    install_pack("hangs", HANGS.format(free=str(tmp_path / "free")))
    heard: queue.Queue[Reply] = queue.Queue()
    engine = LocalEngine(heard.put, limits=NOTHING)
    try:
        wanted = dumps(Workflow({"one": Node("nodes.numbers")}))
        jobs = [engine.submit(RunRequest(wanted, str(tmp_path), str(tmp_path))) for _ in range(2)]
        engine.cancel(jobs[0])
        (tmp_path / "free").touch()
        told = []
        while not told or told[-1].job == jobs[0] or not isinstance(told[-1].event, RunFinished):
            told.append(until(heard, JobEvent))
    finally:
        engine.close()
    assert [type(one.event) for one in told if one.job == jobs[0]] == [RunFinished]
    assert told[-1].event.state == "done" and engine.pid == 0


def marked(name: str) -> importlib.metadata.EntryPoint:
    return importlib.metadata.EntryPoint(name, name, "nodeflow.nodes")


DIES = """
import importlib.metadata, os, sys
from pathlib import Path
from nodeflow.engine.worker.pack_markers import PackMarkers
markers = PackMarkers(Path(sys.argv[1]))
for name in sys.argv[2:]:
    entry = importlib.metadata.EntryPoint(name.rstrip("+"), name.rstrip("+"), "nodeflow.nodes")
    markers.begin(entry)
    if name.endswith("+"):
        markers.imported(entry)
os._exit(7)
"""


@pytest.mark.parametrize(
    ("began", "blamed"), [(("one+", "two"), {"two"}), (("one+", "two+"), {"one", "two"}), ((), set())]
)
def test_a_death_is_blamed_on_the_pack_that_was_being_imported(
    tmp_path: Path, began: tuple[str, ...], blamed: set[str]
) -> None:
    for _ in range(2):
        subprocess.run([sys.executable, "-c", DIES, str(tmp_path), *began], cwd=Path.cwd(), check=False)
    found = PackMarkers(tmp_path)
    assert {name for name in ("one", "two") if found.ended_processes(marked(name))} == blamed


def test_a_marker_is_whole_at_any_moment_at_which_its_pack_may_end_the_process(tmp_path: Path) -> None:
    markers, entry = PackMarkers(tmp_path), marked("pack")
    markers.begin(entry)
    with (tmp_path / "pack.json").open("rb") as before:
        markers.imported(entry)
        assert b'"imported":false' in before.read()
    assert [path.name for path in tmp_path.iterdir()] == ["pack.json"]
    assert b'"imported":true' in (tmp_path / "pack.json").read_bytes()


@pytest.mark.parametrize(
    "how",
    [
        "os.chdir('/')",
        "sys.setrecursionlimit(100)",
        "os.umask(0o777)",
        "__import__('signal').alarm(1)",
    ],
)
def test_what_a_pack_sets_for_the_whole_process_is_set_back(install_pack, how: str) -> None:
    before = (Path.cwd(), sys.getrecursionlimit(), os.umask(0o022))
    os.umask(before[2])
    install_pack("sets", ENDS.format(how=how))
    packs = load_packs()
    after = (Path.cwd(), sys.getrecursionlimit(), os.umask(0o022))
    os.umask(after[2])
    assert before == after
    assert signal.alarm(0) == 0
    assert {"nodes.sample", "sets.x"} <= packs.catalogue.nodes.keys()


def test_the_command_line_asks_packs_in_a_worker_only(install_pack, tmp_path: Path) -> None:
    install_pack("tells", ENDS.format(how="print(os.getpid(), file=open(os.environ['WHO'], 'w'))"))
    site, who = str(tmp_path / "site-tells"), tmp_path / "who"
    path = os.pathsep.join([site, *filter(None, [os.environ.get("PYTHONPATH", str(Path.cwd()))])])
    environment = os.environ | {"PYTHONPATH": path, "WHO": str(who)}
    code = "import os, sys; from nodeflow.cli.main import main; print(os.getpid(), flush=True); main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "nodes"], env=environment, capture_output=True, text=True, check=True
    )
    assert "tells.x" in done.stdout
    assert who.read_text().strip() != done.stdout.splitlines()[0]


WHOLE = "from nodeflow.node import node\n\n@node('X')\ndef x(value: int = 1) -> int:\n    return value\n\n"
SILENT = "class Silent(Exception):\n    def __str__(self):\n        raise self\n\nraise Silent"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        *(
            (f"raise {name}", f"it raises {name} without a word")
            for name in ("StopIteration", "MemoryError", "Warning")
        ),
        ("raise RecursionError('a\\nb')", "does not load: a"),
        ("raise BaseExceptionGroup('many', [KeyboardInterrupt()])", r"it ends the program \(BaseExceptionGroup\)"),
        ("raise ValueError('a' * 5000)", "does not load: a{200}…$"),
        (SILENT, "it raises Silent without a word"),
        ("raise OSError('\\udc80')", r"does not load: \?$"),
        ("HEAVY = {'forge': (1,)}", "Expected `str`"),
        ("ROLES = {'role': 3}", "not iterable"),
        ("FORMS = 3", "its FORMS are no views"),
        ("ROOMS = ('absent',)", "absent"),
        ("start_worker = 3", "its start_worker is no function"),
        ("x.__nodeflow_spec__ = __import__('nodes.samplers.sample', fromlist=['']).sample.__nodeflow_spec__", ""),
    ],
)
def test_whatever_a_pack_raises_or_declares_costs_that_pack_alone(install_pack, more: str, says: str) -> None:
    """A pack is taken in whole or not at all, with one sentence; names of others' nodes are not its own."""
    install_pack("odd", WHOLE + more)
    install_pack("whole", WHOLE)
    packs = load_packs()
    assert {"whole.x", "nodes.sample"} <= packs.catalogue.nodes.keys()
    assert packs.functions["nodes.sample"].__module__.startswith("nodes.")
    if says:
        assert re.search(says, packs.errors["odd"])
        assert "\n" not in packs.errors["odd"]
        assert "odd.x" not in packs.catalogue.nodes
        assert "odd" not in packs.catalogue.packs


@pytest.mark.parametrize("how", ["raise KeyboardInterrupt", "raise SystemExit(1)", "raise GeneratorExit", SILENT])
def test_a_pack_that_ends_the_program_when_it_starts_does_not(install_pack, how: str) -> None:
    body = "\n".join(f"    {line}" for line in how.splitlines())
    install_pack("ends", f"def start_worker():\n{body}\n")
    packs = load_packs()
    packs.start()
    assert "the node pack 'ends' does not start: it" in packs.errors["ends"]


@pytest.mark.parametrize(
    "entries",
    [b"\xff\xfe\x00", b"[nodeflow.nodes]\nfoo", b"[nodeflow.nodes]\nodd = 1 2 (\n", b"[nodeflow.nodes]\nodd =\n"],
)
def test_a_damaged_installation_costs_itself(install_pack, tmp_path: Path, entries: bytes) -> None:
    install_pack("odd", WHOLE)
    install_pack("whole", WHOLE)
    (tmp_path / "site-odd" / "odd-1.5.dist-info" / "entry_points.txt").write_bytes(entries)
    packs = load_packs()
    assert {"whole.x", "nodes.sample"} <= packs.catalogue.nodes.keys()
    assert any("odd" in sentence for sentence in packs.errors.values())
