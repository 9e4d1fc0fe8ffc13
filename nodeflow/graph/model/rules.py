"""What a node asks of several of its parameters together, as data: told when a workflow is checked, and by its run."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

import msgspec

from nodeflow.arithmetic import ArithmeticFault, evaluate, names_in


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """``Rule("end >= start", "the interval ends at {end}, before it starts at {start}; make end the larger one")``.

    ``holds`` is arithmetic over parameters (`nodeflow.arithmetic`) that is true of what the node takes; a text counts
    as the number of its letters, and 0 is true of nothing, for values that never go together. ``otherwise`` says, with
    values in its gaps, what is wrong and what to do. The rule counts only ``where`` these choices are among these. It
    is told at the parameter ``at``; empty: at the first that ``holds`` names.
    """

    holds: str
    otherwise: str
    where: dict[str, tuple[str, ...]] = {}
    at: str = ""

    @property
    def about(self) -> tuple[str, ...]:
        """The names of the parameters that it looks at."""
        gaps = [name for _, name, _, _ in Formatter().parse(self.otherwise) if name]
        return tuple(dict.fromkeys([*names_in(self.holds), *self.where, *gaps]))

    @property
    def place(self) -> str:
        """The parameter at which it is told."""
        return self.at or names_in(self.holds)[0]

    def fault(self, values: Mapping[str, object]) -> str:
        """Return what is wrong with the values of the parameters that it is about; empty where nothing is."""
        if any(values[name] not in wanted for name, wanted in self.where.items()):
            return ""
        numbers = {name: _counted(values[name]) for name in names_in(self.holds)}
        try:
            kept = bool(evaluate(self.holds, numbers))
        except ArithmeticFault:
            kept = False
        return "" if kept else self.otherwise.format(**{name: _written(values[name]) for name in self.about})


def _counted(value: object) -> float:
    return value if isinstance(value, (int, float)) else len(str(value).strip())


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
