"""Node packs are found by their entry point; a broken one costs itself only."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from pathlib import Path

import pytest

from nodeflow.engine.client.client import LocalEngine
from nodeflow.engine.protocol.events import Reply, WorkerReady
from nodeflow.engine.protocol.limits import NOTHING
from nodeflow.engine.worker.packs import load_packs

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


def ready(heard: queue.Queue[Reply]) -> WorkerReady:
    while True:
        reply = heard.get(timeout=120)
        if isinstance(reply, WorkerReady):
            return reply


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
