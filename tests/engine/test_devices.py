"""Rules of choosing a device and of its memory, for kinds of which none is here."""

import pytest

from nodeflow.engine.memory.accelerators import Accelerator, CardMemory
from nodeflow.engine.memory.device import MIN_HEADROOM, budget, choose, host_has_bfloat16, room

GIB = 2**30


def card(there: bool, usable: int = 10 * GIB, total: int = 16 * GIB) -> Accelerator:
    return Accelerator(lambda: there, lambda: CardMemory(usable, total), lambda: "a card")


def test_the_first_kind_that_is_there_computes_in_half_precision() -> None:
    kinds = {"cuda": card(False), "xpu": card(True), "mps": card(True)}
    assert choose("auto", kinds) == ("xpu", "float16")
    assert choose("mps", kinds) == ("mps", "float16")
    assert choose("cpu", kinds) == ("cpu", "float32")
    assert choose("auto", {"mps": card(False)}) == ("cpu", "float32")
    assert choose("auto", kinds, "fast") == ("xpu", "float16")
    assert choose("cpu", kinds, "fast") == ("cpu", "bfloat16" if host_has_bfloat16() else "float32")
    with pytest.raises(ValueError, match="there is no CUDA device here; choose --device cpu"):
        choose("cuda", kinds)
    with pytest.raises(ValueError, match="'tpu' is no device; choose auto, cpu, cuda, xpu, mps"):
        choose("tpu", kinds)


def test_so_much_of_a_card_is_left_to_others() -> None:
    kinds = {"xpu": card(True), "mps": card(True, 4 * GIB, 4 * GIB)}
    assert room("cpu", 3 * GIB, kinds) is None
    assert room("xpu", 0, kinds) == 10 * GIB - 16 * GIB // 20
    assert room("mps", 0, kinds) == 4 * GIB - MIN_HEADROOM
    assert room("xpu", 3 * GIB, kinds) == 7 * GIB
    assert room("mps", 6 * GIB, kinds) == 0
    assert budget(GIB, 4 * GIB, kinds) == {"cpu": GIB, "xpu": 6 * GIB}
    assert budget(0, 0, kinds) == {}
