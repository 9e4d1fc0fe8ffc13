"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def pytest_configure() -> None:
    """Without Qt's system libraries half of the tests would fail, each with a riddle: say it once."""
    from nodeflow.system import missing_libraries

    if sentence := missing_libraries():
        pytest.exit(sentence, returncode=2)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tests have a cache folder of their own, also in the processes that they start."""
    os.environ["NODEFLOW_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def bench(tmp_path: Path):
    from toys import Bench

    return Bench(tmp_path)
