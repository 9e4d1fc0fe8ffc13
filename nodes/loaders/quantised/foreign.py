"""Formats that are known by name alone: nobody here could compare their numbers, so they are refused by it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from nodeflow.node import NodeError


class ForeignFormat(NamedTuple):
    """A way to quantise that is not read here, and by what its keys are told."""

    name: str
    keys: re.Pattern[str]


FOREIGN = (
    ForeignFormat("SVDQuant (comfy-kitchen)", re.compile(r"\.weight_(proj_down|proj_up|smooth_factor)$")),
    ForeignFormat(
        "nunchaku (SVDQuant in the order of its kernels)", re.compile(r"\.(wscales|wtscale|wcscales|wzeros)$")
    ),
    ForeignFormat("GPTQ or AWQ", re.compile(r"\.(qzeros|g_idx)$")),
    ForeignFormat("float8 in blocks with inverse scales", re.compile(r"\.weight_scale_inv$")),
    ForeignFormat("compressed-tensors", re.compile(r"\.weight_(packed|shape|zero_point|global_scale)$")),
    ForeignFormat("quanto", re.compile(r"\.weight\._(data|scale|shift)$|\.weight_qtype$")),
    ForeignFormat("torchao", re.compile(r":_weight_(qdata|scale|zero_point)$|\.weight:(qdata|scale)$")),
    ForeignFormat("a format with packed weights in int32", re.compile(r"\.qweight$")),
)
"""By keys; the surer marks first."""


def check_foreign(names: Iterable[str], metadata: Mapping[str, str]) -> None:
    """Raise NodeError, by the format's name, for a file that is quantised in a way that is not read here."""
    if any("torchao" in name.lower() or "torchao" in metadata[name].lower() for name in metadata):
        raise _refused("torchao", "its metadata")
    listed = sorted(names)
    for foreign in FOREIGN:
        found = next((name for name in listed if foreign.keys.search(name)), None)
        if found is not None:
            raise _refused(foreign.name, found)


def _refused(name: str, mark: str) -> NodeError:
    return NodeError(
        f"it is quantised as {name} (by {mark}), which is not read here; take it in half precision, in float8, "
        "in one of ComfyUI's formats or as GGUF"
    )
