"""Nodes that too little is wired to: ComfyUI lets them lie, and here they stand switched off until they are wired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from nodeflow.graph.io.comfyui.prompt import PromptNode
from nodes.comfyui.builder import Builder
from nodes.comfyui.given import Given
from nodes.comfyui.meanings import (
    FAULTS,
    ImportedClip,
    ImportedConditioning,
    ImportedControlNet,
    ImportedLatent,
    Model,
    NotWiredError,
    Wire,
)
from nodes.comfyui.registry import Translator

NOTHING = Wire("?", "?")
"""Stands for what is not wired, while a node is translated; no node has this name."""
MEANT: dict[str, Any] = {
    "model": Model(NOTHING, NOTHING, guessed=True),
    "clip_vision": NOTHING,
    "clip": ImportedClip(NOTHING),
    "positive": ImportedConditioning(NOTHING),
    "negative": ImportedConditioning(NOTHING),
    "conditioning": ImportedConditioning(NOTHING),
    "samples": ImportedLatent(NOTHING),
    "latent": ImportedLatent(NOTHING),
    "control_net": ImportedControlNet(NOTHING),
}
"""What inputs of ComfyUI's nodes mean, by how their names begin; all others are wires."""
MOST_UNWIRED = 8
"""Inputs of one node."""
MOST_NAMED = 8


class SpareNodes:
    """Translates them as if something were wired to them, and takes that away in the end."""

    def __init__(self, build: Builder) -> None:
        self._build = build
        self._found: dict[str, PromptNode] = {}
        self._why: dict[str, str] = {}

    def translated(
        self, node: PromptNode, translator: Translator, given: Callable[[PromptNode], Given], error: NotWiredError
    ) -> Any:
        """What a node means whose input has no wire. Raises what its translator does where that is not all."""
        mark, lacking, fault = self._build.begin(node.id), dict[str, Any](), error
        for _ in range(MOST_UNWIRED):
            lacking[fault.input] = next((MEANT[name] for name in MEANT if fault.input.startswith(name)), NOTHING)
            filled = given(node)
            filled.inputs |= lacking
            try:
                found = translator(filled, self._build)
            except NotWiredError as other:
                self._build.undo(mark)
                fault = other
                continue
            except FAULTS:
                self._build.undo(mark)
                break
            self._found[node.id], self._why[node.id] = node, str(error)
            return found
        raise error

    def why(self, id: str) -> str:
        """What a node lacks; empty for one that lacks nothing."""
        return self._why.get(id, "")

    def switch_off(self) -> None:
        """Take what stood for wires away, and switch off the nodes that lack one."""
        workflow = self._build.workflow
        for socket in [socket for socket, link in workflow.links.items() if link.source == NOTHING.node]:
            del workflow.links[socket]
            workflow.nodes[socket.node] = replace(workflow.nodes[socket.node], mode="mute")

    def told(self) -> list[str]:
        """Say which nodes these are."""
        if not self._found:
            return []
        named = ", ".join(f"{node.id} ({node.type})" for node in list(self._found.values())[:MOST_NAMED])
        more = ", ..." if len(self._found) > MOST_NAMED else ""
        return [f"nodes that lack a wire do not run in ComfyUI; they stand here switched off: {named}{more}"]
