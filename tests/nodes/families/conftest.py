"""Tiny models that many tests of families read, each saved once. None of these tests changes them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.made_once import made_once
from tests.nodes.families.split_files import KINDS, Split, split

Save = Callable[[Path], Any]


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Save], Path]:
    """The folder that a function saves; one that has no name of its own is this process's alone."""

    @cache
    def folder(save: Save) -> Path:
        def make(path: Path) -> None:
            torch.manual_seed(0)
            save(path)

        if (name := getattr(save, "__qualname__", "<")).isidentifier():
            return made_once(tmp_path_factory, f"{save.__module__}.{name}", make)
        make(path := tmp_path_factory.mktemp("folder") / "model")
        return path

    return folder


@pytest.fixture(scope="session")
def splits(tmp_path_factory: pytest.TempPathFactory, folders: Callable[[Save], Path]) -> Callable[[str], Split]:
    """A family's model as folder, split files and, where the field has such, one file."""

    @cache
    def found(name: str) -> Split:
        place, saved = name.replace(" ", "-").replace(".", "-"), folders(KINDS[name].save)
        return Split.of(name, made_once(tmp_path_factory, place, lambda path: split(name, path, saved)))

    return found
