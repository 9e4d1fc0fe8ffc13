"""What became of another program's file: its nodes, the models that it names, and in what else the workflow differs."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["translated", "approximate", "unknown"]
Form = Literal["prompt", "workflow"]
"""The two that an image of ComfyUI's can hold: what made it, and what a person saw."""


class NodeRow(msgspec.Struct, frozen=True):
    """What became of one node, or of one setting: how, the nodes here, and why it is not exact or not there.

    ``pack`` is what brings a missing node, where the file says so. ``lacking`` says why a node would not run there, and
    stands here switched off.
    """

    id: str
    type: str = msgspec.field(name="class")
    status: Status = "translated"
    nodes: list[str] = []
    notes: list[str] = []
    pack: str = ""
    lacking: str = ""


class ModelRow(msgspec.Struct, frozen=True):
    """A model file: what it is called, the folder it belongs in, who names it, whether it is here, its source."""

    file: str
    folder: str = ""
    node: str = ""
    found: bool = False
    path: str = ""
    source: str = ""
    note: str = ""


class ImportReport(msgspec.Struct):
    """What became of a file: each node, the models it names, and in sentences what else differs.

    ``apart`` are the nodes at which the two forms of an image differ, of which ``took`` is the one that was opened.
    """

    nodes: dict[str, int] = {}
    models: list[ModelRow] = []
    differences: list[str] = []
    rows: list[NodeRow] = []
    program: str = "ComfyUI"
    apart: list[str] = []
    took: Form = "prompt"

    def of(self, status: Status) -> list[NodeRow]:
        """Return the rows of one kind, in their order."""
        return [row for row in self.rows if row.status == status]

    @property
    def missing(self) -> list[ModelRow]:
        """The model files that are not here."""
        return [model for model in self.models if not model.found]

    @property
    def runnable(self) -> bool:
        """Whether each node has a counterpart here, and each model file is here."""
        return not self.of("unknown") and not self.missing

    def encode(self) -> bytes:
        """Return it as JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def sentence(self) -> str:
        """Return all of it in one sentence."""
        counts = [len(self.of(status)) for status in ("translated", "approximate", "unknown")]
        return (
            f"{len(self.rows)} nodes: {counts[0]} translated, {counts[1]} not exactly, {counts[2]} without a "
            f"counterpart; {len(self.missing)} of {len(self.models)} model files are not here"
        )


def counted(rows: list[NodeRow]) -> dict[str, int]:
    """Return how many rows there are of each kind, and in all."""
    kinds: tuple[Status, ...] = ("translated", "approximate", "unknown")
    return {"total": len(rows), **{kind: sum(row.status == kind for row in rows) for kind in kinds}}
