"""Names of files with values in them: ``{date}``, ``{seed}``, ``{guidance.scale}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from nodeflow.node import NodeError
from nodeflow.text_forms import FIXED_GAPS, GAP, UNSEEN

_FORBIDDEN = re.compile(r"[/\\:*?\"<>|\x00-\x1f]")
MAX_VALUE = 60
"""Characters that a value takes up in a name."""


def filled(template: str, size: tuple[int, int], seeds: str, workflow: str, now: datetime | None = None) -> str:
    """Return a name with its gaps filled: what is fixed (date, time, the first seed in force, width and height), or a
    parameter of the workflow as ``node.parameter``. ``size`` is width and height; ``seeds`` and ``workflow`` are JSON.

    Raises NodeError for a gap that nothing fills.
    """
    if "{" not in template:
        return template
    now = now or datetime.now()
    known: dict[str, Any] = {
        "date": f"{now:%Y-%m-%d}",
        "time": f"{now:%H-%M-%S}",
        "width": size[0],
        "height": size[1],
        **_parameters(workflow),
    }
    in_force = _json(seeds)
    known |= in_force
    if in_force:
        known["seed"] = next(iter(in_force.values()))

    def fill(gap: re.Match[str]) -> str:
        name = gap[1].strip()
        if name not in known:
            raise NodeError(
                f"{name!r} between braces in the name stands for nothing; write {', '.join(FIXED_GAPS)}, or a "
                "parameter that is set in the workflow, such as guidance.scale"
            )
        value = known[name]
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        return UNSEEN.sub("-", _FORBIDDEN.sub("-", text))[:MAX_VALUE].strip(" .") or "-"

    return GAP.sub(fill, template)


def _parameters(workflow: str) -> dict[str, Any]:
    nodes = _json(workflow).get("nodes", {})
    return {
        f"{name}.{param}": value
        for name, node in (nodes.items() if isinstance(nodes, Mapping) else ())
        for param, value in node.get("params", {}).items()
    }


def _json(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any]) if text else {}
    except msgspec.DecodeError:
        return {}
