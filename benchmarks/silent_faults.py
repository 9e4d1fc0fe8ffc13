"""Looks whether a file of weights with a fault is refused, or read as what it was: anything else is silently wrong."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from benchmarks.true_layouts import Layout, Weights, layouts
from benchmarks.weight_faults import Fault, a_fault, difference, held
from nodeflow.node import NodeError


class SilentlyWrong(AssertionError):  # noqa: N818 - it is what is looked for
    """A file was taken, and what was made of it is nothing that the file may mean."""


def faulty_files(chance: random.Random, below: Path) -> Iterator[Callable[[], object]]:
    """Files in the true layouts of the field, each with a fault, given to the node that takes them."""
    known = {name: _Judge(name, layout, below / "given") for name, layout in layouts(below / "layouts").items()}
    while True:
        judge = known[chance.choice(list(known))]
        yield partial(judge.judge, a_fault(chance, judge.weights()))


class _Judge:
    """One model, with what is held once it is loaded as it should be."""

    def __init__(self, name: str, layout: Layout, at: Path) -> None:
        self._name, self._layout, self._at = name, layout, at
        self._known = {name: one.shape[-1:] for name, one in self.weights().items()}
        self._wanted: dict[str, Any] | None = None

    def weights(self) -> Weights:
        """What its file holds; read anew, since there are many such."""
        return self._layout.weights()

    def judge(self, fault: Fault) -> None:
        """Raise NodeError where the file is refused, SilentlyWrong where it is taken as something else."""
        wrong = self._difference(fault)
        if wrong:
            raise SilentlyWrong(f"{self._name}, {fault.name}: {wrong}")

    def _difference(self, fault: Fault) -> str:
        if self._wanted is None and not self._layout.refused:
            self._wanted = self._read(self.weights())
        found = self._read(fault.weights, fault.metadata)
        if self._wanted is None:
            return "no node is to take it"
        wrong = difference(found, self._wanted)
        if not wrong:
            return ""
        reads = [*fault.read_as, *([fault.weights] if self._layout.any_length and self._is_part(fault.weights) else [])]
        return "" if any(self._is_read_as(one, found) for one in reads) else wrong

    def _is_part(self, weights: Weights) -> bool:
        """Return whether a file has none but known tensors, each with rows of the known length."""
        return all(
            name in self._known and one.shape[-1:] == self._known[name] and one.ndim in (1, 2)
            and one.is_floating_point()
            for name, one in weights.items()
        )  # fmt: skip

    def _is_read_as(self, weights: Weights, found: dict[str, Any]) -> bool:
        try:
            return not difference(found, self._read(weights))
        except NodeError:
            return False

    def _read(self, weights: Weights, metadata: Any = None) -> dict[str, Any]:
        shutil.rmtree(self._at, ignore_errors=True)
        self._at.mkdir(parents=True)
        path = self._at / self._layout.path.name
        if self._layout.file:
            shutil.copytree(self._layout.path, path, copy_function=os.symlink)
        file = path / self._layout.file if self._layout.file else path
        file.unlink(missing_ok=True)
        save_file({name: one.contiguous().clone() for name, one in weights.items()}, file, metadata or None)
        return held(self._layout.load(path))
