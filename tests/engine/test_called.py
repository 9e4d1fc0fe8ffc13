"""How a node is called that takes any number of wires behind other inputs."""

from typing import Any

import pytest

from nodeflow.engine.execution.arguments import called


def taking(first: Any, second: Any = "none", *more: Any, named: Any = 0) -> tuple[Any, ...]:
    return first, second, more, named


@pytest.mark.parametrize(
    ("wires", "given", "wanted"),
    [
        ([], {"first": 1, "named": 2}, (1, "none", (), 2)),
        ([3], {"first": 1, "named": 2}, (1, "none", (3,), 2)),
        ([3, 4], {"named": 2, "second": 5, "first": 1}, (1, 5, (3, 4), 2)),
    ],
)
def test_what_stands_before_them_keeps_its_place(wires: list[Any], given: dict[str, Any], wanted: Any) -> None:
    kept = dict(given)
    assert called(taking, wires, given) == wanted
    assert given == kept
