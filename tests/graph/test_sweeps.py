"""Sweeps as people type them."""

from __future__ import annotations

import pytest
from toys import PACK, wire

from nodeflow.graph.model.workflow import Problem, WorkflowError
from nodeflow.graph.validate.sweeps import Sweep, faults, parse

WORKFLOW = wire(
    {
        "add": ("add", {}, {"box": "source"}),
        "source": ("source",),
        "length": ("length",),
        "sheet": ("sheet",),
        "switch": ("switch",),
    }
)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("add.amount=1,2, 3", (1, 2, 3)),
        ("add.amount=-1", (-1,)),
        ("add.amount=1..4", (1, 2, 3, 4)),
        ("add.amount=3..1", (3, 2, 1)),
        ("add.amount=7,10..30/3", (7, 10, 20, 30)),
        ("sheet.seconds=0..1/5", (0, 0.25, 0.5, 0.75, 1)),
        ("sheet.seconds=0.1..0.3/3", (0.1, 0.2, 0.3)),
        ("sheet.seconds=1..2/1", (1,)),
        ('length.text=a fish,"a star, red"', ("a fish", "a star, red")),
        ('length.text="",x', ("", "x")),
        ("length.text=1..3", ("1..3",)),
        ("switch.second_one=yes,false", (True, False)),
    ],
)
def test_a_sweep_is_read(text: str, values: tuple[object, ...]) -> None:
    sweep = parse(text, WORKFLOW, PACK.catalogue)
    assert sweep.values == values
    assert sweep.axis == text.partition("=")[0]
    assert faults([sweep], WORKFLOW, PACK.catalogue) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("add.amount", "write NODE.PARAM=a,b,c"),
        ("add.amount=", "write NODE.PARAM=a,b,c"),
        ("add=1,2", "write NODE.PARAM"),
        ("ad.amount=1", "did you mean 'add'?"),
        ("add.amont=1", "did you mean 'amount'?"),
        ("sheet.seconds=0..1", "write 0..1/5 for five numbers"),
        ("add.amount=1..100000", "1 to 10,000"),
        ("sheet.seconds=0.." + "9" * 400 + "/2", "too large"),
        ("sheet.seconds=0..1/" + "9" * 5000, "too large"),
        ("length.text=" + "x" * 200_000, "no list of values"),
    ],
)
def test_what_is_no_sweep_is_said_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        parse(text, WORKFLOW, PACK.catalogue)
    assert words in str(caught.value)


def test_every_wrong_value_is_said() -> None:
    sweep = parse("source.value=one,2,3000", WORKFLOW, PACK.catalogue)
    assert sweep == Sweep("source", "value", ("one", 2, 3000))
    assert faults([sweep], WORKFLOW, PACK.catalogue) == [
        Problem("source", "value", "'one' is not a whole number from -1000 to 1000"),
        Problem("source", "value", "3000 is not a whole number from -1000 to 1000"),
    ]


def test_more_values_than_a_run_may_have_are_not_looked_at_one_by_one() -> None:
    given = ",".join(map(str, range(20_000)))
    with pytest.raises(WorkflowError, match="is swept over 20,000 values, and 10,000 is the most"):
        parse(f"add.amount={given}", WORKFLOW, PACK.catalogue)


@pytest.mark.parametrize(
    ("given", "words"), [("a\nb", "it has a line break"), ("x" * 200_000, "one of them is too long")]
)
def test_what_csv_does_not_read_is_told_in_our_words(given: str, words: str) -> None:
    with pytest.raises(WorkflowError, match=words):
        parse(f"length.text={given}", WORKFLOW, PACK.catalogue)
