"""Nodes of a document that do not run as they stand: bypassed, muted, failed in the last run, or skipped."""

from __future__ import annotations

from collections import Counter

from nodeflow.app.i18n.texts import tr
from nodeflow.app.model.document_session import DocumentSession


def left_out_words(session: DocumentSession) -> list[str]:
    """Return how many nodes are left out, and how: a few words for each way."""
    nodes = session.flattened.flat.workflow.nodes
    modes = Counter(node.mode for node in nodes.values())
    phases = Counter(session.states.of(name).phase for name, node in nodes.items() if node.mode == "run")
    told = (
        (tr("{0} bypassed"), modes["bypass"]),
        (tr("{0} muted"), modes["mute"]),
        (tr("{0} failed"), phases["failed"]),
        (tr("{0} skipped"), phases["skipped"]),
    )
    return [words.format(count) for words, count in told if count]


def nothing_runs(session: DocumentSession) -> bool:
    """Return whether there are nodes, and all of them are bypassed or muted."""
    nodes = session.flattened.flat.workflow.nodes
    return bool(nodes) and all(node.mode != "run" for node in nodes.values())
