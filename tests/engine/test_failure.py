"""Whatever a node raises is one sentence, without the names of Python's types."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch

from nodeflow.engine.execution.failure import sentence
from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import first_line, read_json

ERRORS = [
    ImportError("cannot import name 'x'"),
    ModuleNotFoundError("No module named 'scipy'", name="scipy.stats"),
    ValueError("too many values"),
    ValueError("a\nb"),
    ValueError("x" * 3000),
    IndexError("list index out of range"),
    KeyError("r"),
    NotImplementedError(),
    NotImplementedError("Not for this dtype"),
    RecursionError("maximum recursion depth exceeded"),
    OverflowError("int too large to convert to float"),
    ZeroDivisionError("division by zero"),
    FileNotFoundError(2, "No such file or directory", "/tmp/x"),
    AttributeError("'NoneType' has no attribute"),
    AssertionError(),
    RuntimeError(""),
    Exception("odd"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("model", ["", "some-model"])
def test_it_is_one_short_sentence(error: Exception, model: str) -> None:
    told = sentence(error, model)
    assert "\n" not in told and len(told) < 320
    assert not re.search(rf"\b{type(error).__name__}\b", told)
    assert "download" not in told or model in told


def test_a_missing_package_is_named() -> None:
    assert sentence(ERRORS[1]) == "it needs the package 'scipy', which is not installed here; install it"
    assert sentence(NodeError("as it is")) == "as it is"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 20_000, "nested too deeply"),
        ("[]", "not what diffusers saves"),
        ('"text"', "not what diffusers saves"),
        ("{", "cannot be read"),
        ('{"in_channels": 1e30}', "a number for in_channels"),
        ('{"in_channels": NaN}', "a number for in_channels"),
        ('{"deep": [{"inner": -Infinity}]}', "a number for deep"),
        ('{"deep": {"inner": ' + "9" * 400 + "}}", "a number for deep.inner"),
        ('{"r": ' + "9" * 5000 + "}", "cannot be read"),
    ],
)
def test_odd_configurations_are_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(NodeError, match=words) as caught:
        read_json(tmp_path / "config.json", "")
    assert len(str(caught.value)) < 300


def test_what_tokenizers_say_for_no_limit_is_lawful(tmp_path: Path) -> None:
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": int(1e30), "rate": 1e-30}))
    assert read_json(tmp_path / "tokenizer_config.json", "")["model_max_length"] == int(1e30)


def test_a_reason_of_a_library_is_whole_or_left_out() -> None:
    assert first_line(ValueError("This is it.\nAnd more")) == "This is it"
    assert "x" * 100 not in first_line(ValueError("x" * 3000))
    assert first_line(ValueError()) == "the library that reads it gives no reason in a sentence"


@pytest.mark.parametrize("shapes", [((2, 3), (4, 5)), ((2, 3), (2, 5))])
def test_tensors_of_different_models_are_told_as_such(shapes: tuple[tuple[int, int], tuple[int, int]]) -> None:
    one, other = (torch.ones(shape) for shape in shapes)
    with pytest.raises(RuntimeError) as caught:
        _ = one @ other if shapes[0][0] != shapes[1][0] else one + other
    told = sentence(caught.value)
    assert told.startswith("what is wired to it does not fit together (")
    assert told.endswith("; wire network, text encoder and VAE of one model")
