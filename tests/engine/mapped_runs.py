"""Workflows whose nodes run once for each item, and what came of them."""

from __future__ import annotations

from typing import Any

from toy_bench import Bench
from toys import wire

from nodeflow.graph.model.workflow import Workflow


def mapped(text: str, **more: tuple[Any, ...]) -> Workflow:
    """Words to weighed boxes."""
    return wire({"words": ("words", {"text": text}), "weigh": ("weigh", {}, {"text": "words.values"}), **more})


def weights(bench: Bench, node: str = "weigh") -> list[int]:
    return [box.value for box in bench.value(node)]
