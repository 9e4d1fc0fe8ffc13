"""A file of weights that may hold several parts of a model, taken apart by the beginnings of their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from nodeflow.library.rules import rule_book
from nodes.loaders.quantised.encoded import Weight
from nodes.loaders.quantised.open_file import open_weights
from nodes.loaders.read.accounting import FileWeights, refuse_unused
from nodes.loaders.read.training_leftovers import AVERAGES, BUFFERS

NETWORK = "model.diffusion_model.", "diffusion_model.", "transformer.", "net."
"""What stands before a network's names, in files that hold more and in some that do not."""
WRAPPERS = "module.", "net.", "transformer.", "unet."
"""What some programs put before every name of a file that holds one network."""
MODEL = "model."
"""What some put before a denoising network's, and transformers before a language model's own."""
BESIDE = (BUFFERS, AVERAGES)
"""What training leaves beside the weights."""


class WeightsFile:
    """One file, opened once; each part of it is taken by whom it concerns, and the rest is accounted for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._weights = open_weights(path)
        self._parts = rule_book().parts
        self._taken: set[str] = set()

    @classmethod
    def of_shapes(cls, path: Path) -> WeightsFile:
        """The same without its numbers, where it is not quantised."""
        file = cls(path)
        file._weights = {
            name: one.to("meta") if isinstance(one, Tensor) else one for name, one in file._weights.items()
        }
        return file

    @property
    def weights(self) -> Mapping[str, Weight]:
        """All weights, by the names that they have in the file."""
        return self._weights

    def network(self, marks: Sequence[str] = ()) -> FileWeights:
        """The denoising network: what stands behind its prefix, or all that belongs to no other part, but for ``marks``
        of how it was trained."""
        others = tuple(beginning for beginnings in self._parts.values() for beginning in beginnings)
        own = [name for name in self._weights if name not in marks and not name.startswith(others)]
        prefix = next((one for one in NETWORK if self._begins(one)), _wrapper(own, *WRAPPERS, MODEL))
        names = self._weights if prefix in NETWORK else own
        return self._part([name for name in names if name.startswith(prefix) and name not in marks], prefix)

    def called(self, names: Iterable[str]) -> FileWeights:
        """Those of these weights that it has, which belong to no part."""
        return self._part([name for name in names if name in self._weights], "")

    def part(self, name: str) -> FileWeights | None:
        """A part by its name in ``parts.toml``; None where the file has none."""
        prefix = next((one for one in self._parts.get(name, ()) if self._begins(one)), None)
        if prefix is None:
            return None
        return self._part([one for one in self._weights if one.startswith(prefix)], prefix)

    def alone(self, *more: str) -> FileWeights:
        """The whole file, which holds one part alone, without what stands before every name; ``more``: what may stand
        there besides, before the names of such a part."""
        return self._part(list(self._weights), _wrapper(self._weights, *rule_book().wrappers, *WRAPPERS, *more))

    def holds(self, name: str) -> bool:
        """Return whether it has a part of this name."""
        return any(self._begins(one) for one in self._parts.get(name, ()))

    def close(self, *unread: str) -> None:
        """Raise NodeError for a weight that belongs to no part of any model; ``unread``: beginnings of names of the
        network, where that was not asked for."""
        known = (*unread, *(beginning for beginnings in self._parts.values() for beginning in beginnings))
        left = (name for name in self._weights if name not in self._taken and not name.startswith(known))
        refuse_unused(self.path.name, left, BESIDE, self._weights)

    def _part(self, names: Iterable[str], prefix: str) -> FileWeights:
        self._taken.update(names)
        return FileWeights({name.removeprefix(prefix): self._weights[name] for name in names})

    def _begins(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self._weights)


def _wrapper(names: Iterable[str], *known: str) -> str:
    """Which of these stands before every name."""
    listed = list(names)
    return next((one for one in known if all(name.startswith(one) for name in listed)), "")
