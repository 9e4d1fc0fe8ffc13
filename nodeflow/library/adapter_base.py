"""For which family of models a LoRA was made: told from its layers' names and sizes, in any trainer's spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nodeflow.library.headers import Header
from nodeflow.library.rules import AdapterRule, RuleBook

TAKES = (
    ".lora_down.weight", ".lora_A.weight", ".lora.down.weight", ".lora_A", ".hada_w1_b",
    "_lora.down.weight", ".lora_linear_layer.down.weight",
)  # fmt: skip
GIVES = (
    ".lora_up.weight", ".lora_B.weight", ".lora.up.weight", ".lora_B", ".hada_w1_a",
    "_lora.up.weight", ".lora_linear_layer.up.weight",
)  # fmt: skip
"""Ends of names of the factor that takes a layer's input (its columns are those of the layer), and that gives."""
NAMED = re.compile(r"(\.lora_[AB]|\.lora_magnitude_vector)\.(?!(?:weight|bias)$)([^.]+)(\.(?:weight|bias)|)$")
"""How peft's keys end before it saves them: with the adapter's name inside, ``default`` where none was given."""
BASES = "ss_base_model_version", "modelspec.architecture", "modelspec.title"
"""Where trainers say what they trained."""


def family_of(header: Header, rules: RuleBook) -> tuple[str, AdapterRule] | None:
    """The family, and the rule that tells it; None where nothing tells."""
    layers = _Layers(header)
    found = [
        (rule, family.name) for family in rules.families for rule in family.adapters if layers.fit(rule)
    ]  # the one that asks for most tells most
    if not found:
        return None
    rule, family = max(found, key=lambda one: (one[0].prefer, _marks(one[0]), one[1]))
    return rule.family or family, rule


def _marks(rule: AdapterRule) -> int:
    return len(rule.has) + bool(rule.any) + 100 * (len(rule.columns) + len(rule.rows) + bool(rule.base))


class _Layers:
    """The names of a file's layers, flattened, and the sizes of their factors."""

    def __init__(self, header: Header) -> None:
        self._text = "\n".join(name.replace(".", "_") for name in header.sorted_names)
        self._columns = dict(_sizes(header, TAKES, 1))
        self._rows = dict(_sizes(header, GIVES, 0))
        self._base = " ".join(header.metadata.get(name, "") for name in BASES).lower()

    def fit(self, rule: AdapterRule) -> bool:
        if rule.base and not any(one.lower() in self._base for one in rule.base):
            return False
        return (
            all(one in self._text for one in rule.has)
            and (not rule.any or any(one in self._text for one in rule.any))
            and not any(one in self._text for one in rule.lacks)
            and all(_first(self._columns, part) in wanted for part, wanted in rule.columns.items())
            and all(_first(self._rows, part) in wanted for part, wanted in rule.rows.items())
        )


def _sizes(header: Header, ends: tuple[str, ...], axis: int) -> Iterable[tuple[str, int]]:
    for name in header.sorted_names:
        shape, name = header.tensors[name].shape, NAMED.sub(r"\1\3", name)
        if name.endswith(ends) and len(shape) > axis:
            yield name.replace(".", "_"), shape[axis]


def _first(sizes: dict[str, int], part: str) -> int:
    return next((size for name, size in sizes.items() if part in name), -1)
