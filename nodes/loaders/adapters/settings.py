"""Settings an adapter was trained with, as peft's adapter_config.json or the header of diffusers' file says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nodeflow.node import NodeError

METADATA = "lora_adapter_metadata"
"""Where diffusers writes it in a file's header."""
NETWORKS = ("unet", "transformer")
"""Diffusers' names of the part that denoises."""
CHANGES_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga")
"""Ways of peft to begin a training that change the model's own weights too."""
MAX_TERMS = 32
SIMPLE = re.compile(r"(?:(?:\.|\\[dw])[*+]?|\\[.-]|[\w^$()|-]){0,200}")
"""Patterns without repeated groups, which take no longer than the names that they are held against."""
MAX_REPEATS = 2


@dataclass(frozen=True)
class OFTSettings:
    """Hold how the rotations are made: by so many ``terms`` of a series (None: exactly), with blocks no longer than
    ``limit``; whether those of convolutions turn the other way."""

    terms: int | None = 5
    limit: float | None = None
    transposed_kernels: bool = False


@dataclass(frozen=True)
class AdapterSettings:
    """Strengths for layers without an alpha in the file; without ``alpha`` all are 1.

    ``decomposed``: they are those of DoRAs.
    """

    alpha: float | None = None
    rank: float | None = None
    root: bool = False
    decomposed: bool = False
    alphas: Mapping[str, float] = field(default_factory=dict)
    ranks: Mapping[str, float] = field(default_factory=dict)
    oft: OFTSettings | None = None

    def scale(self, path: str, rank: int | None) -> float:
        """alpha / rank of a layer, or alpha / sqrt(rank) (Kalajdzievski 2023, arXiv:2312.03732); its own rank where
        the factors do not tell it."""
        if self.alpha is None:
            return 1.0
        own = _of_layer(self.alphas, path)
        alpha = self.alpha if own is None else own
        ranks = float(rank or self.rank_of(path) or 1)
        return alpha / (ranks**0.5 if self.root else ranks)

    def rank_of(self, path: str) -> float | None:
        """Return the rank that a layer's factors must have; None where nothing says it."""
        own = _of_layer(self.ranks, path)
        return self.rank if own is None else own


def of_config(found: Mapping[str, Any], named: str) -> AdapterSettings:
    """Those of an adapter_config.json. Raises NodeError for what makes no sense, or needs more than a file says."""
    begins = found.get("init_lora_weights")
    if isinstance(begins, str) and begins.startswith(CHANGES_BASE):
        raise NodeError(
            f"{named} says that the model's own weights were changed too ({begins}); convert it to a plain LoRA with "
            "peft (path_initial_model_for_weight_conversion)"
        )
    alpha = found.get("lora_alpha", found.get("alpha"))
    terms = found.get("num_cayley_neumann_terms", 5)
    if not isinstance(terms, int) or not 0 < terms <= MAX_TERMS:
        raise NodeError(f"{named} has no lawful num_cayley_neumann_terms; save the adapter again")
    return AdapterSettings(
        None if alpha is None else _number(alpha, "lora_alpha", named),
        _number(found["r"], "r", named) if found.get("r") else None,
        bool(found.get("use_rslora")),
        bool(found.get("use_dora")),
        _pattern(found.get("alpha_pattern"), "alpha_pattern", named),
        _pattern(found.get("rank_pattern"), "rank_pattern", named),
        OFTSettings(
            terms if found.get("use_cayley_neumann", False) else None,
            _number(found.get("eps", 6e-5), "eps", named) if found.get("coft") else None,
        ),
    )


def of_header(metadata: Mapping[str, str], component: str, named: str) -> AdapterSettings:
    """Those of diffusers' header for one part of a model, or for a file's only network where none is named.

    Raises NodeError where it cannot be read.
    """
    if METADATA not in metadata:
        return AdapterSettings()
    where = f"the header of {named}"
    try:
        found = json.loads(metadata[METADATA])
    except (ValueError, RecursionError):
        raise NodeError(f"{where} holds settings ({METADATA}) that are no JSON; save the adapter again") from None
    if not isinstance(found, dict):
        raise NodeError(f"{where} holds settings ({METADATA}) that are not what diffusers saves; save it again")
    for part in (f"{one}." for one in ((component,) if component else NETWORKS)):
        if own := {name.removeprefix(part): value for name, value in found.items() if name.startswith(part)}:
            return of_config(own, where)
    return of_config({name: value for name, value in found.items() if "." not in name}, where)


def _number(value: Any, name: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e30 or not value > 0:
        raise NodeError(f"{where} has no number above 0 at {name}; save the adapter again")
    return float(value)


def _pattern(value: Any, name: str, where: str) -> dict[str, float]:
    if not value:
        return {}
    if not isinstance(value, dict):
        raise NodeError(f"{where} has no table at {name}; save the adapter again")
    for key in value:
        if not SIMPLE.fullmatch(key) or len(re.findall(r"[*+]", key)) > MAX_REPEATS or not _compiles(key):
            raise NodeError(f"{where} has a pattern at {name} that is not read here: {key[:60]}; name layers instead")
    return {key: _number(number, name, where) for key, number in value.items()}


def _compiles(key: str) -> bool:
    try:
        re.compile(key)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _of_layer(pattern: Mapping[str, float], path: str) -> float | None:
    """The number of the first key that ends a layer's name, as peft looks it up."""
    for key, number in pattern.items():
        whole = key[1:] if key.startswith("^") else rf"(?:.*\.)?(?:{key})"
        if re.fullmatch(whole, path):
            return number
    return None
