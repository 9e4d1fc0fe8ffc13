"""The names of a form on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import nodeflow
from PIL import Image

from nodeflow.graph.io.files import save
from nodeflow.graph.model.form import Form, FormField
from nodeflow.graph.model.workflow import Node, Workflow

FIELDS = (
    FormField("image", "path", "photo", "The photograph"),
    FormField("size", "width", "width", "Width", minimum=8, maximum=64),
    FormField("size", "method", "method"),
    FormField("gone", "text", "gone"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    nodes = {
        "image": Node("nodes.load_image", 3),
        "size": Node("nodes.resize_image", None, {"width": 32, "height": 24}),
    }
    save(Workflow(nodes=nodes, form=Form("Small ones", FIELDS)), tmp_path / "small.json")
    return tmp_path / "small.json"


def test_help_of_a_file_speaks_the_names_of_its_form(file: Path) -> None:
    done = nodeflow("run", file, "--help")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "Form of small.json (Small ones)" in told
    assert "width Width · a whole number from 8 to 64 (now 32)" in told
    assert "gone shows a value of 'gone', which is not in this workflow" in told
    assert "Form of" not in nodeflow("run", "--help").stdout
    assert "cannot read" in nodeflow("run", file.parent / "no.json", "--help").stdout
    assert "It has none" in nodeflow("run", _without(file), "--help").stdout


def _without(file: Path) -> Path:
    save(Workflow(), file.with_name("plain.json"))
    return file.with_name("plain.json")


def test_a_wrong_name_and_wrong_values_are_refused_in_a_sentence_each(file: Path) -> None:
    said = nodeflow("run", file, "--form", "heigth=3", "--form", "width=99", "--form", "photo=no.png", "--dry")
    assert said.returncode == 2
    lines = said.stderr.splitlines()
    assert lines == [
        "nodeflow: form.heigth: is no field of this form; its fields are photo, width, method, gone",
        "nodeflow: form.width: 99 is not a whole number from 8 to 64",
        "nodeflow: form.photo: names no file that is there: 'no.png'",
    ]


def test_an_image_is_sought_where_the_person_stands(file: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Image.new("RGB", (16, 16), "red").save(elsewhere / "me.png")
    asked = ("run", file, "--form", "photo=me.png", "--form", "width=16", "--target", "image", "--output", tmp_path)
    assert nodeflow(*asked, cwd=elsewhere).returncode == 0
