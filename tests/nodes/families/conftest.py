"""Tiny models that many tests of families read, each saved once in a session. None of these tests changes them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.nodes.families.split_files import Split, split

Save = Callable[[Path], Any]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Save], Path]:
    """The folder that a function saves."""

    @cache
    def folder(save: Save) -> Path:
        torch.manual_seed(0)
        save(path := tmp_path_factory.mktemp("folder") / "model")
        return path

    return folder


@pytest.fixture(scope="session")
def splits(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Split]:
    """A family's model as folder, split files and, where the field has such, one file."""
    return cache(lambda name: split(name, tmp_path_factory.mktemp(name.replace(" ", "-").replace(".", "-"))))
