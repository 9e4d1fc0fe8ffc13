"""One quantised layer of a file: its weight, what stands beside it, and what the file says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.quantised.encoded import EncodedTensor


class WeightFile(Protocol):
    """Tensors by name, read when they are asked for."""

    @property
    def names(self) -> frozenset[str]: ...

    def tensor(self, name: str) -> Tensor:
        """Return one of them."""
        ...


class StoredLayer:
    """A weight and the keys beside it. It keeps which of them were read, so that none is left out unseen."""

    def __init__(self, file: WeightFile, key: str, settings: Mapping[str, Any]) -> None:
        self.key = key
        """The name of the weight itself."""
        self.settings = settings
        """What the file says of the layer; empty where it says nothing."""
        self.weight = file.tensor(key)
        self.read = {key}
        self._file = file
        self._name = key.removesuffix(".weight") if key != "weight" else ""

    def names(self, part: str) -> list[str]:
        """Return what a part beside the weight may be called, and is."""
        found = (f"{self._name}.{part}".lstrip("."), f"{self.key}.{part}")
        return [name for name in found if name in self._file.names]

    def has(self, part: str) -> bool:
        return bool(self.names(part))

    def take(self, part: str) -> Tensor:
        """Return a part that stands beside the weight. Raises NodeError where it is missing."""
        names = self.names(part)
        if not names:
            raise self.wrong(f"lacks {part}")
        self.read.add(names[0])
        return self._file.tensor(names[0])

    def drop(self, *parts: str) -> None:
        """Count parts as read that are not needed here: scales of activations, hints for speed."""
        for part in parts:
            self.read.update(self.names(part))

    def setting(self, name: str, otherwise: Any) -> Any:
        """Return a setting, which may stand among ``params`` too."""
        params = self.settings.get("params")
        inside = params.get(name, otherwise) if isinstance(params, Mapping) else otherwise
        return self.settings.get(name, inside)

    def whole(self, name: str, otherwise: int) -> int:
        """Return a setting that is a positive whole number. Raises NodeError for others."""
        found = self.setting(name, otherwise)
        if isinstance(found, bool) or not isinstance(found, int) or found < 1:
            raise self.wrong(f"has {name} {str(found)[:40]}, which is no size")
        return found

    def wrong(self, what: str) -> NodeError:
        """Return the error for a layer that is not as its format says; ``what`` continues "the layer ...\""""
        return NodeError(f"the quantised layer {self.key} {what}")

    def expect(self, part: str, tensor: Tensor, *shapes: tuple[int, ...]) -> Tensor:
        """Return a part. Raises NodeError where it has none of the shapes."""
        if tuple(tensor.shape) not in shapes:
            raise self.wrong(f"has {part} of the shape {_shown(tensor.shape)} and not {_shown(shapes[0])}")
        return tensor


def _shown(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "one number"


class Format(NamedTuple):
    """A way to store a layer.

    ``names`` are what files call it in their settings. ``fits`` tells, from dtypes and neighbours, a layer that
    nothing is said of; ``read`` makes a weight of it, or raises NodeError where it is not as the format says.
    """

    names: tuple[str, ...]
    read: Callable[[StoredLayer], EncodedTensor]
    fits: Callable[[StoredLayer], bool] = lambda layer: False
