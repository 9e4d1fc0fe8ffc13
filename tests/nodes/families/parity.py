"""How far each family is from its library's own pipeline, in numbers that a table is made of:

export NODEFLOW_PARITY=/tmp/parity.json
python -m pytest -m "not nightly" tests/nodes/families tests/nodes/test_{flow,language_led}.py
python -m tests.nodes.families.parity /tmp/parity.json docs/models.md
"""

import json
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

WITHIN = 1e-4
TABLE = "NODEFLOW_PARITY"
"""Where this environment variable names a file, the measured differences are gathered there."""


def told(family: str, what: str, found: Iterable[Tensor], wanted: Iterable[Tensor]) -> None:
    """Fail where a step's latents differ by more than `WITHIN`, of the larger of 1 and their own size."""
    largest = 0.0
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape
        torch.testing.assert_close(one, other, atol=WITHIN, rtol=WITHIN)
        largest = max(largest, float((one - other).abs().max()))
    if place := os.environ.get(TABLE):
        path = Path(place)
        known = json.loads(path.read_text()) if path.is_file() else {}
        known.setdefault(family, {})[what] = largest
        path.write_text(json.dumps(known, indent=1))


def table(measured: dict[str, dict[str, float]]) -> str:
    """The measured differences as a table of Markdown."""
    rows = [
        f"| {family} | {what} | {largest:.1e} |"
        for family, kinds in sorted(measured.items())
        for what, largest in sorted(kinds.items())
    ]
    return "\n".join(["| family | run | largest difference of any step's latents |", "|---|---|---|", *rows])


def main(source: Path, page: Path) -> None:
    """Put the table between the marks of a page."""
    found = re.compile(r"(<!-- parity -->\n).*?(\n<!-- end of parity -->)", re.DOTALL)
    filled = table(json.loads(source.read_text()))
    page.write_text(found.sub(lambda match: match[1] + filled + match[2], page.read_text()))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
