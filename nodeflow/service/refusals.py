"""Refusals in the form in which ComfyUI tells errors, so that its clients show them."""

from __future__ import annotations

from typing import Any

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a node: a word for programs, a sentence for people, and where."""

    type: str
    message: str
    details: str = ""
    extra_info: dict[str, Any] = {}


class NodeFaults(msgspec.Struct, frozen=True):
    """All that is wrong with a node, and its class."""

    errors: list[Fault]
    class_type: str
    dependent_outputs: list[str] = []


class RequestRefusedError(Exception):
    """A request that is not fulfilled: its status, what is wrong, and with which nodes."""

    def __init__(self, status: int, fault: Fault, nodes: dict[str, NodeFaults] | None = None) -> None:
        super().__init__(fault.message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": msgspec.to_builtins(fault),
            "node_errors": msgspec.to_builtins(nodes or {}),
        }


def refused(status: int, type: str, sentence: str) -> RequestRefusedError:
    """Return a refusal with one sentence."""
    return RequestRefusedError(status, Fault(type, sentence))
