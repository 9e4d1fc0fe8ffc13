"""Values that no program can keep are refused in a sentence, wherever they come from."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.workflow import Problem
from nodeflow.resources import locate

SEVERAL = ("euler", *map(str, range(13)))
PATHS = Param("path", "path", "", reads=True)
FOLDER = Param("folder", "path", "", writes=True)


@pytest.mark.parametrize(
    ("param", "value", "words"),
    [
        (Param("n", "int", 0), 2**63, "a number of 19 digits is beyond 64 bits"),
        (Param("n", "int", 0), -(2**63) - 1, "beyond 64 bits"),
        pytest.param(Param("n", "int", 0), 10**5000, "digits is beyond 64 bits", id="long"),
        pytest.param(Param("n", "int", 0, maximum=9, minimum=0), 10**5000, "not a whole number from 0 to 9", id="out"),
        (Param("n", "float", 0.0), math.nan, "is nan, which is no finite number"),
        (Param("n", "float", 0.0), -math.inf, "is -inf, which is no finite number"),
        (Param("n", "float", 0.0), 10**400, "beyond 64 bits"),
        (Param("n", "float", 0.0, minimum=0.0), math.nan, "not a number of at least 0"),
        (Param("n", "str", ""), "a\ud800b", "holds half a character"),
        (PATHS, "a\0b", "NUL"),
        (PATHS, "https://example.org/cat.png", "is an address, from which nothing is fetched"),
        (Param("model", "str", "", widget="model", reads=True), "FILE:///x.safetensors", "is an address"),
        (PATHS, "~nobody/picture.png", "starts with ~ and a name"),
        (Param("model", "str", "", widget="model", reads=True), "~nobody", "starts with ~ and a name"),
        (PATHS, "\udcff.png", "holds half a character"),
        (FOLDER, "../up", "leads out of the output folder"),
        (FOLDER, "a/../..", "leads out of the output folder"),
        (FOLDER, "a\\..\\..\\b", "leads out of the output folder"),
        (Param("c", "choice", "a", choices=("a",)), "x" * 10_000, "is not one of a"),
        (Param("c", "choice", "euler", choices=SEVERAL), "oiler", "none of the 14 choices; the nearest is euler"),
        (Param("c", "choice", "euler", choices=SEVERAL), "q" * 300, "is not one of euler, 0"),
    ],
)
def test_what_cannot_be_kept_is_said(param: Param, value: object, words: str) -> None:
    fault = param.fault(value)
    assert words in fault
    assert len(fault) < 200
    fault.encode()


@pytest.mark.parametrize(
    ("param", "value"),
    [
        (Param("n", "int", 0), 2**63 - 1),
        (Param("n", "float", 0.0), 2**53),
        (Param("n", "float", 0.0), 1.7e308),
        (Param("s", "str", ""), "~nobody \N{GRINNING FACE} \0"),
        (PATHS, "~/a.png"),
        (PATHS, "~"),
        (PATHS, "a~b"),
        (PATHS, "../up.png"),
        (FOLDER, "{date}/../b"),
        (FOLDER, "/output/of/the/run"),
    ],
)
def test_what_can_be_kept_is_good(param: Param, value: object) -> None:
    assert param.fault(value) == ""


@pytest.mark.parametrize("reference", ["a\0b", "~nobody-of-that-name", "x" * 5000, ""])
def test_what_is_no_path_leads_nowhere(reference: str, tmp_path: Path) -> None:
    assert locate(reference, tmp_path) is None


def test_what_is_said_can_be_read_on_every_terminal() -> None:
    assert str(Problem("a\0\x1b[2J", "", "is wrong")) == r"a\x00\x1b[2J: is wrong"
    told = str(Problem("a", "", f"cannot read {'x' * 5000}/y.json: no such file"))
    assert told.startswith("a: cannot read xxx")
    assert told.endswith("xxx/y.json: no such file")
    assert len(told) < 300
