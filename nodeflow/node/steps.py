"""What a streaming node yields, and where it keeps what its steps left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec


class Step(msgspec.Struct, frozen=True):
    """Hold what a streaming node yields after each step: progress is shown, a cancel takes effect.

    ``value`` may be a wire value to look at meanwhile (the estimate of the image so far).
    """

    index: int
    total: int
    value: Any = None


class KeptSteps(NamedTuple):
    """Steps of an earlier run that are those of this run too: what each of them made, and the state after the last."""

    made: tuple[Any, ...] = ()
    state: Any = None


class Steps:
    """Hold where a streaming node keeps what each of its steps left behind, so that a later run goes on from there.

    This one keeps nothing, for a node that is called as a plain function; the engine supplies one that does::

        kept = steps.resume(start, [in force at step 0, in force at step 1, ...])
        for index in range(len(kept.made), total):
            ...
            steps.keep(state, made)
            yield Step(...)
    """

    @property
    def keeps(self) -> bool:
        """Whether anything is kept; where nothing is, a state need not be made."""
        return False

    def resume(self, start: object, steps: Sequence[object]) -> KeptSteps:
        """The longest run of steps that is known: same start, and the same in force at each of them.

        ``start`` is all that determines the run beside ``steps``, which has for every step what is in force there.
        """
        return KeptSteps()

    def keep(self, state: object, made: object) -> None:
        """Keep a step: the state after it, which is all that the next one needs, and what it made. Neither changes
        afterwards. Both are plain values, tensors, and tuples, lists and dicts of those.
        """
