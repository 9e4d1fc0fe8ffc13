"""Shared fixtures."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from pathlib import Path

import pytest

# the tests start many processes: each would compile all of nodeflow again where nothing compiled is kept
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# networks are small here: threads that wait for each other cost more than they bring
os.environ.setdefault("OMP_NUM_THREADS", "1")
gc.disable()  # while everything is imported, there is nothing to find

from nodeflow.system import prepare_for_tensors  # noqa: E402

prepare_for_tensors()

import nodes  # noqa: E402
from nodes.lean_imports import COMPILER, UNSEEN  # noqa: E402

UNSEEN["diffusers"] = (COMPILER,)  # beside it diffusers' own adapters are compared with ours, and they need peft
nodes.start_worker()  # what a worker leaves out is not imported by the tests either

from nodeflow.engine.client import worker_process  # noqa: E402

LONG_FILES = Path(__file__).with_name("long_files.txt")
"""The test files that take longest, the longest first: begun late, one would keep everybody waiting at the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Without Qt's system libraries half of the tests would fail, each with a riddle: say it once."""
    from nodeflow.system import missing_libraries

    if sentence := missing_libraries():
        pytest.exit(sentence, returncode=2)
    config.option.loadscopereorder = False  # xdist begins with the files of the most tests


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; the others come in their order."""
    names = LONG_FILES.read_text(encoding="utf-8").split()
    places = {config.rootpath / name: place for place, name in enumerate(names)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """What is imported stays: no search for garbage looks through it."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # tests make many objects that go by themselves
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def warm_workers(own_folders: None) -> None:
    """Workers of the tests come from a server that has imported torch and the pack already and computes nothing."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.set_forkserver_preload(["tests.warm_worker"])
        worker_process.START_METHOD = "forkserver"


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tests have folders of their own for cache and settings, also in the processes that they start."""
    os.environ["NODEFLOW_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    os.environ["NODEFLOW_DATA"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture
def bench(tmp_path: Path):
    from toy_bench import Bench

    return Bench(tmp_path)


ACME = """
from dataclasses import dataclass
from nodeflow.node import node

@dataclass(frozen=True)
class Anvil:
    weight: int

@node("Forge", version=2)
def forge(weight: int = 5) -> Anvil:
    \"\"\"Makes an anvil.\"\"\"
    return Anvil(weight)
"""


@pytest.fixture
def install_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Installs a third-party pack for this test: a module and what pip would write about it."""

    def install(name: str = "acme", code: str = ACME) -> None:
        site = tmp_path / f"site-{name}"
        about = site / f"{name}-1.5.dist-info"
        about.mkdir(parents=True)
        (site / f"{name}.py").write_text(code)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
        (about / "entry_points.txt").write_text(f"[nodeflow.nodes]\n{name} = {name}\n")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return install
