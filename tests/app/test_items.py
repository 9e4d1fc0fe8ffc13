"""Tests of what a person sees of a node that runs once for each item of a list."""

from __future__ import annotations

import pytest

from nodeflow.app.model.run_state import RunStates
from nodeflow.app.model.run_state_text import state_line
from nodeflow.engine.protocol import events as tell
from nodeflow.reports.time_left import TimeLeft

SHOWN = (tell.Summary("image", "Image", "1 x 3 x 8 x 8", 1),)


def begun(count: int = 4) -> RunStates:
    states = RunStates()
    states.take(tell.RunStarted(("texts", "decode")))
    states.take(tell.ListKnown("texts", tuple("abcd"[:count])))
    states.take(tell.NodeFinished("texts", "ran"))
    assert states.take(tell.NodeMapped("decode", ("texts",), count)) == ("decode",)
    return states


def finish(states: RunStates, item: int, state: str = "ran") -> None:
    states.take(tell.NodeStarted("decode", "first run", item=(item,)))
    states.take(tell.NodeFinished("decode", state, 1.5, values=SHOWN, item=(item,)))  # type: ignore[arg-type]


def test_a_node_is_done_when_all_its_items_are() -> None:
    states = begun()
    assert states.of("decode").phase == "queued"
    for item in range(3):
        finish(states, item)
    state = states.of("decode")
    assert (state.phase, state.done, state.items) == ("running", 3, 4)
    assert state_line(state) == "3 of 4 done"
    assert state.share == pytest.approx(0.75)
    finish(states, 3, "cached")
    state = states.of("decode")
    assert (state.phase, state.seconds) == ("ran", 6)
    assert state.values[0].pictures == 4, "the images of all items can be looked at"
    assert states.share == 1


def test_a_failed_item_is_named_and_the_node_has_failed_in_the_end() -> None:
    states = begun(2)
    states.take(tell.NodeFailed("decode", "there is no room", item=(1,)))
    assert states.of("decode").phase == "running"
    finish(states, 0)
    assert states.of("decode").phase == "failed"
    assert states.of("decode").error == "texts 'b': there is no room"


def test_steps_of_an_item_are_parts_of_the_node() -> None:
    states = begun(2)
    finish(states, 0)
    states.take(tell.NodeProgress("decode", 5, 10, 3.0, b"png", (1,)))
    assert states.of("decode").share == pytest.approx(0.75)
    assert states.of("decode").preview == b"png"


def test_items_that_were_not_looked_at_are_known() -> None:
    states = begun()
    finish(states, 0)
    assert states.take(tell.NodesKept(("decode",))) == ("decode",)
    assert states.of("decode").phase == "ran"
    states = begun()
    states.take(tell.NodesKept(("decode",)))
    assert states.of("decode").phase == "cached"


def test_pictures_are_not_fetched_after_every_one_of_many_items() -> None:
    states = begun(4)
    states.take(tell.NodeMapped("decode", ("texts",), 100))
    looks = []
    for item in range(100):
        states.take(tell.NodeFinished("decode", "ran", item=(item,)))
        if states.of("decode").worth_a_look:
            looks.append(item + 1)
    assert looks == [1, 2, 4, 8, 16, 32, 64, 100]


def test_the_time_left_counts_the_items_to_come() -> None:
    left = TimeLeft()
    left.take(tell.RunStarted(("sampler",)))
    left.take(tell.NodeMapped("sampler", ("noise.seed",), 3))
    left.take(tell.NodeProgress("sampler", 5, 10, 2.0, item=(0,)))
    assert left.seconds == pytest.approx(2 + 2 * 4)
    left.take(tell.NodeFinished("sampler", "ran", item=(0,)))
    left.take(tell.NodeProgress("sampler", 5, 10, 2.0, item=(1,)))
    assert left.seconds == pytest.approx(2 + 4)
    left.take(tell.NodeFinished("sampler", "ran", item=(1,)))
    left.take(tell.NodeFinished("sampler", "ran", item=(2,)))
    assert left.seconds == 0


def test_a_note_on_a_result_is_shown_and_goes_with_it() -> None:
    states = RunStates()
    states.take(tell.NodeFinished("prompt", "ran", notes=("the text is cut",)))
    assert states.of("prompt").notes == ("the text is cut",)
    states.take(tell.NodesKept(("prompt",), ("",), {"prompt": ("the text is cut",)}))
    assert states.of("prompt").notes == ("the text is cut",)
    states.take(tell.NodeFinished("prompt", "ran"))
    assert states.of("prompt").notes == ()
