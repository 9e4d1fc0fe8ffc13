"""Expression: what wires bring, worked out; and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.values.expression import expression


def test_a_result_comes_as_a_number_a_whole_one_and_a_choice() -> None:
    assert expression("a * b / 4", a=5, b=3) == (3.75, 3, True)
    assert expression("-a / 2", a=5) == (-2.5, -2, True)
    assert expression("a > 7 and c", a=5, c=True) == (0.0, 0, False)
    assert expression("a + 1", a=2**53).whole_number == 2**53 + 1
    assert expression("max(values) - sum(values)", b=2, h=3.5) == (-2.0, -2, True)
    assert expression("e", e=2).number == 2


@pytest.mark.parametrize(
    ("text", "wired", "why"),
    [
        ("a + b", {"a": 1}, "there is no b here, but a, values"),
        ("a /", {"a": 1}, "'a /' cannot be worked out: it is not written as arithmetic; change it"),
        ("a * 2", {"a": 2**63 - 1}, "beyond 64 bits"),
        ("a", {"a": "7"}, "what is wired to a is a text and no number"),
        ("a", {"a": float("nan")}, "what is wired to a is nan"),
        ("a", {"a": Image(torch.zeros(1, 3, 2, 2))}, "what is wired to a is of the kind Image and no number"),
    ],
)
def test_what_cannot_be_worked_out_is_refused(text: str, wired: dict[str, Any], why: str) -> None:
    with pytest.raises(NodeError, match=why.replace("+", r"\+")):
        expression(text, **wired)
