"""A node's run state in a few words, as cards, tooltips and help tell it."""

from __future__ import annotations

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import duration, size, tr
from nodeflow.app.model.run_state import NodeState


def memory_words(mode: str) -> str:
    """How a network lay on the device, in words."""
    words = {
        "blocks": tr("fetched block by block"),
        "leaves": tr("fetched layer by layer"),
        "tiled": tr("computed in tiles"),
    }
    return words.get(mode, mode)


def old_words(state: NodeState) -> str:
    """Why images that are still seen of a node are not what the workflow gives now; empty where they are."""
    if not state.shows_old:
        return ""
    words = {
        "failed": tr("from before: it failed"),
        "skipped": tr("from before: it was skipped"),
        "queued": tr("from before: it waits to run"),
        "running": tr("from before: it runs now"),
    }
    return words.get(state.phase, tr("from before: changed since"))


def state_line(state: NodeState) -> str:
    """A node's state in a few words for its foot; empty when there is nothing to tell."""
    match state.phase:
        case "running" if state.items:
            return tr("{0} of {1} done").format(state.done, state.items)
        case "running" if state.steps:
            line = tr("step {0} of {1}").format(state.step, state.steps)
            if state.seconds_left >= 0.5:
                line += " · " + tr("{0} left").format(duration(state.seconds_left))
            return line
        case "running":
            return tr("running")
        case "queued":
            return tr("waiting")
        case "skipped":
            return tr("skipped")
        case "ran":
            line = tr("done in {0}").format(duration(state.seconds)) if state.seconds >= 0.001 else tr("done")
            return line + (f" · {size(state.memory)}" if state.memory >= 2**20 else "")
        case "cached":
            return tr("from cache")
        case "stale":
            return tr("changed since")
        case "failed":
            return said(state.error)
    return ""
