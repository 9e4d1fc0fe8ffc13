"""Models that a run names as this machine has them: the fingerprint of each, and which are missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nodeflow.engine.planning.fingerprint import Fingerprints
from nodeflow.library.missing import NamedModel, missing_models, reason
from nodeflow.library.named import AmbiguousNameError, library_path
from nodeflow.node import NodeError
from nodeflow.resources import STARTER, locate


def fingerprints(names: Sequence[str], base: Path, known: Fingerprints) -> tuple[dict[str, str], list[str]]:
    """Return fingerprints by name, and a sentence for each model that is not here. Those that ship are left out."""
    found: dict[str, str] = {}
    missing: list[str] = []
    for name in names:
        if name.startswith(STARTER):
            continue
        try:
            if (path := locate(name, base) or library_path(name)) is not None:
                found[name] = known.of(path)
            else:
                missing += map(reason, missing_models([NamedModel("", "", "", name)], lambda _: [], base))
        except (AmbiguousNameError, NodeError, OSError) as error:
            missing.append(f"the model {name} cannot be read: {error}")
    return found, missing
