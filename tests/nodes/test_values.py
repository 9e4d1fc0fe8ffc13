"""Single values, sizes, switches and texts as nodes."""

from __future__ import annotations

import pytest
import torch

from nodeflow.node import Lazy, NodeError
from nodeflow.wires import Image
from nodes.values import plain_values as values
from nodes.values.text_editing import join_texts, random_choices, replace_in_text


class Known(Lazy[str]):
    """A wire whose value is there; it tells whether it was asked for."""

    def __init__(self, value: str) -> None:
        self.value, self.asked = value, False

    def get(self) -> str:
        self.asked = True
        return self.value


def test_a_switch_asks_for_the_wire_that_is_chosen_alone() -> None:
    off, on = Known("off"), Known("on")
    assert values.switch(False, off, on) == "off"
    assert (off.asked, on.asked) == (True, False)
    assert values.switch(True, Known("off"), on) == "on"
    with pytest.raises(NodeError, match="nothing is wired to when_on"):
        values.switch(True, off, None)


def test_plain_values_are_passed_on() -> None:
    assert values.text("a cat") == "a cat"
    assert values.number(1.5) == 1.5
    assert values.whole_number(2**53 - 1) == 2**53 - 1
    assert values.yes_or_no(True) is True


def test_sizes_come_from_images_and_ratios() -> None:
    assert values.image_size(Image(torch.zeros(2, 3, 8, 12))) == (12, 8, 2)
    assert values.size_from_ratio(1, 1, 1.0, 8) == (1024, 1024, 1)
    assert values.size_from_ratio(16, 9, 1.0, 8) == (1368, 768, 1)
    assert values.size_from_ratio(1, 10_000, 0.01, 64) == (64, 10240, 1)


def test_texts_are_joined_and_changed() -> None:
    assert join_texts("a cat", "", "oil") == "a cat, oil"
    assert join_texts("a", "b", separator="\\n") == "a\nb"
    assert replace_in_text("a cat, a Cat", "cat", "dog") == "a dog, a Cat"
    assert replace_in_text("same", "", "x") == "same"
    with pytest.raises(NodeError, match="million"):
        replace_in_text("a" * 2000, "a", "b" * 2000)
    with pytest.raises(NodeError, match="million"):
        join_texts("a" * 600_000, "b" * 600_000)


def test_choices_are_drawn_by_their_seed() -> None:
    text = "a {red|{light|dark} blue|} cat // kept\n// left out\n/* and\nthis */\\{so\\}"
    drawn = {random_choices(text, seed) for seed in range(60)}
    assert drawn == {f"a {word} cat // kept\n{{so}}" for word in ("red", "light blue", "dark blue", "")}
    assert random_choices(text, 7) == random_choices(text, 7)
    weighted = [random_choices("{9::red|blue}", seed) for seed in range(200)]
    assert 150 < weighted.count("red") < 200
    with pytest.raises(NodeError, match="nested"):
        random_choices("{" * 200 + "a" + "}" * 200)


def _draws(text: str, seeds: int = 60) -> set[str]:
    return {random_choices(text, seed) for seed in range(seeds)}


def test_several_choices_are_taken_once_each() -> None:
    assert _draws("{2$$a|b|c}") == {"a, b", "b, a", "a, c", "c, a", "b, c", "c, b"}
    assert _draws("{2$$ and $$a|b}") == {"a and b", "b and a"}
    assert _draws("{1-2$$a|b}") == _draws("{-2$$a|b}") == {"a", "b", "a, b", "b, a"}
    assert _draws("{2-$$a|b}") == _draws("{5$$a|b}") == {"a, b", "b, a"}
    assert _draws("{2$$ {a|b} |c}") == {"a, c", "c, a", "b, c", "c, b"}
    assert _draws("{0$$a|b}") == {""}
    assert [random_choices("{2$$9::a|b|c}", seed).startswith("a") for seed in range(200)].count(True) > 140
    assert _draws("{5$|$$}") == {"5$", "$$"}  # no number of choices
