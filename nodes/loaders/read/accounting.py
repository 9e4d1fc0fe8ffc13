"""Account of a file's weights: each becomes part of a network, or its family lists it as ignorable, or the file is
refused by the name of the first that does neither.

Libraries rename, split and join weights on the way from a file to a network, and drop in silence what they do not know.
So tensors are followed through whatever computes with them, and looked for where they arrive.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from nodeflow.node import NodeError
from nodes.loaders.quantised.encoded import Weight, stored_tensors

Names = frozenset[str]
NONE: Names = frozenset()


class FollowedTensors(TorchFunctionMode):
    """Remember from which weights every tensor comes that is made while this is entered."""

    def __init__(self, weights: Mapping[str, Weight]) -> None:
        super().__init__()
        self._kept: list[Tensor] = []  # so that no other tensor gets the place of one of them
        self._sources: dict[int, Names] = {}
        for name, weight in weights.items():
            self._note(weight, frozenset([name]))

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        sources = NONE.union(*map(self.sources, tree_leaves((args, kwargs))))
        for weight in tree_leaves(made) if sources else ():
            self._note(weight, sources)
        return made

    def sources(self, weight: object) -> Names:
        """The names of the weights that a tensor was made from."""
        return NONE.union(*(self._sources.get(id(tensor), NONE) for tensor in stored_tensors(weight)))

    def _note(self, weight: object, sources: Names) -> None:
        for tensor in stored_tensors(weight):
            self._kept.append(tensor)
            self._sources[id(tensor)] = sources | self._sources.get(id(tensor), NONE)


class RenamedWeights(dict[str, Any]):
    """Weights by a network's own names, which know what they are called in their file."""

    def __init__(self, weights: Mapping[str, Any], followed: FollowedTensors) -> None:
        super().__init__(weights)
        self._followed = followed

    def own(self, name: str) -> str:
        """Return a weight's name in the file: the first, where it was made of several; of one that is missing the name
        that its twin's tells, a bias' of a weight."""
        if name in self:
            return min(self._followed.sources(self[name]), default=name)
        layer, _, end = name.rpartition(".")
        other = "bias" if end == "weight" else "weight"
        twin = min(self._followed.sources(self.get(f"{layer}.{other}")), default="")
        return twin.removesuffix(other) + end if twin.endswith(f".{other}") else name


class FileWeights(dict[str, Any]):
    """The weights that were read of a file, by name, and what becomes of them.

    ``left`` are the names of those that were not read. Enter `followed` around all that renames, splits or joins them.
    """

    def __init__(self, weights: Mapping[str, Weight], left: Iterable[str] = ()) -> None:
        super().__init__(weights)
        self.left = tuple(left)
        self.followed = FollowedTensors(self)
        self._used: set[str] = set()
        self._lost: set[str] = set()
        self._understood: set[str] = set()

    def given(self, module: nn.Module, converted: Mapping[str, Any]) -> RenamedWeights:
        """Return weights by a network's own names, after noting which of the file's it takes. Those for which a
        library's converter found nothing, and put None, are left out: they are missing."""
        wanted = module.state_dict().keys()
        converted = {name: tensor for name, tensor in converted.items() if tensor is not None}
        for name, tensor in converted.items():
            (self._used if name in wanted else self._lost).update(self.followed.sources(tensor))
        return RenamedWeights(converted, self.followed)

    def understood(self, *names: str) -> None:
        """Note names that say something by being there, or that are known to be left out."""
        self._understood.update(names)

    def own(self, name: str, converted: Mapping[str, Any]) -> str:
        """Return what a weight under a network's name is called in the file: the first that it was made of."""
        return min(self.followed.sources(converted.get(name)), default=name)

    def refuse_others(self, path: Path, others: Mapping[str, str]) -> None:
        """Raise NodeError where a pattern of ``others`` is in a name: it says what the file truly is."""
        check_kind(path.name, (*self, *self.left), others)

    def close(self, path: Path, ignorable: Sequence[str]) -> None:
        """Raise NodeError for a weight that no network took; ``ignorable``: patterns that names begin with."""
        whole = self._used - self._lost | self._understood
        unused = [name for name in (*self, *self.left) if name not in whole]
        refuse_unused(path.name, unused, ignorable, {*self, *self.left})


def _is_scale(name: str, names: Container[str]) -> bool:
    """Return whether a name stands beside a weight and says how that is to be read."""
    layer, _, last = name.rpartition(".")
    whole, _, ending = name.rpartition("_")
    beside = (
        f"{layer}.weight",
        layer if last != "weight" else "",
        f"{layer}.{re.split('[_.]', last)[0]}",
        *((whole, f"{whole}.weight") if SCALE.search(ending) else ()),
    )
    return SCALE.search(last) is not None and any(one and one != name and one in names for one in beside)


def check_kind(shown: str, names: Iterable[str], others: Mapping[str, str]) -> None:
    """Raise NodeError where a pattern of ``others`` is in one of the names: it says what a file or folder truly is."""
    known = list(names)
    for pattern, what in others.items():
        if any(map(re.compile(pattern).search, known)):
            raise NodeError(f"{shown} is {what}, which no node here loads yet")


SCALE = re.compile(r"(?i)scal|zero_?point|zeros|absmax|amax|quant|codebook")
"""What is in the last part of a name that says how a weight is stored."""


def check_scales(shown: str, unused: Iterable[str], names: Container[str]) -> None:
    """Raise NodeError for the first of the names, used by nobody, that says how a weight is stored."""
    scale = next((name for name in sorted(unused) if _is_scale(name, names)), None)
    if scale is not None:
        raise NodeError(
            f"{shown} is quantised in a way that is not known here: nothing reads the scale {scale}, without which its "
            "weight is another; take it in half precision, in float8 or as GGUF"
        )


def refuse_unused(shown: str, unused: Iterable[str], ignorable: Sequence[str], names: Container[str] = ()) -> None:
    """Raise NodeError for the first of the names that matches none of the patterns; ``names``: all that there are."""
    known = re.compile("|".join(ignorable) or "(?!)")
    strange = sorted(name for name in unused if not known.match(name))
    check_scales(shown, strange, names)
    if strange:
        more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
        raise NodeError(
            f"{shown} holds {strange[0]}{more}, which the network that this node makes of it has no place for; "
            "it is another kind of model, which no node here loads yet"
        )
