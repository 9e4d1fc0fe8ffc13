"""``nodeflow new-node``: what it writes is a node that runs and a test that passes, and nothing is written over."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nodeflow.cli.new_node import write_node
from nodeflow.resources import folder

ROOT = folder("workflows").parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in small: the rooms of the built-in pack, without what stands in them."""
    for path in ROOT.glob("nodes/*/__init__.py"):
        (tmp_path / "nodes" / path.parent.name).mkdir(parents=True)
        (tmp_path / "nodes" / path.parent.name / "__init__.py").write_text("")
    (tmp_path / "nodes" / "__init__.py").write_text("")
    (tmp_path / "nodes" / "translations").mkdir()
    (tmp_path / "nodes" / "translations" / "zh_CN.json").write_text('{\n "amount": "数量"\n}\n')
    (tmp_path / "tests" / "nodes").mkdir(parents=True)
    return tmp_path


def test_what_it_writes_runs_and_passes(checkout: Path) -> None:
    node, test, words = write_node("soft_light", "images", checkout)
    assert json.loads(words.read_text()) == {
        "amount": "数量",
        "Soft light": "",
        "Return images with each value multiplied by an amount.": "",
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={checkout}", str(test)],
        cwd=checkout,
        env={"PYTHONPATH": f"{checkout}{os.pathsep}{ROOT}", "PATH": "", "HOME": str(checkout)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert node == checkout / "nodes" / "images" / "soft_light.py"


@pytest.mark.parametrize(
    ("name", "room", "sentence"),
    [
        ("Soft Light", "images", "is no name for a node"),
        ("class", "images", "is no name for a node"),
        ("../x", "images", "is no name for a node"),
        ("soft_light", "kitchen", "there is no room 'kitchen' in nodes; the rooms are"),
    ],
)
def test_a_name_or_a_room_that_cannot_be_is_refused(checkout: Path, name: str, room: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        list(write_node(name, room, checkout))
    assert list((checkout / "tests" / "nodes").iterdir()) == []


def test_nothing_is_written_over(checkout: Path) -> None:
    list(write_node("soft_light", "images", checkout))
    with pytest.raises(ValueError, match="is there already"):
        list(write_node("soft_light", "images", checkout))


def test_elsewhere_it_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no checkout of nodeflow"):
        list(write_node("soft_light", "images", tmp_path))
