"""Networks made of what their weights tell: one sentence where some are missing, or of shapes that none has."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodes.loaders.read.accounting import check_scales
from nodes.loaders.read.folder_files import named

ODD = ArithmeticError, AssertionError, AttributeError, LookupError, NameError, RuntimeError, TypeError, ValueError
"""What arithmetic with odd shapes raises, in our code and in the libraries' networks."""
STRICT = "huggingface_hub.errors"
"""Where the errors are of that transformers' configurations raise of numbers that do not go together."""
UNFITTING = re.compile(
    r'Missing key\(s\) in state_dict: "(?P<lost>[^"]*)"|Unexpected key\(s\) in state_dict: "(?P<more>[^"]*)"'
    r"|size mismatch for (?P<odd>[\w.]+)"
)
"""How torch names the first weight that does not fit a network."""


def unfitting(shown: str, what: str, error: Exception) -> NodeError | None:
    """Return what to say of weights that torch could not give to a network; None where it says something else."""
    told = UNFITTING.search(str(error))
    if told is None:
        return None
    if told["lost"]:
        return NodeError(f"{shown} ({what}) lacks {told['lost']}; it was saved in part, or is of another kind")
    if told["more"]:
        return NodeError(_without_a_place(shown, told["more"]))
    return NodeError(f"{shown}: its {told['odd']} is of another shape than the rest says; it is no {what}, or broken")


def _without_a_place(shown: str, name: str) -> str:
    return (
        f"{shown} holds {name}, which the network that this node makes of it has no place for; it is another kind of "
        "model, which no node here loads yet"
    )


BEFORE_FIRST = re.compile(r"\.-\d+(\.|$)")
"""A number below zero among a weight's names, by which a library's rules look for it where a network has no levels."""


def _is_within(word: str, name: str) -> bool:
    """Return whether a word that a library's converter does not know is one of a name's."""
    return "." not in word and word in name.split(".")[:-1]


class WatchedWeights(dict[str, Any]):
    """Weights by name that remember which of them was asked for last, while shapes are told from them."""

    last = ""

    def __getitem__(self, name: str) -> Any:
        self.last = name
        return super().__getitem__(name)


@contextmanager
def made_of(path: Path, what: str, names: Collection[str] = (), looked: Callable[[], str] = str) -> Iterator[None]:
    """Within this, shapes are told from a file's weights, and a network is made with them. Raises NodeError, which
    says what the file was read as and what it lacks, or which of its ``names`` is a scale that nobody reads;
    ``looked`` says which weight a shape is being told from."""
    try:
        yield
    except KeyError as error:
        check_scales(named(path), names, names)
        lost = error.args[0] if error.args else "a weight"
        if strange := next((name for name in sorted(names) if _is_within(str(lost), name)), ""):
            raise NodeError(_without_a_place(named(path), strange)) from None
        if BEFORE_FIRST.search(str(lost)) and names:
            raise NodeError(
                f"{named(path)} holds {min(names)}, and no weight under the names of a {what}; it is of another kind"
            ) from None
        raise NodeError(f"{named(path)} ({what}) lacks {lost}; it was saved in part, or is of another kind") from None
    except MemoryError:
        raise
    except Exception as error:
        strict = type(error).__module__ == STRICT
        if not (strict or isinstance(error, ODD)):
            raise
        check_scales(named(path), names, names)
        if told := unfitting(named(path), what, error):
            raise told from None
        if not (strict or isinstance(error, ArithmeticError)) and (odd := looked()):
            raise NodeError(
                f"{named(path)} ({what}) has the weight {odd} in a shape that none has; it is broken, or of another "
                "kind"
            ) from None
        raise NodeError(
            f"{named(path)} ({what}) has weights of shapes that none has; they are broken, or it is of another kind"
        ) from None
